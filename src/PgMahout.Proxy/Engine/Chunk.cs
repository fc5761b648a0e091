using System.Runtime.InteropServices;

namespace PgMahout.Proxy.Engine;

/// <summary>A stretch of memory outside the heap: received bytes stay in it until they are sent.</summary>
internal sealed unsafe class Chunk(byte* memory)
{
    public const int Size = 16 << 10;

    public byte* Memory { get; } = memory;

    /// <summary>Of what is still to be sent, or read.</summary>
    public int Start { get; set; }

    public int End { get; set; }

    public int Length => End - Start;

    public int Room => Size - End;

    public Chunk? Next { get; set; }

    public ReadOnlySpan<byte> Bytes => new(Memory + Start, End - Start);

    public Span<byte> Free => new(Memory + End, Size - End);
}

/// <summary>Chunks that are used again, the last one returned first: its memory is still near the processor.</summary>
internal sealed unsafe class ChunkPool : IDisposable
{
    // Not a power of two: the beginnings of chunks shall not all fall into the same lines of the cache.
    private const int Stride = Chunk.Size + 192;
    private const int InSlab = 64;

    private readonly List<nint> _slabs = [];
    private Chunk? _free;

    public int InUse { get; private set; }

    public long BytesInUse => (long)InUse * Chunk.Size;

    public long BytesHeld => (long)_slabs.Count * InSlab * Stride;

    public Chunk Rent()
    {
        if (_free is null)
            Grow();
        var chunk = _free!;
        _free = chunk.Next;
        chunk.Next = null;
        chunk.Start = chunk.End = 0;
        InUse++;
        return chunk;
    }

    public void Return(Chunk chunk)
    {
        chunk.Next = _free;
        _free = chunk;
        InUse--;
    }

    private void Grow()
    {
        var slab = (byte*)NativeMemory.AlignedAlloc(Stride * InSlab, 4096);
        _slabs.Add((nint)slab);
        for (var i = InSlab - 1; i >= 0; i--)
            _free = new Chunk(slab + i * Stride) { Next = _free };
    }

    public void Dispose()
    {
        foreach (var slab in _slabs)
            NativeMemory.AlignedFree((void*)slab);
        _slabs.Clear();
        _free = null;
    }
}
