using System.Collections.Immutable;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using Xunit;
using static PgMahout.Tests.Backup.Backups;

namespace PgMahout.Tests.Backup;

public sealed class RestorePlanningTests
{
    private static readonly TimelineId Second = new(2);

    /// <summary>Timeline 1 was left in the middle of segment 20.</summary>
    private static readonly TimelineHistory AfterFailover = TimelineHistory.Initial.Extended(Second, Segment(20.5));

    [Fact]
    public void The_newest_backup_before_the_point_is_taken()
    {
        var plan = Possible([Full("a", 2, 0), Full("b", 8, 1), Full("c", 14, 2)], Whole(0, 20), Segment(10));

        Assert.Equal("b", plan.Backup.Id.Text);
        Assert.Equal(Segment(2).Value, (ulong)plan.Replay.Bytes);
    }

    [Fact]
    public void A_backup_that_was_not_yet_consistent_at_the_point_is_not_taken() =>
        Assert.Equal("a", Possible([Full("a", 2, 0), Full("b", 8, 1)], Whole(0, 20), Segment(8.25)).Backup.Id.Text);

    [Fact]
    public void An_incremental_backup_comes_with_all_that_it_builds_on()
    {
        ImmutableArray<BackupHead> backups =
            [Full("a", 2, 0), Incremental("b", "a", 4, 1), Incremental("c", "b", 6, 2)];

        var plan = Possible(backups, Whole(0, 20), Segment(10));

        Assert.Equal(["a", "b", "c"], plan.Chain.Select(backup => backup.Id.Text));
    }

    [Fact]
    public void An_incremental_backup_without_its_parent_is_as_good_as_none() =>
        Assert.IsType<RestoreAnswer.NoBackup>(Ask([Incremental("b", "a", 4, 1)], Whole(0, 20), Segment(10)));

    [Fact]
    public void Behind_a_gap_only_a_later_backup_helps()
    {
        var archive = Archive((1, 0, 10), (1, 12, 20));
        ImmutableArray<BackupHead> early = [Full("a", 2, 0)];

        var outside = Assert.IsType<RestoreAnswer.Outside>(Ask(early, archive, Segment(15)));
        Assert.Equal((Segment(2.5), Segment(10)), Assert.Single(outside.Windows.Select(w => (w.From, w.To))));
        Assert.Equal("b", Possible([.. early, Full("b", 13, 1)], archive, Segment(15)).Backup.Id.Text);
    }

    [Fact]
    public void Windows_on_both_sides_of_a_gap_are_told_apart()
    {
        var archive = Archive((1, 0, 10), (1, 12, 20));

        var windows = RestorePlanning.Windows(
            [Full("a", 2, 0), Full("b", 4, 0), Full("c", 13, 1)], archive, TimelineHistory.Initial);

        Assert.Equal(
            [(Segment(2.5), Segment(10), "a"), (Segment(13.5), Segment(20), "c")],
            windows.Select(window => (window.From, window.To, window.First.Id.Text)));
    }

    [Fact]
    public void Replay_crosses_a_failover_along_the_history()
    {
        var archive = Archive((1, 0, 20.5), (2, 20, 30));

        Assert.Equal(Segment(30), archive.ReachedFrom(Segment(2), AfterFailover));
        Assert.Equal("a", Possible([Full("a", 2, 0)], archive, Segment(25), AfterFailover).Backup.Id.Text);
    }

    [Fact]
    public void What_the_old_primary_wrote_behind_the_fork_is_not_on_the_new_line()
    {
        var archive = Archive((1, 0, 25), (2, 22, 30));

        Assert.Equal(Segment(20.5), archive.ReachedFrom(Segment(2), AfterFailover));
        Assert.Equal(Segment(25), archive.ReachedFrom(Segment(2), TimelineHistory.Initial));
    }

    [Fact]
    public void The_new_timelines_copy_of_the_segment_of_the_switch_is_enough()
    {
        var archive = Archive((1, 0, 20), (2, 20, 30));

        Assert.Equal(Segment(30), archive.ReachedFrom(Segment(2), AfterFailover));
    }

    [Fact]
    public void The_files_of_a_line_are_the_youngest_timelines_from_the_segment_of_the_switch_on()
    {
        var archive = Archive((1, 0, 25), (2, 20, 30));

        Assert.Equal(
            ["000000010000000000000012", "000000010000000000000013", "000000020000000000000014"],
            archive.Files(Segment(18.5), Segment(20.9), AfterFailover).Select(file => file.Name));
        Assert.Equal(
            ["000000010000000000000014", "000000010000000000000015"],
            archive.Files(Segment(20), Segment(22), TimelineHistory.Initial).Select(file => file.Name));
    }

    [Fact]
    public void Where_only_the_old_timeline_has_the_segment_of_the_switch_its_file_is_taken() =>
        Assert.Equal(
            ["000000010000000000000014"],
            Archive((1, 0, 20.5)).Files(Segment(20), Segment(20.5), AfterFailover).Select(file => file.Name));

    [Fact]
    public void A_backup_of_a_branch_that_was_left_is_not_used_on_the_line()
    {
        var archive = Archive((1, 0, 25), (2, 20, 30));
        ImmutableArray<BackupHead> backups = [Full("a", 2, 0), Full("late", 22, 1)];

        Assert.Equal("a", Possible(backups, archive, Segment(28), AfterFailover).Backup.Id.Text);
        Assert.Equal("late", Possible(backups, archive, Segment(24), TimelineHistory.Initial).Backup.Id.Text);
    }

    [Fact]
    public void The_latest_point_is_wherever_the_archive_ends()
    {
        var target = new ResolvedTarget(null, false, null);

        var answer = RestorePlanning.For([Full("a", 2, 0)], Archive((1, 0, 20.25)), TimelineHistory.Initial, target);

        Assert.Equal(Segment(20.25), Assert.IsType<RestoreAnswer.Possible>(answer).Plan.Reach);
    }

    [Fact]
    public void A_point_that_the_archive_has_not_reached_is_refused() =>
        Assert.IsType<RestoreAnswer.Outside>(Ask([Full("a", 2, 0)], Whole(0, 20), Segment(21)));

    [Fact]
    public void Damage_is_told_by_who_wants_what_follows_and_by_nobody_else()
    {
        ImmutableArray<BackupHead> backups = [Full("a", 2, 0)];
        var archive = Whole(0, 20.25) with { Damaged = [new(new(TimelineId.First, Segment(20.25)), "part")] };
        var all = new ResolvedTarget(null, false, null);

        DamagedWal? Needed(ResolvedTarget target, ArchiveMap map, TimelineHistory line) =>
            Assert.IsType<RestoreAnswer.Possible>(RestorePlanning.For(backups, map, line, target)).Plan.Needed;

        Assert.Equal("part", Needed(all, archive, TimelineHistory.Initial)?.Object);
        Assert.Null(Needed(all with { Stop = Segment(20.125) }, archive, TimelineHistory.Initial));
        Assert.Null(Needed(all, Archive((1, 0, 20.25), (2, 20, 30)) with { Damaged = archive.Damaged }, AfterFailover));
        // The damage is in front of the end of the old timeline, and the new one's copy is not there.
        Assert.Equal("part", Needed(all, archive, AfterFailover)?.Object);
        // Behind it: whoever goes on as the new timeline misses nothing of it.
        var later = Whole(0, 20.75) with { Damaged = [new(new(TimelineId.First, Segment(20.75)), "part")] };
        Assert.Null(Needed(all, later, AfterFailover));
    }

    [Fact]
    public void The_first_WAL_of_a_timeline_that_is_damaged_is_told_instead_of_the_timeline_before_it()
    {
        var archive = Archive((1, 0, 25)) with { Damaged = [new(new(Second, Segment(20)), "first")] };

        Assert.Equal(AfterFailover, archive.Newest);
        Assert.Equal(Segment(20.5), archive.EndOf(AfterFailover));
        Assert.Equal("first", archive.DamagedAt(archive.ReachedFrom(Segment(2), AfterFailover), AfterFailover)?.Object);
    }

    [Fact]
    public void The_operators_choice_of_a_backup_is_obeyed_or_refused()
    {
        ImmutableArray<BackupHead> backups = [Full("a", 2, 0), Full("b", 8, 1)];
        var target = new ResolvedTarget(Segment(10), false, null);

        RestoreAnswer With(string id) => RestorePlanning.For(
            backups, Whole(0, 20), TimelineHistory.Initial, target, new BackupId(id));

        Assert.Equal("a", Assert.IsType<RestoreAnswer.Possible>(With("a")).Plan.Backup.Id.Text);
        Assert.IsType<RestoreAnswer.Outside>(With("z"));
    }

    private static RestorePlan Possible(
        ImmutableArray<BackupHead> backups, ArchiveMap archive, Lsn stop, TimelineHistory? line = null) =>
        Assert.IsType<RestoreAnswer.Possible>(Ask(backups, archive, stop, line)).Plan;

    private static RestoreAnswer Ask(
        ImmutableArray<BackupHead> backups, ArchiveMap archive, Lsn stop, TimelineHistory? line = null) =>
        RestorePlanning.For(
            backups, archive, line ?? TimelineHistory.Initial, new ResolvedTarget(stop, false, null));

    private static ArchiveMap Whole(double from, double to) => Archive((1, from, to));

    private static ArchiveMap Archive(params (uint Timeline, double From, double To)[] stretches) => new(
        [AfterFailover],
        [.. stretches.Select(s => new WalStretch(new TimelineId(s.Timeline), Segment(s.From), Segment(s.To)))],
        SegmentSize);
}
