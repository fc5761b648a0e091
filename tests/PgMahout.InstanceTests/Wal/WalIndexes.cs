using System.Collections.Immutable;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Indexing;
using Xunit;

namespace PgMahout.InstanceTests.Wal;

/// <summary>Indexes of a server's segments; of the last, up to where its WAL ends.</summary>
internal static class WalIndexes
{
    public static ImmutableArray<SegmentIndex> Of(
        ImmutableArray<(WalSegment Segment, byte[] Content)> segments, int threshold = SegmentIndexer.DefaultThreshold)
    {
        var indexer = new SegmentIndexer(segments[0].Segment, CarriedState.Unknown, checksums: true, threshold);
        var indexes = ImmutableArray.CreateBuilder<SegmentIndex>();
        foreach (var (segment, content) in segments)
        {
            Assert.Null(indexer.Fault);
            indexes.AddRange(indexer.Add(segment, content));
        }
        while (indexer.Rest() is { } rest)
            indexes.Add(rest);
        return indexes.ToImmutable();
    }

    /// <summary>The same, with a new indexer for every segment, from what the index before it carries.</summary>
    public static ImmutableArray<SegmentIndex> OneByOne(ImmutableArray<(WalSegment Segment, byte[] Content)> segments)
    {
        var carried = CarriedState.Unknown;
        var indexes = ImmutableArray.CreateBuilder<SegmentIndex>();
        for (var i = 0; i < segments.Length; i++)
        {
            var indexer = new SegmentIndexer(segments[i].Segment, carried, checksums: true);
            var index = indexer.Add(segments[i].Segment, segments[i].Content).FirstOrDefault();
            for (var next = i + 1; index is null && next < segments.Length; next++)
                index = indexer.Add(segments[next].Segment, segments[next].Content).FirstOrDefault();
            index ??= indexer.Rest()!;
            index = IndexFormat.Read(IndexFormat.Write(index), out var why);
            Assert.Null(why);
            indexes.Add(index!);
            carried = index!.Carried;
        }
        return indexes.ToImmutable();
    }
}
