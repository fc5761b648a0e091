using System.Collections.Concurrent;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;

namespace PgMahout.Backup.Archiving;

/// <summary>
/// A segment while it is received and stored. One thread appends; what was appended never changes, so that others can
/// store it meanwhile.
/// </summary>
internal sealed class SegmentBuffer(int size) : IDisposable
{
    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(size);
    private int _filled;

    public WalSegment Segment { get; private set; }

    /// <summary>Held by whoever stores a part of it, or ends its being stored.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>Done when the repository has all of it.</summary>
    public TaskCompletionSource Whole { get; private set; } = new();

    /// <summary>How far parts of it are in the repository.</summary>
    public int Stored { get; set; }

    /// <summary>How many parts were stored, those of an earlier archiver counting as one.</summary>
    public int Parts { get; set; }

    public int Filled => Volatile.Read(ref _filled);

    public bool IsWhole => Filled == _bytes.Length;

    public Lsn At(int offset) => new(Segment.Start.Value + (ulong)offset);

    public ReadOnlyMemory<byte> Content(int from, int to) => _bytes.AsMemory(from, to - from);

    public void Begin(WalSegment segment, int stored)
    {
        Segment = segment;
        Stored = stored;
        Parts = stored > 0 ? 1 : 0;
        Whole = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _filled, 0);
    }

    /// <returns>How many bytes there was room for.</returns>
    public int Append(ReadOnlySpan<byte> data)
    {
        var taken = Math.Min(data.Length, _bytes.Length - _filled);
        data[..taken].CopyTo(_bytes.AsSpan(_filled));
        Volatile.Write(ref _filled, _filled + taken);
        return taken;
    }

    public void Dispose() => Gate.Dispose();
}

/// <summary>A few buffers that are used over and over: all the memory that received WAL can take.</summary>
internal sealed class SegmentBuffers(uint segmentSize, int most) : IDisposable
{
    private readonly ConcurrentStack<SegmentBuffer> _free = new();
    private readonly SemaphoreSlim _left = new(most, most);

    public uint SegmentSize => segmentSize;

    /// <summary>Blocks until one is free: a repository that is slower than the primary slows the stream down.</summary>
    /// <exception cref="OperationCanceledException"/>
    public SegmentBuffer Take(CancellationToken aborted)
    {
        _left.Wait(aborted);
        return _free.TryPop(out var buffer) ? buffer : new SegmentBuffer((int)segmentSize);
    }

    public void Return(SegmentBuffer buffer)
    {
        _free.Push(buffer);
        _left.Release();
    }

    public void Dispose()
    {
        _left.Dispose();
        foreach (var buffer in _free)
            buffer.Dispose();
    }
}
