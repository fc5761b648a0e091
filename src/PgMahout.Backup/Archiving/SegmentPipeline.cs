using System.Threading.Channels;
using PgMahout.Core.Backup;
using PgMahout.Core.Protocol;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;

namespace PgMahout.Backup.Archiving;

/// <summary>
/// WAL of one timeline on its way from the receiving thread into the repository: whole segments by several writers at
/// once, a segment that stays unfinished in parts. Only what has nothing missing before it is confirmed.
/// </summary>
internal sealed class SegmentPipeline : IDisposable
{
    private readonly ArchiveContext _context;
    private readonly SegmentBuffers _buffers;
    private readonly TimelineId _timeline;
    private readonly Action<Lsn> _confirmed;
    private readonly CancellationTokenSource _broken;
    private readonly CancellationToken _cancellation;
    private readonly Channel<SegmentBuffer> _whole = Channel.CreateUnbounded<SegmentBuffer>();
    private readonly Channel<SegmentBuffer> _inOrder = Channel.CreateUnbounded<SegmentBuffer>();
    private readonly SemaphoreSlim _dirty = new(0);
    private readonly SemaphoreSlim _hurry = new(0);
    private readonly StoredPrefix _prefix;
    private readonly PartWriter _parts;
    private readonly List<Task> _writers;
    private readonly Task _flushing;
    private readonly Task _sinking;
    private SegmentBuffer? _current;
    private readonly Lsn _durable;
    private Lsn _expected;
    private ulong _received;
    private int _signalled;
    private volatile bool _ending;

    /// <param name="confirmed">Told each time more is confirmed, by any thread.</param>
    /// <param name="cancellation">Gives up what is not stored: the primary has it.</param>
    public SegmentPipeline(
        ArchiveContext context,
        SegmentBuffers buffers,
        ResumeAnswer.Stream start,
        Action<Lsn> confirmed,
        CancellationToken cancellation)
    {
        _context = context;
        _buffers = buffers;
        _timeline = start.From.Timeline;
        _confirmed = confirmed;
        _broken = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _cancellation = _broken.Token;
        _expected = start.From.Lsn;
        _durable = start.Durable;
        _received = start.Durable.Value;
        _prefix = new StoredPrefix(start.Durable);
        _parts = new PartWriter(context);
        _writers = [.. Enumerable.Range(0, context.Settings.Writers).Select(_ => Guarded(WriteWholeAsync))];
        _flushing = Guarded(FlushAsync);
        _sinking = Guarded(SinkAsync);
    }

    /// <summary>Behind the last byte that was taken in.</summary>
    public Lsn Received => new(Interlocked.Read(ref _received));

    /// <summary>Cancelled when a part of this ended by a mistake in the program; finishing tells which.</summary>
    public CancellationToken Broken => _cancellation;

    public Lsn Confirmed
    {
        get
        {
            lock (_prefix)
                return _prefix.End;
        }
    }

    /// <summary>Takes WAL in, on the receiving thread. Blocks while all buffers are full.</summary>
    /// <exception cref="ProtocolException">It is not what follows.</exception>
    /// <exception cref="OperationCanceledException">Nothing more is wanted.</exception>
    public void Append(Lsn start, ReadOnlySpan<byte> data, CancellationToken aborted)
    {
        if (start != _expected)
            throw new ProtocolException($"WAL came from {start} where {_expected} was next");
        while (!data.IsEmpty)
        {
            var buffer = _current ?? Begin(aborted);
            var taken = buffer.Append(data);
            data = data[taken..];
            _expected = new Lsn(_expected.Value + (ulong)taken);
            Interlocked.Exchange(ref _received, _expected.Value);
            if (buffer.IsWhole)
                Complete(buffer);
        }
        Signal();
    }

    /// <summary>Stores what there is of the present segment at once: somebody waits for it.</summary>
    public void Hurry()
    {
        if (_hurry.CurrentCount == 0)
            _hurry.Release();
        Signal();
    }

    /// <summary>
    /// Stores all that was taken in, however long the repository needs; afterwards this is of no further use. The
    /// receiving thread must have ended.
    /// </summary>
    public async Task FinishAsync()
    {
        _ending = true;
        _whole.Writer.TryComplete();
        _inOrder.Writer.TryComplete();
        Hurry();
        await Task.WhenAll([.. _writers, _flushing, _sinking]);
        if (_current is { } left)
            _buffers.Return(left);
        _current = null;
    }

    public void Dispose()
    {
        _parts.Dispose();
        _dirty.Dispose();
        _hurry.Dispose();
        _broken.Dispose();
    }

    /// <summary>One that dies must not leave the others waiting for it.</summary>
    private Task Guarded(Func<Task> work) => Task.Run(async () =>
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await _broken.CancelAsync();
            throw;
        }
    }, CancellationToken.None);

    private SegmentBuffer Begin(CancellationToken aborted)
    {
        var buffer = _buffers.Take(aborted);
        var segment = WalSegment.At(new WalPosition(_timeline, _expected), _buffers.SegmentSize);
        // Only the first segment can have been begun by an earlier archiver.
        var stored = _durable > segment.Start && _durable < segment.End ? _durable.Value - segment.Start.Value : 0;
        buffer.Begin(segment, (int)stored);
        Volatile.Write(ref _current, buffer);
        return buffer;
    }

    private void Complete(SegmentBuffer buffer)
    {
        Volatile.Write(ref _current, null);
        _inOrder.Writer.TryWrite(buffer);
        _whole.Writer.TryWrite(buffer);
    }

    private void Signal()
    {
        if (Interlocked.Exchange(ref _signalled, 1) == 0)
            _dirty.Release();
    }

    private async Task WriteWholeAsync()
    {
        using var writer = new FrameWriter(_context.Archive.Repository);
        await foreach (var buffer in _whole.Reader.ReadAllAsync(_cancellation))
        {
            var size = (int)buffer.Segment.Size;
            var name = _context.Archive.Names.Whole(buffer.Segment);
            await _context.Store.UntilDoneAsync(
                size,
                cancellation => writer.PutAsync(name, buffer.Content(0, size), cancellation),
                null,
                _cancellation);
            Confirm(buffer.Segment.Start, buffer.Segment.End);
            await _parts.RemoveAsync(buffer, _cancellation);
            buffer.Whole.SetResult();
        }
    }

    private async Task FlushAsync()
    {
        do
        {
            await _dirty.WaitAsync(_cancellation);
            Volatile.Write(ref _signalled, 0);
            var seen = Volatile.Read(ref _current);
            var inHurry = await _hurry.WaitAsync(_context.Settings.FlushAfter, _cancellation) || _ending;
            // A segment that came whole in the meantime is a matter of the writers.
            if (Volatile.Read(ref _current) is not { } buffer)
                continue;
            var segment = buffer.Segment;
            if ((buffer == seen || inHurry) && await _parts.StoreAsync(buffer, _cancellation) is var (from, to))
                Confirm(new Lsn(segment.Start.Value + (ulong)from), new Lsn(segment.Start.Value + (ulong)to));
            if (buffer.Filled > buffer.Stored)
                Signal();
        }
        while (!_ending || Volatile.Read(ref _current) is { } left && left.Filled > left.Stored);
    }

    private async Task SinkAsync()
    {
        await foreach (var buffer in _inOrder.Reader.ReadAllAsync(_cancellation))
        {
            await buffer.Whole.Task.WaitAsync(_cancellation);
            try
            {
                var content = buffer.Content(0, (int)buffer.Segment.Size);
                await _context.Sink.ArchivedAsync(buffer.Segment, content, _cancellation);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // What is made of archived WAL can be made again from the archive; archiving goes on.
                _context.Board.Change(status => status with { Problem = ArchiveProblems.Sink(buffer.Segment, e) });
            }
            _buffers.Return(buffer);
        }
    }

    private void Confirm(Lsn from, Lsn to)
    {
        Lsn end;
        lock (_prefix)
        {
            if (!_prefix.Add(from, to))
                return;
            end = _prefix.End;
        }
        _confirmed(end);
    }
}
