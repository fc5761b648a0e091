using System.Runtime.InteropServices;

namespace PgMahout.Proxy.Engine.Uring;

/// <summary>
/// Chunks that the kernel may fill: it takes one only when something has come, so clients that say nothing need none.
/// </summary>
internal sealed unsafe class BufferRing : IDisposable
{
    public const ushort Group = 0;

    // Enough for what comes in one turn; few enough to stay near the processor.
    private const int Count = 256;
    private const int RegisterBufferRing = 22;
    private const int TailOffset = 14;

    private readonly ChunkPool _pool;
    private readonly Entry* _entries = (Entry*)NativeMemory.AlignedAlloc((nuint)(Count * sizeof(Entry)), 4096);
    private readonly Chunk[] _lent = new Chunk[Count];
    private ushort _tail;

    [StructLayout(LayoutKind.Sequential)]
    private struct Entry
    {
        public byte* Address;
        public uint Length;
        public ushort Number;
        public ushort Reserved;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Registration
    {
        public Entry* Ring;
        public uint Count;
        public ushort Group;
        public ushort Flags;
        public ulong Reserved1, Reserved2, Reserved3;
    }

    public BufferRing(ChunkPool pool)
    {
        _pool = pool;
        NativeMemory.Clear(_entries, (nuint)(Count * sizeof(Entry)));
    }

    public bool TryRegister(Ring ring)
    {
        var registration = new Registration { Ring = _entries, Count = Count, Group = Group };
        if (ring.Register(RegisterBufferRing, &registration, 1) < 0)
            return false;
        for (ushort i = 0; i < Count; i++)
            Lend(i);
        return true;
    }

    /// <summary>The chunk that the kernel has filled; another one takes its place.</summary>
    public Chunk Take(int number, int length)
    {
        var chunk = _lent[number];
        chunk.Start = 0;
        chunk.End = length;
        Lend((ushort)number);
        return chunk;
    }

    private void Lend(ushort number)
    {
        var chunk = _lent[number] = _pool.Rent();
        var entry = _entries + (_tail & (Count - 1));
        entry->Address = chunk.Memory;
        entry->Length = Chunk.Size;
        entry->Number = number;
        Volatile.Write(ref *(ushort*)((byte*)_entries + TailOffset), ++_tail);
    }

    public void Dispose() => NativeMemory.AlignedFree(_entries);
}
