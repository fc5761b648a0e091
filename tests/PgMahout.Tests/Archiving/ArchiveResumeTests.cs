using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Protocol;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Archiving;

public sealed class ArchiveResumeTests
{
    private const uint Size = 16 << 20;
    private const ulong System = 7;
    private static readonly TimelineId One = TimelineId.First;
    private static readonly TimelineId Two = new(2);
    private static readonly TimelineId Three = new(3);
    private static readonly TimelineId Four = new(4);

    // 1 was left in the middle of segment 5, 2 at the end of segment 7.
    private static readonly TimelineHistory OnTwo = TimelineHistory.Initial.Extended(Two, At(5, 100));
    private static readonly TimelineHistory OnThree = OnTwo.Extended(Three, At(8, 0));

    [Fact]
    public void An_empty_archive_begins_with_the_segment_that_is_written() =>
        Assert.Equal(Stream(Two, 9, 0, At(9, 0)), Decide(ArchivedWal.Nothing, OnTwo, At(9, 500)));

    [Fact]
    public void The_same_timeline_goes_on_where_it_ends_from_the_beginning_of_the_segment() =>
        Assert.Equal(Stream(Two, 6, 0, At(6, 50)), Decide(Having((Two, OnTwo, At(6, 50))), OnTwo, At(9, 0)));

    [Fact]
    public void A_timeline_that_was_left_is_finished_first() =>
        Assert.Equal(Stream(One, 4, 0, At(4, 9)), Decide(Having((One, null, At(4, 9))), OnThree, At(9, 0)));

    [Fact]
    public void One_that_is_finished_is_followed_by_the_next_with_the_whole_segment() =>
        Assert.Equal(Stream(Two, 5, 0, At(5, 0)), Decide(Having((One, null, At(5, 100))), OnThree, At(9, 0)));

    [Fact]
    public void What_the_archive_has_beyond_a_switch_came_to_nothing() =>
        Assert.Equal(Stream(Two, 5, 0, At(5, 0)), Decide(Having((One, null, At(30, 1))), OnThree, At(9, 0)));

    [Fact]
    public void A_switch_at_the_end_of_a_segment_needs_no_copy_of_it() =>
        Assert.Equal(
            Stream(Three, 8, 0, At(8, 0)),
            Decide(Having((One, null, At(5, 100)), (Two, OnTwo, At(8, 0))), OnThree, At(9, 0)));

    [Fact]
    public void A_cluster_restored_to_an_earlier_point_goes_on_there()
    {
        var restored = TimelineHistory.Initial.Extended(Four, At(3, 7));
        var archived = Having((One, null, At(5, 100)), (Two, OnTwo, At(8, 0)), (Three, OnThree, At(9, 9)));

        Assert.Equal(Stream(Four, 3, 0, At(3, 0)), Decide(archived, restored, At(4, 0)));
    }

    [Fact]
    public void A_history_without_WAL_does_not_count_as_an_end() =>
        Assert.Equal(
            Stream(One, 4, 0, At(4, 9)),
            Decide(Having((One, null, At(4, 9)), (Two, OnTwo, null)), OnTwo, At(9, 0)));

    [Fact]
    public void A_gap_is_crossed_and_so_is_the_next()
    {
        var archived = Having((One, null, At(4, 9)))
            .Missing(new WalGap(new(Two, At(7, 0)), new(Three, At(12, 0))))
            .Missing(new WalGap(new(One, At(4, 9)), new(Two, At(7, 0))));

        Assert.Equal(Stream(Three, 12, 0, At(12, 0)), Decide(archived, OnThree, At(20, 0)));
    }

    [Fact]
    public void A_gap_that_was_left_behind_means_nothing()
    {
        var archived = Having((One, null, At(9, 0))).Missing(new WalGap(new(One, At(4, 9)), new(One, At(7, 0))));

        Assert.Equal(Stream(One, 9, 0, At(9, 0)), Decide(archived, TimelineHistory.Initial, At(20, 0)));
    }

    [Fact]
    public void Who_is_not_the_primary_of_this_history_is_refused()
    {
        var archived = Having((One, null, At(5, 100)), (Two, OnTwo, At(6, 0)));

        Assert.Equal(
            new ResumeAnswer.OtherSystem(System, 8),
            ArchiveResume.Decide(System, archived, Source(OnTwo, At(9, 0)) with { SystemIdentifier = 8 }));
        Assert.Equal(
            new ResumeAnswer.NotPrimary(),
            ArchiveResume.Decide(System, archived, Source(OnTwo, At(9, 0)) with { IsStandby = true }));
        Assert.Equal(new ResumeAnswer.Stale(Two, One), Decide(archived, TimelineHistory.Initial, At(50, 0)));
        Assert.Equal(new ResumeAnswer.Behind(At(6, 0), At(5, 200)), Decide(archived, OnTwo, At(5, 200)));
    }

    [Fact]
    public void A_timeline_of_the_same_number_that_began_elsewhere_is_another()
    {
        var archived = Having((One, null, At(5, 100)), (Two, OnTwo, At(6, 0)));
        var rival = TimelineHistory.Initial.Extended(Two, At(4, 0));

        Assert.Equal(new ResumeAnswer.OtherHistory(Two), Decide(archived, rival, At(9, 0)));
        Assert.Equal(new ResumeAnswer.OtherHistory(Two), Decide(archived, rival.Extended(Three, At(8, 0)), At(9, 0)));
        // A branch that the server never was on is no contradiction.
        Assert.IsType<ResumeAnswer.Stream>(
            Decide(archived, TimelineHistory.Initial.Extended(Three, At(4, 0)), At(9, 0)));
    }

    [Fact]
    public void What_is_gone_is_missing_up_to_what_there_is_again()
    {
        var source = Source(OnTwo, At(20, 77));
        var lost = new WalPosition(One, At(4, 9));

        Assert.Equal(new WalGap(lost, new(Two, At(20, 0))), ArchiveResume.Gap(lost, null, source));
        Assert.Equal(new WalGap(lost, new(One, At(6, 0))), ArchiveResume.Gap(lost, At(6, 0), source));
    }

    [Theory]
    [InlineData(new ulong[] { 5 }, 6)]
    [InlineData(new ulong[] { 3, 4, 5 }, 6)]
    [InlineData(new ulong[] { 3, 5 }, 4)]
    [InlineData(new ulong[] { 3, 5, 6, 8 }, 4)]
    [InlineData(new ulong[] { 1, 3, 4, 5, 6, 7, 8 }, 9)]
    [InlineData(new ulong[] { 3, 90, 91 }, 92)]
    [InlineData(new ulong[] { 3, 7, 8 }, 4)]
    public void Only_a_narrow_hole_near_the_end_is_one_that_a_dead_archiver_left(ulong[] whole, ulong missing) =>
        Assert.Equal(missing, ArchivedWal.FirstMissing([.. whole], 4, _ => false));

    [Fact]
    public void A_hole_that_is_known_is_passed_over() =>
        Assert.Equal(9ul, ArchivedWal.FirstMissing([3, 5, 8], 4, number => number is 4 or 6 or 7));

    [Theory]
    [InlineData(null, StreamRefusal.Other)]
    [InlineData("57P01", StreamRefusal.Other)]
    [InlineData("55006", StreamRefusal.SlotBusy)]
    [InlineData("42704", StreamRefusal.SlotMissing)]
    [InlineData("55000", StreamRefusal.SlotLost)]
    [InlineData("58P01", StreamRefusal.WalGone)]
    public void A_refusal_is_told_by_its_code(string? state, StreamRefusal refusal) =>
        Assert.Equal(
            refusal, StreamRefusals.Of(state is null ? null : new ServerError("ERROR", state, "", null, null)));

    private static Lsn At(ulong segment, ulong offset) => new(segment * Size + offset);

    private static ResumeAnswer Stream(TimelineId timeline, ulong segment, ulong offset, Lsn durable) =>
        new ResumeAnswer.Stream(new WalPosition(timeline, At(segment, offset)), durable);

    private static ArchivedWal Having(params (TimelineId Timeline, TimelineHistory? History, Lsn? End)[] timelines) =>
        new([.. timelines.Select(one => new ArchivedTimeline(one.Timeline, one.History, one.End))], []);

    private static ArchiveSource Source(TimelineHistory history, Lsn flushed) =>
        new(System, history, flushed, Size, false);

    private static ResumeAnswer Decide(ArchivedWal archived, TimelineHistory history, Lsn flushed) =>
        ArchiveResume.Decide(System, archived, Source(history, flushed));
}
