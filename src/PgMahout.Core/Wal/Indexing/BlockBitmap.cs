using System.Collections.Immutable;
using System.Numerics;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>
/// Collects the blocks of one fork: bits in leaves of 1,024 blocks. One block costs some 200 bytes, a terabyte of
/// scattered ones some 30 MB.
/// </summary>
internal sealed class BlockBitmap
{
    private const int LeafBits = 10;
    private const int LeafWords = (1 << LeafBits) / 64;

    private readonly Dictionary<uint, ulong[]> _leaves = [];
    private uint _lastNumber = uint.MaxValue;
    private ulong[] _last = [];

    /// <summary>The fewest blocks that the fork had at some moment; null when it never shrank.</summary>
    public uint? Limit { get; private set; }

    public void Add(uint block) => Leaf(block >> LeafBits)[(block >> 6) & (LeafWords - 1)] |= 1UL << (int)(block & 63);

    public void Add(BlockRun run)
    {
        for (ulong at = run.First; at < run.End;)
        {
            var inWord = (int)(at & 63);
            var bits = (int)Math.Min(64 - (uint)inWord, run.End - at);
            var mask = bits == 64 ? ulong.MaxValue : ((1UL << bits) - 1) << inWord;
            Leaf((uint)(at >> LeafBits))[(at >> 6) & (LeafWords - 1)] |= mask;
            at += (uint)bits;
        }
    }

    public void Shrink(uint limit) => Limit = Limit is { } known ? Math.Min(known, limit) : limit;

    /// <summary>Below the limit only: what is behind it counts as changed anyway.</summary>
    public ForkChanges Changes()
    {
        var runs = ImmutableArray.CreateBuilder<BlockRun>();
        var end = Limit ?? (ulong)uint.MaxValue + 1;
        foreach (var (number, words) in _leaves.OrderBy(leaf => leaf.Key))
            for (var index = 0; index < LeafWords; index++)
                Append(runs, ((ulong)number << LeafBits) + (uint)index * 64, words[index], end);
        return new ForkChanges(new BlockRuns(runs.ToImmutable()), Limit);
    }

    private static void Append(ImmutableArray<BlockRun>.Builder runs, ulong first, ulong word, ulong end)
    {
        while (word != 0)
        {
            var skip = BitOperations.TrailingZeroCount(word);
            var ones = BitOperations.TrailingZeroCount(~(word >> skip));
            word = skip + ones >= 64 ? 0 : word & (ulong.MaxValue << (skip + ones));
            var from = first + (uint)skip;
            var to = Math.Min(from + (uint)ones, end);
            if (from >= to)
                return;
            if (runs.Count > 0 && runs[^1].End == from)
                runs[^1] = runs[^1] with { Count = (uint)(to - runs[^1].First) };
            else
                runs.Add(new BlockRun((uint)from, (uint)(to - from)));
        }
    }

    private ulong[] Leaf(uint number)
    {
        if (number == _lastNumber)
            return _last;
        if (!_leaves.TryGetValue(number, out var leaf))
            _leaves[number] = leaf = new ulong[LeafWords];
        _lastNumber = number;
        _last = leaf;
        return leaf;
    }
}
