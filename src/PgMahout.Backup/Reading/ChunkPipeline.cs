using System.Collections.Concurrent;
using System.Threading.Channels;
using PgMahout.Backup.Repositories;
using PgMahout.Backup.Working;
using PgMahout.Core.Backup;
using PgMahout.Postgres;

namespace PgMahout.Backup.Reading;

/// <summary>What becomes of chunks; one for each thread.</summary>
internal interface IChunkSink : IDisposable
{
    /// <summary>The stored bytes of one chunk.</summary>
    void Take(PackRead read, ChunkUse use, ReadOnlySpan<byte> stored);

    /// <summary>They could not be read. Throws when that ends the work.</summary>
    void Failed(PackRead read, Problem problem);
}

/// <summary>
/// Reads packs with several calls at once, and gives the chunks to threads. There are so many buffers and no more.
/// </summary>
internal sealed class ChunkPipeline(IObjectStore store, WorkProgress progress)
{
    private const int ReadsAtOnce = 3;
    private static readonly TimeSpan[] Pauses =
        [TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)];

    private readonly record struct Ready(PackRead Read, byte[] Buffer, Outcome<int> Outcome);

    /// <param name="longest">The longest stored chunk, in bytes.</param>
    /// <param name="newSink">Called on each thread; the sink is disposed of there.</param>
    public async Task RunAsync(
        IEnumerable<PackRead> reads, int longest, WorkerCount workers, Func<IChunkSink> newSink,
        CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var ready = new BlockingCollection<Ready>();
        var free = Channel.CreateUnbounded<byte[]>();
        for (var i = 0; i < workers.Count + ReadsAtOnce; i++)
            _ = free.Writer.TryWrite(GC.AllocateUninitializedArray<byte>(PackRead.LongestRead(longest)));

        using var remaining = reads.GetEnumerator();
        var source = new ReadSource(remaining);
        var fetching = FetchAllAsync(source, free, ready, stop.Token);
        var threads = WorkerThreads.RunAsync(
            workers.Count, workers.Polite, token => Process(ready, free, newSink, token), stop.Token);
        try
        {
            await threads;
            await fetching;
        }
        finally
        {
            await stop.CancelAsync();
            await ((Task)Task.WhenAll(fetching, threads)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FetchAllAsync(
        ReadSource source, Channel<byte[]> free, BlockingCollection<Ready> ready, CancellationToken cancellation)
    {
        try
        {
            await Task.WhenAll(Enumerable.Range(0, ReadsAtOnce).Select(async _ =>
            {
                while (source.TryNext(out var read))
                {
                    var buffer = await free.Reader.ReadAsync(cancellation);
                    ready.Add(new Ready(read, buffer, await FetchAsync(read, buffer, cancellation)), cancellation);
                }
            }));
        }
        finally
        {
            ready.CompleteAdding();
        }
    }

    private async Task<Outcome<int>> FetchAsync(PackRead read, byte[] buffer, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            var outcome = await store.ReadAsync(
                read.Name, read.Offset, buffer.AsMemory(0, read.Length), cancellation);
            var passing = outcome.Failure?.Code is StoreProblems.UnreachableCode or StoreProblems.TooSlowCode;
            if (!passing || attempt == Pauses.Length)
                return outcome;
            await Task.Delay(Pauses[attempt], cancellation);
        }
    }

    private void Process(
        BlockingCollection<Ready> ready, Channel<byte[]> free, Func<IChunkSink> newSink,
        CancellationToken cancellation)
    {
        using var sink = newSink();
        foreach (var (read, buffer, outcome) in ready.GetConsumingEnumerable(cancellation))
        {
            if (!outcome.TryGet(out var length))
                sink.Failed(read, outcome.Failure!);
            progress.AddStored(length);
            foreach (var use in outcome is Outcome<int>.Done ? read.Uses : [])
            {
                cancellation.ThrowIfCancellationRequested();
                var from = use.Chunk.Offset - read.Offset;
                // A pack that was cut off gives fewer bytes, which decode to nothing.
                var end = Math.Min(from + use.Chunk.Stored, length);
                sink.Take(read, use, from < end ? buffer.AsSpan(from..end) : []);
            }
            _ = free.Writer.TryWrite(buffer);
        }
    }

    private sealed class ReadSource(IEnumerator<PackRead> reads)
    {
        private readonly Lock _lock = new();

        public bool TryNext(out PackRead read)
        {
            lock (_lock)
            {
                var more = reads.MoveNext();
                read = more ? reads.Current : null!;
                return more;
            }
        }
    }
}

/// <param name="Polite">With the lowest priority for processor and disk.</param>
internal readonly record struct WorkerCount(int Count, bool Polite);
