using System.Runtime.InteropServices;

namespace PgMahout.Proxy.Engine.Uring;

/// <summary>Memory for what the kernel reads while operations are handed over, and never again.</summary>
internal sealed unsafe class Scratch : IDisposable
{
    private const int Size = 256 << 10;

    private readonly byte* _memory = (byte*)NativeMemory.AlignedAlloc(Size, 64);
    private int _used;

    public byte* Take(int size, Ring ring)
    {
        if (_used + size > Size)
        {
            ring.Enter(0, 0);
            _used = 0;
        }
        var taken = _memory + _used;
        _used += (size + 15) & ~15;
        return taken;
    }

    public void Clear() => _used = 0;

    public void Dispose() => NativeMemory.AlignedFree(_memory);
}
