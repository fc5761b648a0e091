using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Rejoin;
using PgMahout.Postgres.Wal;
using Xunit;

namespace PgMahout.Tests.Postgres;

public sealed class TimelineForkTests
{
    private static readonly TimelineHistory Second = TimelineHistory.Initial.Extended(new TimelineId(2), new Lsn(100));

    [Fact]
    public void Old_primary_parts_where_its_timeline_was_left()
    {
        Assert.Equal(At(1, 100), TimelineFork.Between(TimelineHistory.Initial, new Lsn(150), Second));
    }

    [Fact]
    public void Server_that_stopped_before_the_switch_has_everything_in_common()
    {
        Assert.Equal(At(1, 80), TimelineFork.Between(TimelineHistory.Initial, new Lsn(80), Second));
    }

    [Fact]
    public void Later_timelines_are_common_as_far_as_both_went_the_same_way()
    {
        var source = Second.Extended(new TimelineId(4), new Lsn(200));
        var own = Second.Extended(new TimelineId(3), new Lsn(220));

        Assert.Equal(At(2, 200), TimelineFork.Between(own, new Lsn(300), source));
    }

    [Fact]
    public void Same_number_that_began_elsewhere_is_another_timeline()
    {
        var own = TimelineHistory.Initial.Extended(new TimelineId(2), new Lsn(90));

        Assert.Equal(At(1, 90), TimelineFork.Between(own, new Lsn(300), Second));
    }

    [Fact]
    public void History_file_lists_the_ancestors_in_order()
    {
        const string Text = "1\t0/64\tno recovery target specified\n\n2\t1/0\tbefore 2026\n";

        var history = HistoryFile.Parse(Text, new TimelineId(3));

        Assert.Equal(Second.Extended(new TimelineId(3), new Lsn(1UL << 32)), history);
        Assert.Null(HistoryFile.Parse("rubbish", new TimelineId(3)));
    }

    private static WalPosition At(uint timeline, ulong lsn) => new(new TimelineId(timeline), new Lsn(lsn));
}
