using System.Text.Json;
using PgMahout.Errors;
using Xunit;

namespace PgMahout.Tests.CommandLine;

public sealed class FailureTextTests
{
    private static readonly Failure PortTaken =
        new Failure(ErrorCatalogue.PortTaken, "port 5433, which m2 needs, is taken")
            .Because("postgres (pid 812) listens on it")
            .Try("pgmahout up --port 6432", "pgmahout status");

    [Fact]
    public void A_person_reads_what_why_what_was_left_and_what_to_do() => Assert.Equal(
        """
        error[UP-003]: port 5433, which m2 needs, is taken
          because    postgres (pid 812) listens on it
          nothing was changed
          try        pgmahout up --port 6432
                     pgmahout status
          more       pgmahout explain UP-003

        """,
        FailureText.Human(PortTaken));

    [Fact]
    public void Evidence_of_several_lines_stays_in_its_column() => Assert.Contains(
        "  because    one\n             two\n",
        FailureText.Human(new Failure(ErrorCatalogue.Internal, "x").Because("one\ntwo\n")));

    [Fact]
    public void A_program_reads_the_same_code_and_exit_code()
    {
        var error = JsonDocument.Parse(FailureText.Json(PortTaken)).RootElement.GetProperty("error");

        Assert.Equal("UP-003", error.GetProperty("code").GetString());
        Assert.Equal(3, error.GetProperty("exitCode").GetInt32());
        Assert.Equal("nothing was changed", error.GetProperty("left").GetString());
        Assert.Equal(2, error.GetProperty("next").GetArrayLength());
    }
}
