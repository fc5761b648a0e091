using System.Collections.Immutable;
using System.Globalization;

namespace PgMahout.Core.Backup;

/// <summary>
/// Decides what a repository need not keep. Backups are put in order by where their replay begins, never by a name or
/// a clock; the clock of this moment counts only where it is not ahead of what was archived.
/// </summary>
public static class RetentionPlanning
{
    /// <param name="backups">All of one system identifier, and only such that restore.</param>
    /// <param name="newest">
    /// When the newest thing in the repository was made. The window ends there when that is before
    /// <paramref name="now"/>: a cluster that has stood still, or a clock that has run ahead, empties no repository.
    /// </param>
    public static RetentionPlan For(
        ImmutableArray<BackupHead> backups, RetentionPolicy policy, DateTimeOffset newest, DateTimeOffset now)
    {
        if (backups.IsEmpty)
            return new RetentionPlan(null, [], [], []);
        var ordered = backups
            .OrderBy(backup => backup.Start)
            .ThenBy(backup => backup.Id.Text, StringComparer.Ordinal)
            .ToImmutableArray();
        var anchor = newest < now ? newest : now;
        var keep = new Dictionary<BackupId, Keeping>();
        var first = KeepWindow(ordered, anchor - policy.Window, keep);
        foreach (var period in policy.Periods)
            KeepPeriods(ordered, period, keep);
        if (keep.Count == 0)
            keep[ordered[^1].Id] = new Keeping.AsLast();
        KeepParents(ordered, keep);

        var kept = ordered.Where(backup => keep.ContainsKey(backup.Id)).ToImmutableArray();
        return new RetentionPlan(
            first.StoppedAt > anchor - policy.Window ? first.StoppedAt : anchor - policy.Window,
            [.. kept.Select(backup => (backup, keep[backup.Id]))],
            [.. ordered.Where(backup => !keep.ContainsKey(backup.Id)).Reverse()],
            Wal(kept, first));
    }

    /// <summary>The newest backup that was consistent when the window begins, and all after it.</summary>
    private static BackupHead KeepWindow(
        ImmutableArray<BackupHead> ordered, DateTimeOffset from, Dictionary<BackupId, Keeping> keep)
    {
        var first = ordered.LastOrDefault(backup => backup.StoppedAt <= from) ?? ordered[0];
        foreach (var backup in ordered.Where(backup => backup.Start >= first.Start))
            keep[backup.Id] = ordered.Length == 1
                ? new Keeping.AsLast()
                : new Keeping.ForWindow();
        return first;
    }

    /// <summary>
    /// The first of each period, not the last: the choice never changes while the period goes on, so what was kept for
    /// it yesterday is kept for it for ever.
    /// </summary>
    private static void KeepPeriods(
        ImmutableArray<BackupHead> ordered, KeptPeriod period, Dictionary<BackupId, Keeping> keep)
    {
        var firsts = ordered
            .GroupBy(backup => Begin(backup.StoppedAt, period.Period))
            .OrderByDescending(group => group.Key)
            .Take(period.Count)
            .Select(group => group.First());
        foreach (var backup in firsts)
            keep.TryAdd(backup.Id, new Keeping.ForPeriod(period.Period));
    }

    private static void KeepParents(ImmutableArray<BackupHead> ordered, Dictionary<BackupId, Keeping> keep)
    {
        foreach (var backup in ordered.Reverse())
            if (keep.ContainsKey(backup.Id) && backup.Parent is { } parent)
                keep.TryAdd(parent, new Keeping.AsParent(backup.Id));
    }

    /// <summary>Everything since the window's first backup, and what makes each older one consistent.</summary>
    private static ImmutableArray<KeptWal> Wal(ImmutableArray<BackupHead> kept, BackupHead first) =>
    [
        .. kept.Where(backup => backup.Start < first.Start).Select(backup => new KeptWal(backup.Start, backup.Stop)),
        new KeptWal(first.Start, null),
    ];

    private static DateTime Begin(DateTimeOffset at, Period period)
    {
        var day = at.UtcDateTime.Date;
        return period switch
        {
            Period.Day => day,
            Period.Week => ISOWeek.ToDateTime(ISOWeek.GetYear(day), ISOWeek.GetWeekOfYear(day), DayOfWeek.Monday),
            Period.Month => new DateTime(day.Year, day.Month, 1, 0, 0, 0, DateTimeKind.Utc),
            Period.Year => new DateTime(day.Year, 1, 1, 0, 0, 0, DateTimeKind.Utc),
        };
    }
}
