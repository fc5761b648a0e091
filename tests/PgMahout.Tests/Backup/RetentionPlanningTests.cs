using System.Collections.Immutable;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using Xunit;
using static PgMahout.Tests.Backup.Backups;

namespace PgMahout.Tests.Backup;

public sealed class RetentionPlanningTests
{
    private static readonly RetentionPolicy TwoWeeks = new(TimeSpan.FromDays(14), []);

    [Fact]
    public void The_last_backup_before_the_window_and_all_after_it_stay()
    {
        var plan = Plan(TwoWeeks, 30, Weekly(5));

        Assert.Equal(["b14", "b21", "b28"], Kept(plan));
        Assert.Equal(["b7", "b0"], plan.Delete.Select(backup => backup.Id.Text));
        Assert.Equal(FirstDay.AddDays(16), plan.WindowFrom);
    }

    [Fact]
    public void Wal_goes_from_where_the_oldest_kept_backup_begins()
    {
        var plan = Plan(TwoWeeks, 30, Weekly(5));

        Assert.True(plan.Needs(SegmentAt(14)));
        Assert.True(plan.Needs(SegmentAt(1000)));
        Assert.False(plan.Needs(SegmentAt(13)));
    }

    [Fact]
    public void Snapshots_of_the_catalogs_stay_as_long_as_wal_that_they_name_things_in()
    {
        var plan = Plan(TwoWeeks, 30, Weekly(5));
        WalPosition[] snapshots =
            [At(1), At(12.5), At(13), At(13.9), At(15), At(40)];

        // The kept WAL begins at 14: what happened right behind that is named by the last snapshot before.
        Assert.Equal([At(1), At(12.5), At(13)], plan.SuperfluousSnapshots([.. snapshots]));
        Assert.Empty(plan.SuperfluousSnapshots([At(3)]));
        Assert.Empty(new RetentionPlan(null, [], [], []).SuperfluousSnapshots([.. snapshots]));
    }

    [Fact]
    public void A_snapshot_behind_wal_that_only_makes_an_old_backup_consistent_stays_too()
    {
        var policy = TwoWeeks with { Periods = [new KeptPeriod(Period.Month, 12)] };
        var plan = Plan(policy, 60, Weekly(9));

        var gone = plan.SuperfluousSnapshots([At(0.1), At(0.2), At(1), At(2), At(3), At(44), At(50)]);

        // The last one before day 35, which begins a month, names what is in that backup's WAL.
        Assert.Equal([At(2)], gone);
    }

    private static WalPosition At(double segment) => new(TimelineId.First, Segment(segment));

    [Fact]
    public void A_parent_stays_as_long_as_a_child_does()
    {
        var plan = Plan(
            TwoWeeks, 30, Full("full", 0, 0), Incremental("one", "full", 9, 9), Incremental("two", "one", 20, 20));

        Assert.Equal(["full", "one", "two"], Kept(plan));
        Assert.IsType<Keeping.AsParent>(plan.Keep[0].Why);
    }

    [Fact]
    public void The_first_of_each_month_stays_with_just_the_wal_that_makes_it_consistent()
    {
        var policy = TwoWeeks with { Periods = [new KeptPeriod(Period.Month, 12)] };

        var plan = Plan(policy, 100, Weekly(15));

        Assert.Equal(["b0", "b35", "b63", "b84", "b91", "b98"], Kept(plan));
        Assert.IsType<Keeping.ForPeriod>(plan.Keep[1].Why);
        Assert.True(plan.Needs(SegmentAt(35)));
        Assert.False(plan.Needs(SegmentAt(36)));
        Assert.False(plan.Needs(SegmentAt(40)));
    }

    [Fact]
    public void Only_so_many_periods_are_kept_as_were_asked_for()
    {
        var policy = TwoWeeks with { Periods = [new KeptPeriod(Period.Month, 2)] };

        Assert.Equal(["b63", "b84", "b91", "b98"], Kept(Plan(policy, 100, Weekly(15))));
    }

    [Fact]
    public void The_last_backup_is_never_deleted()
    {
        var plan = Plan(TwoWeeks, 1000, Full("only", 0, 0));

        Assert.Equal(["only"], Kept(plan));
        Assert.IsType<Keeping.AsLast>(plan.Keep[0].Why);
        Assert.Empty(plan.Delete);
    }

    [Fact]
    public void A_cluster_that_has_stood_still_keeps_its_window()
    {
        var plan = RetentionPlanning.For(Weekly(5), TwoWeeks, newest: FirstDay.AddDays(30), now: FirstDay.AddDays(500));

        Assert.Equal(["b14", "b21", "b28"], Kept(plan));
    }

    [Fact]
    public void A_clock_that_was_set_back_deletes_nothing_that_a_right_one_would_keep()
    {
        var plan = RetentionPlanning.For(Weekly(5), TwoWeeks, newest: FirstDay.AddDays(30), now: FirstDay.AddDays(3));

        Assert.Empty(plan.Delete);
    }

    [Fact]
    public void Backups_are_ordered_by_their_wal_and_not_by_the_clock_that_named_them()
    {
        // The second one was made while the clock ran a year behind.
        var plan = Plan(TwoWeeks, 30, Full("a", 0, 0), Full("b", 7, -360), Full("c", 14, 14), Full("d", 28, 28));

        Assert.Equal(["c", "d"], Kept(plan));
    }

    [Fact]
    public void Without_a_backup_nothing_is_deleted()
    {
        var plan = Plan(TwoWeeks, 30);

        Assert.Null(plan.WindowFrom);
        Assert.True(plan.Needs(SegmentAt(1)));
    }

    [Fact]
    public void A_window_that_no_backup_reaches_back_to_begins_with_the_first_one() =>
        Assert.Equal(FirstDay, Plan(TwoWeeks, 3, Full("a", 0, 0)).WindowFrom);

    private static ImmutableArray<BackupHead> Weekly(int count) =>
        [.. Enumerable.Range(0, count).Select(week => Full($"b{week * 7}", week * 7, week * 7))];

    private static RetentionPlan Plan(RetentionPolicy policy, int day, params ImmutableArray<BackupHead> backups) =>
        RetentionPlanning.For(backups, policy, FirstDay.AddDays(day), FirstDay.AddDays(day));

    private static IEnumerable<string> Kept(RetentionPlan plan) => plan.Keep.Select(kept => kept.Backup.Id.Text);

    private static WalSegment SegmentAt(ulong number) => new(TimelineId.First, number, SegmentSize);
}
