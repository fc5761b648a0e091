using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Backup;

/// <summary>A stretch of one history to any point of which the archive can go back.</summary>
/// <param name="Line">The history, named by its last timeline.</param>
/// <param name="From">The earliest point: where the first backup became consistent.</param>
/// <param name="To">The latest one.</param>
/// <param name="First">The backup with which it begins.</param>
public sealed record RecoveryWindow(TimelineHistory Line, Lsn From, Lsn To, BackupHead First);

/// <summary>How a point is reached: which backup, and which WAL.</summary>
/// <param name="Chain">The backups to lay over each other: a full one first.</param>
/// <param name="Line">The history to follow; recovery is told its last timeline.</param>
/// <param name="Reach">Up to where WAL is in the archive without a hole.</param>
public sealed record RestorePlan(
    ImmutableArray<BackupHead> Chain, TimelineHistory Line, ResolvedTarget Target, Lsn Reach)
{
    public BackupHead Backup => Chain[^1];

    /// <summary>It may have what follows <see cref="Reach"/>; null: nothing there is damaged.</summary>
    public DamagedWal? Damaged { get; init; }

    /// <summary>What must be read and cannot: whoever wants all that there is does not want less unsaid.</summary>
    public DamagedWal? Needed => Target.Stop is null ? Damaged : null;

    /// <summary>What must be replayed over the backup.</summary>
    public ByteSize Replay => Lsn.Distance(Backup.Start, Target.Stop is { } stop ? Lsn.Min(stop, Reach) : Reach);
}

/// <summary>Either a plan, or why there is none.</summary>
public abstract record RestoreAnswer
{
    private RestoreAnswer() { }

    public sealed record Possible(RestorePlan Plan) : RestoreAnswer;

    /// <summary>The point lies in no window.</summary>
    public sealed record Outside(ImmutableArray<RecoveryWindow> Windows) : RestoreAnswer;

    public sealed record NoBackup : RestoreAnswer;
}

/// <summary>Chooses among backups. All of one system identifier.</summary>
public static class RestorePlanning
{
    /// <summary>
    /// The newest backup from which <paramref name="target"/> is reached without a hole. A backup that is taken on a
    /// branch which <paramref name="line"/> does not contain is none of its own.
    /// </summary>
    /// <param name="only">A backup that the operator chose; null: any.</param>
    public static RestoreAnswer For(
        ImmutableArray<BackupHead> backups,
        ArchiveMap archive,
        TimelineHistory line,
        ResolvedTarget target,
        BackupId? only = null)
    {
        var usable = backups.Where(backup => IsOn(line, backup) && Chain(backups, backup) is not null).ToList();
        if (usable.Count == 0)
            return new RestoreAnswer.NoBackup();
        var best = usable
            .Where(backup => only is null || backup.Id == only)
            .Where(backup => Reaches(archive, line, backup, target))
            .OrderByDescending(backup => backup.Start.Value)
            .ThenByDescending(backup => backup.Id.Text, StringComparer.Ordinal)
            .FirstOrDefault();
        if (best is null)
            return new RestoreAnswer.Outside(Windows(backups, archive, line));
        var reach = archive.ReachedFrom(best.Start, line);
        return new RestoreAnswer.Possible(new RestorePlan(Chain(backups, best)!.Value, line, target, reach)
        {
            Damaged = archive.DamagedAt(reach, line),
        });
    }

    /// <summary>Earliest first; windows that overlap or touch are one.</summary>
    public static ImmutableArray<RecoveryWindow> Windows(
        ImmutableArray<BackupHead> backups, ArchiveMap archive, TimelineHistory line)
    {
        var windows = ImmutableArray.CreateBuilder<RecoveryWindow>();
        foreach (var backup in backups.Where(backup => IsOn(line, backup)).OrderBy(backup => backup.Stop.Value))
        {
            var reach = archive.ReachedFrom(backup.Start, line);
            if (reach < backup.Stop || Chain(backups, backup) is null)
                continue;
            if (windows.Count > 0 && windows[^1].To >= backup.Stop)
                windows[^1] = windows[^1] with { To = Lsn.Max(windows[^1].To, reach) };
            else
                windows.Add(new RecoveryWindow(line, backup.Stop, reach, backup));
        }
        return windows.ToImmutable();
    }

    /// <summary>From the full backup to this one; null when an ancestor is missing.</summary>
    public static ImmutableArray<BackupHead>? Chain(ImmutableArray<BackupHead> backups, BackupHead last)
    {
        var chain = new List<BackupHead> { last };
        while (chain[^1] is { Kind: BackupKind.Incremental, Parent: var parent })
        {
            var found = backups.FirstOrDefault(
                backup => backup.Id == parent && backup.SystemIdentifier == last.SystemIdentifier);
            if (found is null || chain.Contains(found))
                return null;
            chain.Add(found);
        }
        chain.Reverse();
        return [.. chain];
    }

    private static bool Reaches(
        ArchiveMap archive, TimelineHistory line, BackupHead backup, ResolvedTarget target)
    {
        var reach = archive.ReachedFrom(backup.Start, line);
        if (reach < backup.Stop)
            return false;
        return target.Stop is not { } stop || (stop >= backup.Stop && stop <= reach);
    }

    private static bool IsOn(TimelineHistory line, BackupHead backup) =>
        line.Contains(new WalPosition(backup.Timeline, backup.Stop));
}
