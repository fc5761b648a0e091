using PgMahout.Backup.Archiving;
using PgMahout.Backup.Framing;
using PgMahout.Backup.Indexing;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Decoding;
using PgMahout.Postgres;

namespace PgMahout.Backup.Recovering;

/// <summary>Transactions that were committed behind a point.</summary>
/// <param name="First">When the earliest of them in WAL was; null when there are none.</param>
public readonly record struct UndoneCommits(long Count, DateTimeOffset? First, DateTimeOffset? Last)
{
    public static UndoneCommits operator +(UndoneCommits left, UndoneCommits right) => left.Add(right);

    public UndoneCommits Add(UndoneCommits later) => new(
        Count + later.Count,
        First ?? later.First,
        Last is null || later.Last > Last ? later.Last ?? Last : Last);
}

/// <summary>
/// Counts what going back to a point throws away: from the index of WAL, and in WAL itself in the segment of the point
/// and in the last one, which has no index.
/// </summary>
public sealed class UndoneSearch(WalArchive archive)
{
    private readonly IndexArchive _index = new(archive.Repository, archive.SystemIdentifier);

    public async Task<Outcome<UndoneCommits>> FindAsync(
        RestorePlan plan, ArchiveMap map, CancellationToken cancellation)
    {
        var undone = new UndoneCommits();
        if (plan.Target.Stop is not { } stop || stop >= plan.Reach)
            return new Outcome<UndoneCommits>.Done(undone);
        var segments = map.Files(stop, plan.Reach, plan.Line).ToList();
        foreach (var (i, segment) in segments.Index())
        {
            var read = segment.Start > stop
                ? await OfIndexAsync(segment, cancellation)
                : new Outcome<UndoneCommits?>.Done(null);
            if (!read.TryGet(out var known))
                return new Outcome<UndoneCommits>.Failed(read.Failure!);
            if (known is { } counted)
            {
                undone += counted;
                continue;
            }
            var found = await OfWalAsync((segments.Skip(i).Take(2).ToList(), map), plan.Target, cancellation);
            if (!found.TryGet(out var looked))
                return found;
            undone += looked;
        }
        return new Outcome<UndoneCommits>.Done(undone);
    }

    /// <summary>Null when there is none that can be read.</summary>
    private async Task<Outcome<UndoneCommits?>> OfIndexAsync(WalSegment segment, CancellationToken cancellation)
    {
        var read = await _index.ReadIndexAsync(segment, cancellation);
        if (read.TryGet(out var index))
            return new Outcome<UndoneCommits?>.Done(index is null
                ? null
                : new UndoneCommits(index.Commits.Commits, index.Commits.First, index.Commits.Latest));
        return read.Failure!.Code is IndexProblems.DamagedCode or FrameCodec.DamagedCode
            ? new Outcome<UndoneCommits?>.Done(null)
            : new Outcome<UndoneCommits?>.Failed(read.Failure);
    }

    /// <param name="wal">The segment, and the next one, in which a record of the first may end.</param>
    private async Task<Outcome<UndoneCommits>> OfWalAsync(
        (List<WalSegment> Segments, ArchiveMap Map) wal, ResolvedTarget target, CancellationToken cancellation)
    {
        var (segments, map) = wal;
        var contents = new List<ReadOnlyMemory<byte>>();
        foreach (var one in segments)
        {
            var buffer = new byte[one.Size];
            var read = await archive.ReadAsync(one, map, buffer, cancellation);
            if (read.TryGet(out var prefix))
                contents.Add(buffer.AsMemory(0, prefix.Length));
            else if (contents.Count == 0 || read.Failure!.Code != IObjectStore.Missing)
                return new Outcome<UndoneCommits>.Failed(read.Failure!);
        }
        var undone = new UndoneCommits();
        foreach (var end in TransactionSearch.Ends(segments[0], contents, TransactionEnd.IsCommit))
            if (end.At < segments[0].End && (end.At > target.Stop || (end.At == target.Stop && !target.Inclusive)))
                undone += new UndoneCommits(1, end.Time, end.Time);
        return new Outcome<UndoneCommits>.Done(undone);
    }
}
