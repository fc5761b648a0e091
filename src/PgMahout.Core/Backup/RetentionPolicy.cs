using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;

namespace PgMahout.Core.Backup;

public enum Period
{
    Day,
    Week,
    Month,
    Year,
}

/// <summary>Beside the window: the first backup of each of the last so many periods.</summary>
public readonly record struct KeptPeriod(Period Period, int Count);

/// <summary>What an operator wants to restore: any second of the window, and a point in each period.</summary>
/// <param name="Window">Back from the newest point that is restorable.</param>
public sealed record RetentionPolicy(TimeSpan Window, ImmutableArray<KeptPeriod> Periods)
{
    /// <summary>Any second of two weeks, and a point in each of the last twelve months.</summary>
    public static readonly RetentionPolicy Default = new(TimeSpan.FromDays(14), [new KeptPeriod(Period.Month, 12)]);

    public bool Equals(RetentionPolicy? other) =>
        other is not null && Window == other.Window && Periods.AsSpan().SequenceEqual(other.Periods.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Window, Periods.Length);
}

/// <summary>Why a backup is kept.</summary>
public abstract record Keeping
{
    private Keeping() { }

    /// <summary>The window needs it: it is inside, or the last one before its beginning.</summary>
    public sealed record ForWindow : Keeping;

    /// <summary>The first of a period.</summary>
    public sealed record ForPeriod(Period Period) : Keeping;

    /// <summary>Another one that is kept builds on it.</summary>
    public sealed record AsParent(BackupId Child) : Keeping;

    /// <summary>Nothing else restores.</summary>
    public sealed record AsLast : Keeping;
}

/// <summary>WAL that must stay, of every timeline. Null: without end.</summary>
public readonly record struct KeptWal(Lsn From, Lsn? To);

/// <summary>What an expiry does, for one system identifier.</summary>
/// <param name="WindowFrom">The moment up to which any second is restorable; null when nothing is yet.</param>
/// <param name="Delete">Newest first, so that no backup is ever there without its parent.</param>
public sealed record RetentionPlan(
    DateTimeOffset? WindowFrom,
    ImmutableArray<(BackupHead Backup, Keeping Why)> Keep,
    ImmutableArray<BackupHead> Delete,
    ImmutableArray<KeptWal> Wal)
{
    public bool Needs(WalSegment segment) =>
        Wal.IsEmpty || Overlaps(segment.Start, segment.End);

    /// <summary>
    /// Which snapshots of the catalogs go: those that name nothing in WAL that stays. What happens between two of them
    /// is told from both, so the last one before such WAL stays, and the first one behind it.
    /// </summary>
    /// <param name="snapshots">Where there is one, on whatever timeline.</param>
    public ImmutableArray<WalPosition> SuperfluousSnapshots(ImmutableArray<WalPosition> snapshots)
    {
        var ordered = snapshots.OrderBy(snapshot => snapshot.Lsn).ToImmutableArray();
        return Wal.IsEmpty ? [] : [.. ordered.Where((_, i) => !Names(ordered, i))];
    }

    private bool Names(ImmutableArray<WalPosition> ordered, int at)
    {
        var before = at == 0 ? Lsn.Zero : ordered[at - 1].Lsn;
        var behind = at == ordered.Length - 1 ? new Lsn(ulong.MaxValue) : ordered[at + 1].Lsn;
        return Overlaps(before, behind);
    }

    private bool Overlaps(Lsn start, Lsn end) =>
        Wal.Any(kept => end > kept.From && (kept.To is not { } to || start < to));
}
