using System.Collections.Immutable;
using PgMahout.Core.Backup;
using Xunit;
using static PgMahout.Tests.Backup.Backups;

namespace PgMahout.Tests.Backup;

public sealed class SchedulePolicyTests
{
    private static readonly BackupSchedule Weekly = BackupSchedule.Default;

    [Fact]
    public void The_first_one_is_made_at_once() => Assert.IsType<BackupDue.First>(Due(Weekly, 0, any: false));

    [Fact]
    public void Behind_a_gap_a_new_full_one_is_made()
    {
        var due = Assert.IsType<BackupDue.AfterGap>(Due(Weekly, 0, any: true));

        Assert.Equal(BackupKind.Full, due.Kind);
    }

    [Fact]
    public void Changes_are_saved_each_day_and_everything_each_week()
    {
        Assert.Null(Due(Weekly, 0.9, true, Full("a", 0, 0)));
        Assert.Equal(BackupKind.Incremental, Due(Weekly, 1, true, Full("a", 0, 0))?.Kind);
        Assert.Null(Due(Weekly, 1.5, true, Full("a", 0, 0), Incremental("b", "a", 1, 1)));
        Assert.Equal(BackupKind.Full, Due(Weekly, 7, true, Full("a", 0, 0), Incremental("b", "a", 6, 6.5))?.Kind);
    }

    [Fact]
    public void Without_intervals_nothing_is_made() =>
        Assert.Null(Due(new BackupSchedule(null, null, null, null), 100, any: false));

    [Fact]
    public void With_a_time_of_day_it_waits_for_that_time()
    {
        var atFour = Weekly with { At = TimeSpan.FromHours(4) };

        // The last one began at two o'clock.
        Assert.Null(Due(atFour, 1, true, Full("a", 0, 0)));
        Assert.NotNull(Due(atFour, 1.09, true, Full("a", 0, 0)));
    }

    [Fact]
    public void A_backup_that_began_late_does_not_put_off_the_next_by_a_day()
    {
        var atTwo = Weekly with { At = TimeSpan.FromHours(2) };

        Assert.NotNull(Due(atTwo, 1, true, Full("a", 0, 0.1)));
    }

    [Fact]
    public void A_last_backup_far_in_the_future_is_a_clock_that_was_set_back() =>
        Assert.NotNull(Due(Weekly, 0, true, Full("a", 0, 300)));

    private static BackupDue? Due(
        BackupSchedule schedule, double day, bool any, params ImmutableArray<BackupHead> restorable) =>
        SchedulePolicy.Due(schedule, restorable, any, FirstDay.AddDays(day));
}
