using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Indexing;
using PgMahout.Postgres;

namespace PgMahout.Backup.Indexing;

/// <summary>Makes the index of single segments from WAL, apart from the stream.</summary>
internal static class SegmentMaking
{
    /// <summary>Null when the segment is not there, or a following one that it needs is not.</summary>
    public static async Task<Outcome<SegmentIndex?>> MakeAsync(
        WalSegment segment, CarriedState carried, ISegmentFiles files, CancellationToken cancellation)
    {
        var indexer = new SegmentIndexer(segment, carried, checksums: true);
        for (var next = segment; ; next = next.Next)
        {
            var read = await files.ReadAsync(next, cancellation);
            if (!read.TryGet(out var content))
                return new Outcome<SegmentIndex?>.Failed(read.Failure!);
            if (content is null)
                return new Outcome<SegmentIndex?>.Done(null);
            if (indexer.Add(next, content) is [var first, ..])
                return new Outcome<SegmentIndex?>.Done(first);
            if (indexer.Fault is { } why)
                return new Outcome<SegmentIndex?>.Failed(IndexProblems.Unreadable(next, why));
        }
    }

    /// <summary>
    /// What the last stretch of a server's WAL changed, up to a segment that is still written to. Null when its files
    /// do not reach <paramref name="to"/>.
    /// </summary>
    public static async Task<Outcome<ImmutableArray<SegmentIndex>?>> MakeTailAsync(
        WalSegment first, Lsn to, ISegmentFiles files, CancellationToken cancellation)
    {
        var indexer = new SegmentIndexer(first, CarriedState.Unknown, checksums: true);
        var made = ImmutableArray.CreateBuilder<SegmentIndex>();
        for (var next = first; indexer.At < to; next = next.Next)
        {
            var read = await files.ReadAsync(next, cancellation);
            if (!read.TryGet(out var content))
                return new Outcome<ImmutableArray<SegmentIndex>?>.Failed(read.Failure!);
            if (content is null || indexer.Fault is not null)
                return new Outcome<ImmutableArray<SegmentIndex>?>.Done(null);
            made.AddRange(indexer.Add(next, content));
        }
        while (indexer.Rest() is { } rest)
            made.Add(rest);
        return new Outcome<ImmutableArray<SegmentIndex>?>.Done(made.ToImmutable());
    }
}
