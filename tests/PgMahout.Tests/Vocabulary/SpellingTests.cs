using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Vocabulary;

public sealed class SpellingTests
{
    [Theory]
    [InlineData("max_replication_slot", "max_replication_slots")]
    [InlineData("md", "md5")]
    [InlineData("prot", "port")]
    [InlineData("PORT", "port")]
    [InlineData("shared_bufers", "shared_buffers")]
    [InlineData("xyz", null)]
    [InlineData("", null)]
    public void Nearest_word_is_the_one_that_was_meant(string written, string? meant) =>
        Assert.Equal(
            meant,
            Spelling.Nearest(written, ["port", "max_replication_slots", "max_wal_senders", "shared_buffers", "md5"]));
}
