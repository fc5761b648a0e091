using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Indexing;
using PgMahout.Postgres;

namespace PgMahout.Backup.Indexing;

/// <summary>Tells an incremental backup which blocks changed since its parent.</summary>
/// <param name="archive">Of the WAL index.</param>
/// <param name="tail">
/// The server's own pg_wal, for WAL that is not archived in whole segments yet; without it, that is an answer.
/// </param>
public sealed class ChangedBlocks(IndexArchive archive, ISegmentFiles? tail)
{
    /// <summary>
    /// What records from <paramref name="from"/> up to before <paramref name="to"/> changed, and the rest of the
    /// segments that these lie in: taking more is safe. What cannot be told is a failure, with one of the codes of
    /// <see cref="IndexProblems"/>: a full backup is the way out.
    /// </summary>
    /// <param name="history">Of the timeline of <paramref name="to"/>.</param>
    /// <param name="segmentSize">In bytes.</param>
    public async Task<Outcome<ChangedBlockSet>> BetweenAsync(
        WalPosition from, WalPosition to, TimelineHistory history, uint segmentSize, CancellationToken cancellation)
    {
        if (history.Current != to.Timeline || !history.Contains(from) || from.Lsn > to.Lsn)
            return new Outcome<ChangedBlockSet>.Failed(IndexProblems.OutOfOrder(from, to));
        var changed = new ChangedBlocksBuilder();
        for (var number = from.Lsn.Value / segmentSize; number * segmentSize < to.Lsn.Value; number++)
        {
            var segment = SegmentLine.On(history, number, segmentSize);
            var read = await archive.ReadOrMakeAsync(segment, cancellation);
            if (!read.TryGet(out var index))
                return new Outcome<ChangedBlockSet>.Failed(read.Failure!);
            if (index is null)
                return await WithTailAsync(changed, segment, to.Lsn, cancellation);
            if (Add(changed, index) is { } problem)
                return new Outcome<ChangedBlockSet>.Failed(problem);
        }
        return new Outcome<ChangedBlockSet>.Done(changed.Build());
    }

    private async Task<Outcome<ChangedBlockSet>> WithTailAsync(
        ChangedBlocksBuilder changed, WalSegment first, Lsn to, CancellationToken cancellation)
    {
        if (tail is null)
            return new Outcome<ChangedBlockSet>.Failed(IndexProblems.Missing(first));
        var made = await SegmentMaking.MakeTailAsync(first, to, tail, cancellation);
        if (!made.TryGet(out var indexes))
            return new Outcome<ChangedBlockSet>.Failed(made.Failure!);
        if (indexes is not { } found)
            return new Outcome<ChangedBlockSet>.Failed(IndexProblems.Missing(first));
        foreach (var index in found)
            if (Add(changed, index) is { } problem)
                return new Outcome<ChangedBlockSet>.Failed(problem);
        return new Outcome<ChangedBlockSet>.Done(changed.Build());
    }

    private static Problem? Add(ChangedBlocksBuilder changed, SegmentIndex index)
    {
        changed.Add(index.Changed);
        if (!index.BlocksKnown)
            return IndexProblems.Unknown(index.Segment, "a record changes files in a way that is not known here");
        return index.Events.OfType<WalEvent.WalLevelMinimal>().FirstOrDefault() is { } minimal
            ? IndexProblems.Unknown(index.Segment, $"wal_level was minimal from {minimal.At} on")
            : null;
    }
}
