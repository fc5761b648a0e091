using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Cluster;

public sealed class TimelineHistoryTests
{
    private static readonly TimelineHistory History = TimelineHistory.Initial
        .Extended(new TimelineId(2), new Lsn(0x500))
        .Extended(new TimelineId(5), new Lsn(0x900));

    [Theory]
    [InlineData(1, 0x4FF, true)]
    [InlineData(1, 0x500, true)]
    [InlineData(1, 0x501, false)]
    [InlineData(2, 0x100, true)]
    [InlineData(2, 0x900, true)]
    [InlineData(2, 0x901, false)]
    [InlineData(5, 0x100000, true)]
    [InlineData(3, 0x100, false)]
    [InlineData(6, 0x100, false)]
    public void Contains_what_ends_on_it_before_it_moved_on(uint timeline, ulong lsn, bool contained) =>
        Assert.Equal(contained, History.Contains(Example.At(lsn, timeline)));

    [Theory]
    [InlineData(1, 0x4FF, 0x4FF)]
    [InlineData(1, 0x700, 0x500)]
    [InlineData(2, 0x901, 0x900)]
    [InlineData(5, 0xA00, 0xA00)]
    [InlineData(3, 0x100, 0)]
    public void Shares_no_more_than_was_written_before_it_moved_on(uint timeline, ulong lsn, ulong shared) =>
        Assert.Equal(new Lsn(shared), History.SharedWith(Example.At(lsn, timeline)));

    [Theory]
    [InlineData(0x4FF, 1, 0)]
    [InlineData(0x500, 2, 1)]
    [InlineData(0x8FF, 2, 1)]
    [InlineData(0x900, 5, 2)]
    public void Was_on_the_timeline_of_the_record_that_begins_there(ulong lsn, uint timeline, int ancestors)
    {
        var then = History.At(new Lsn(lsn));

        Assert.Equal((timeline, ancestors), (then.Current.Value, then.Ancestors.Length));
    }

    [Fact]
    public void Latest_part_forgets_the_oldest_timelines()
    {
        var latest = History.Latest(1);

        Assert.Same(History, History.Latest(2));
        Assert.Null(latest.LeftAt(new TimelineId(1)));
        Assert.Equal(new Lsn(0x900), latest.LeftAt(new TimelineId(2)));
        Assert.Equal(new TimelineId(5), latest.Current);
    }

    [Fact]
    public void Every_timeline_but_the_present_was_left_somewhere()
    {
        Assert.Equal(new Lsn(0x500), History.LeftAt(new TimelineId(1)));
        Assert.Equal(new Lsn(0x900), History.LeftAt(new TimelineId(2)));
        Assert.Null(History.LeftAt(new TimelineId(5)));
        Assert.Null(History.LeftAt(new TimelineId(3)));
    }

    [Fact]
    public void Extending_leaves_the_original_as_it_was()
    {
        var extended = History.Extended(new TimelineId(6), new Lsn(0xA00));

        Assert.Equal(new TimelineId(6), extended.Current);
        Assert.Equal(new TimelineId(5), History.Current);
        Assert.True(History.Contains(Example.At(0xB00, 5)));
        Assert.False(extended.Contains(Example.At(0xB00, 5)));
    }

    [Fact]
    public void Equals_by_what_it_says()
    {
        var same = TimelineHistory.Initial.Extended(new TimelineId(2), new Lsn(0x500));

        Assert.Equal(Example.Second, same);
        Assert.Equal(Example.Second.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(same, TimelineHistory.Initial.Extended(new TimelineId(2), new Lsn(0x501)));
        Assert.False(same.Equals(null));
    }
}
