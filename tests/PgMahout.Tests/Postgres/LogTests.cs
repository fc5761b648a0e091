using PgMahout.Postgres.Processes;
using Xunit;

namespace PgMahout.Tests.Postgres;

public sealed class LogTests
{
    [Fact]
    public void Every_line_of_an_entry_has_its_severity_and_none_has_two() =>
        Assert.Equal("<3>it broke\n<3>  at one place\n<6>said before", Log.Prefixed(
            Severity.Error, "it broke\n  at one place\n<6>said before"));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0:0")]
    [InlineData("12")]
    [InlineData("a:b")]
    [InlineData("-1:5")]
    public void A_stream_that_is_not_the_standard_error_is_not_the_journal(string? stream) =>
        Assert.False(Log.IsJournal(stream));

    [Fact]
    public void The_journal_is_known_by_the_identity_of_the_standard_error()
    {
        var (device, inode) = LibC.IdentityOf(2)!.Value;

        Assert.True(Log.IsJournal($"{device}:{inode}"));
        Assert.False(Log.IsJournal($"{device}:{inode + 1}"));
    }
}
