using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Files;
using Xunit;

namespace PgMahout.Tests.Postgres;

public sealed class SynchronousNamesTests
{
    [Theory]
    [InlineData(1, "b", "ANY 1 (\"b\")")]
    [InlineData(2, "c b any", "ANY 2 (\"any\", \"b\", \"c\")")]
    public void Quorum_is_written_with_quoted_names_and_read_back(int quorum, string voters, string expected)
    {
        var set = SynchronousSet.Of(quorum, voters.Split(' ').Select(name => new MemberName(name)));

        var text = SynchronousNames.Render(set);

        Assert.Equal(expected, text);
        Assert.Equal(set, SynchronousNames.Parse(text));
    }

    [Fact]
    public void Nobody_is_the_empty_setting()
    {
        Assert.Equal("", SynchronousNames.Render(SynchronousSet.Nobody));
        Assert.Equal(SynchronousSet.Nobody, SynchronousNames.Parse(""));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("FIRST 1 (b, c)")]
    [InlineData("ANY 1 (*)")]
    public void Setting_that_is_not_ours_is_not_guessed_at(string value)
    {
        Assert.Null(SynchronousNames.Parse(value));
    }
}
