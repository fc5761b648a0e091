using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Vocabulary;

public sealed class WalPositionTests
{
    private static readonly WalPosition OldAndFar = new(new TimelineId(1), Lsn.Parse("9/0"));
    private static readonly WalPosition New = new(new TimelineId(2), Lsn.Parse("1/0"));

    [Fact]
    public void Later_timeline_outranks_more_WAL_on_an_earlier_one()
    {
        Assert.True(New > OldAndFar && OldAndFar < New && New >= OldAndFar && OldAndFar <= New);
        Assert.False(New < OldAndFar);
    }

    [Fact]
    public void Within_one_timeline_the_address_decides() =>
        Assert.True(New < New with { Lsn = Lsn.Parse("1/1") });

    [Fact]
    public void Is_written_as_timeline_and_address() => Assert.Equal("2:1/0", New.ToString());
}
