using System.Collections.Immutable;
using PgMahout.Core.Backup;

namespace PgMahout.Backup.Reading;

/// <summary>Neighbouring chunks of one pack, read with one call.</summary>
/// <param name="Name">Of the pack.</param>
/// <param name="Offset">Of the first chunk.</param>
/// <param name="Length">Up to the end of the last one.</param>
internal sealed record PackRead(string Name, int Offset, int Length, ImmutableArray<ChunkUse> Uses)
{
    private const int Most = 4 << 20;
    private const int WidestGap = 64 << 10;

    /// <summary>What a buffer for any of them must hold.</summary>
    public static int LongestRead(int longestFrame) => Math.Max(Most, longestFrame);

    /// <param name="uses">In the order of source, pack and offset.</param>
    /// <param name="nameOf">The name of the pack of a chunk.</param>
    public static IEnumerable<PackRead> Group(IEnumerable<ChunkUse> uses, Func<ChunkUse, string> nameOf)
    {
        var group = new List<ChunkUse>();
        var name = "";
        foreach (var use in uses)
        {
            if (group.Count > 0 && !Continues(group, use))
            {
                yield return Of(name, group);
                group.Clear();
            }
            if (group.Count == 0)
                name = nameOf(use);
            group.Add(use);
        }
        if (group.Count > 0)
            yield return Of(name, group);
    }

    /// <summary>
    /// In so many lanes beside each other, taken in turn: threads that write to one file wait for each other.
    /// </summary>
    public static IEnumerable<PackRead> InLanes(IEnumerable<PackRead> reads, int lanes)
    {
        var all = reads.ToList();
        var length = (all.Count + lanes - 1) / lanes;
        for (var i = 0; i < length; i++)
            for (var at = i; at < all.Count; at += length)
                yield return all[at];
    }

    private static bool Continues(List<ChunkUse> group, ChunkUse next)
    {
        var (first, last) = (group[0], group[^1]);
        return next.Source == last.Source && next.Chunk.Pack == last.Chunk.Pack
            && next.Chunk.Offset - (last.Chunk.Offset + last.Chunk.Stored) <= WidestGap
            && next.Chunk.Offset + (long)next.Chunk.Stored - first.Chunk.Offset <= Most;
    }

    private static PackRead Of(string name, List<ChunkUse> uses) => new(
        name,
        uses[0].Chunk.Offset,
        uses[^1].Chunk.Offset + uses[^1].Chunk.Stored - uses[0].Chunk.Offset,
        [.. uses]);
}
