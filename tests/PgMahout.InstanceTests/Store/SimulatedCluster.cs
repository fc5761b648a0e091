using System.Collections.Concurrent;
using System.Diagnostics;
using PgMahout.Core.Vocabulary;
using PgMahout.Store;
using PgMahout.Store.Etcd;

namespace PgMahout.InstanceTests.Store;

/// <summary>
/// What the agents of one cluster ask of the store while nothing happens: the leader reads and renews every quarter of
/// the ttl; the others watch, read whenever something changed, and otherwise every half of the ttl.
/// </summary>
internal sealed class SimulatedCluster(EtcdSettings settings, int seed, TimeSpan ttl)
{
    private readonly TaskCompletionSource _leads = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<TimeSpan> _renewals = new();
    private long _renewedAt;
    private long _gap;
    private int _reads;
    private int _calls;
    private int _unanswered;

    public Task Leads => _leads.Task;

    public IEnumerable<TimeSpan> Renewals => _renewals;

    public int Reads => Volatile.Read(ref _reads);

    /// <summary>Of watchers.</summary>
    public int Calls => Volatile.Read(ref _calls);

    public int Unanswered => Volatile.Read(ref _unanswered);

    public TimeSpan LongestGap => TimeSpan.FromTicks(Math.Max(
        Volatile.Read(ref _gap), Stopwatch.GetElapsedTime(Volatile.Read(ref _renewedAt)).Ticks));

    public void Forget()
    {
        _renewals.Clear();
        (_reads, _calls, _unanswered, _gap) = (0, 0, 0, 0);
    }

    public Task RunAsync(int members, CancellationToken ending) => Task.WhenAll(
        Enumerable.Range(1, members - 1).Select(_ => FollowAsync(ending)).Prepend(LeadAsync(ending)));

    private async Task LeadAsync(CancellationToken ending)
    {
        await using var store = new EtcdClusterStore(settings);
        // Clusters do not renew in step.
        var late = new Prng((ulong)seed).Fraction();
        await Task.WhenAny(Task.Delay(ttl / 4 * late, ending));
        var every = ttl / 4;
        for (var next = Stopwatch.GetTimestamp(); !ending.IsCancellationRequested;)
        {
            await RenewAsync(store);
            next += (long)(every.TotalSeconds * Stopwatch.Frequency);
            var wait = TimeSpan.FromSeconds((next - Stopwatch.GetTimestamp()) / (double)Stopwatch.Frequency);
            await Task.WhenAny(Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, ending));
        }
    }

    private async Task RenewAsync(EtcdClusterStore store)
    {
        if (await ReadAsync(store) is not { } content)
            return;
        // As long as the record of a cluster of five members.
        var value = new string('x', 300);
        var expected = content.Find("leadership")?.Revision ?? Revision.None;
        var began = Stopwatch.GetTimestamp();
        var outcome = await store.WriteAsync(
            StoreTransaction.Swap("leadership", expected, value), ttl / 6, CancellationToken.None);
        if (outcome is not WriteOutcome.Done)
        {
            Interlocked.Increment(ref _unanswered);
            return;
        }
        _renewals.Enqueue(Stopwatch.GetElapsedTime(began));
        if (_renewedAt > 0)
            _gap = Math.Max(_gap, Stopwatch.GetElapsedTime(_renewedAt, began).Ticks);
        _renewedAt = began;
        _leads.TrySetResult();
    }

    private async Task FollowAsync(CancellationToken ending)
    {
        await using var store = new EtcdClusterStore(settings);
        using var changed = new SemaphoreSlim(0);
        await ReadAsync(store);
        using var watch = store.Watch(() =>
        {
            Interlocked.Increment(ref _calls);
            changed.Release();
        });
        while (!ending.IsCancellationRequested)
        {
            await Task.WhenAny(changed.WaitAsync(ttl / 2, ending));
            await ReadAsync(store);
        }
    }

    private async Task<StoreRead.Content?> ReadAsync(EtcdClusterStore store)
    {
        Interlocked.Increment(ref _reads);
        var read = await store.ReadAsync(ttl / 6, CancellationToken.None) as StoreRead.Content;
        if (read is null)
            Interlocked.Increment(ref _unanswered);
        return read;
    }
}
