using System.Collections.Immutable;

namespace PgMahout.Core.Backup;

/// <summary>Why a backup is made now.</summary>
public abstract record BackupDue
{
    private BackupDue() { }

    /// <summary>There is none from which the present WAL could be replayed.</summary>
    public sealed record First : BackupDue;

    /// <summary>WAL is missing: nothing behind the gap is restorable until there is a new one.</summary>
    public sealed record AfterGap : BackupDue;

    public sealed record Scheduled(BackupKind What) : BackupDue;

    /// <summary>Somebody wants one now: the changes since the last one, if there is one.</summary>
    /// <param name="Whole">There is nothing that it could build on.</param>
    public sealed record Asked(bool Whole) : BackupDue;

    public BackupKind Kind => this switch
    {
        First or AfterGap => BackupKind.Full,
        Scheduled scheduled => scheduled.What,
        Asked asked => asked.Whole ? BackupKind.Full : BackupKind.Incremental,
        _ => throw new InvalidOperationException($"unknown reason {this}"),
    };
}

/// <summary>Decides whether a backup is to be made.</summary>
public static class SchedulePolicy
{
    /// <param name="restorable">Finished backups from which the archive reaches the present, in any order.</param>
    /// <param name="any">Whether there is a backup at all: then a missing one is behind a gap.</param>
    public static BackupDue? Due(
        BackupSchedule schedule, ImmutableArray<BackupHead> restorable, bool any, DateTimeOffset now)
    {
        if (schedule is { FullEvery: null, IncrementalEvery: null })
            return null;
        if (restorable.IsEmpty)
            return any ? new BackupDue.AfterGap() : new BackupDue.First();
        var newest = restorable.MaxBy(backup => backup.Start)!;
        var full = restorable.Where(backup => backup.Kind == BackupKind.Full).MaxBy(backup => backup.Start);
        if (schedule.FullEvery is { } fullEvery
            && (full is null || Passed(full.StartedAt, fullEvery, schedule.At, now)))
            return new BackupDue.Scheduled(BackupKind.Full);
        if (schedule.IncrementalEvery is { } every && Passed(newest.StartedAt, every, schedule.At, now))
            return new BackupDue.Scheduled(full is null ? BackupKind.Full : BackupKind.Incremental);
        return null;
    }

    /// <summary>
    /// With a time of day, the one is meant that follows when almost the whole interval has passed: a backup that
    /// began a little late must not put off the next one by a day. A last one in the future is a clock that was set
    /// back: an interval from now on is waited, at most.
    /// </summary>
    private static bool Passed(DateTimeOffset last, TimeSpan every, TimeSpan? at, DateTimeOffset now)
    {
        if (last > now + every)
            return true;
        if (at is not { } timeOfDay)
            return now - last >= every;
        var slack = every < TimeSpan.FromHours(12) ? every / 2 : TimeSpan.FromHours(6);
        var earliest = last + every - slack;
        var day = new DateTimeOffset(earliest.UtcDateTime.Date, TimeSpan.Zero) + timeOfDay;
        return now >= (day >= earliest ? day : day.AddDays(1));
    }
}
