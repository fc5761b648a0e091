using System.Collections.Immutable;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>Neighbouring blocks of one fork, <paramref name="Count"/> at least 1.</summary>
public readonly record struct BlockRun(uint First, uint Count)
{
    /// <summary>Behind the last one; a fork has at most 2^32 - 1 blocks.</summary>
    public ulong End => (ulong)First + Count;
}

/// <summary>A set of block numbers of one fork: runs in ascending order that neither overlap nor touch.</summary>
public sealed class BlockRuns(ImmutableArray<BlockRun> runs) : IEquatable<BlockRuns>
{
    public static readonly BlockRuns None = new([]);

    public ImmutableArray<BlockRun> Runs { get; } = runs;

    public bool IsEmpty => Runs.IsEmpty;

    /// <summary>How many blocks.</summary>
    public long Count => Runs.Sum(run => (long)run.Count);

    public bool Contains(uint block)
    {
        int low = 0, high = Runs.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Runs[middle].End <= block)
                low = middle + 1;
            else
                high = middle;
        }
        return low < Runs.Length && Runs[low].First <= block;
    }

    /// <summary>Those from <paramref name="first"/> up to before <paramref name="end"/>: of one file of a fork.</summary>
    public IEnumerable<BlockRun> Within(uint first, ulong end)
    {
        foreach (var run in Runs)
        {
            var from = Math.Max(run.First, first);
            var to = Math.Min(run.End, end);
            if (from < to)
                yield return new BlockRun(from, (uint)(to - from));
        }
    }

    public bool Equals(BlockRuns? other) => other is not null && Runs.AsSpan().SequenceEqual(other.Runs.AsSpan());

    public override bool Equals(object? obj) => Equals(obj as BlockRuns);

    public override int GetHashCode() => HashCode.Combine(Runs.Length, Runs.IsEmpty ? default : Runs[0]);
}
