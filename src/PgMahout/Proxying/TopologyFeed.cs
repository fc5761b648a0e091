using System.Collections.Immutable;
using PgMahout.Agent.Home;
using PgMahout.Agent.Loop;
using PgMahout.Core.Cluster;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Proxying;

/// <summary>
/// Keeps a proxy's knowledge of its cluster: reads the store when it changes and a few times in each lease, and has a
/// question waiting at every agent, which answers when something happens there. Every change is published at once.
/// </summary>
/// <param name="publish">Called in order, one call at a time, on any thread.</param>
/// <param name="records">Called with what the store says, whenever it says something else.</param>
internal sealed class TopologyFeed(
    HomeLayout home, IClusterStore store, Action<Topology> publish, Action<ClusterRecords> records) : IDisposable
{
    /// <summary>
    /// Reads of the store in each ttl: a renewal is trusted from the read before the one that showed it.
    /// </summary>
    private const int ReadsEachTtl = 8;

    private static readonly TimeSpan WithoutCluster = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan StoreLimit = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly WakeSignal _read = new();
    private readonly WakeSignal _changed = new();
    private TopologyKnowledge _knowledge = TopologyKnowledge.Nothing;
    private Topology _published = Topology.Unknown;
    private ClusterRecords _records = ClusterRecords.None;
    private ImmutableArray<MemberWatch> _watches = [];
    private Timing? _timing;

    /// <summary>As published last.</summary>
    public Topology Topology
    {
        get { lock (_gate) return _published; }
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        using var watch = store.Watch(_read.Set);
        var lapsing = LapseAsync(stopping);
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                await ReadAsync(stopping);
                await _read.WaitAsync(_timing?.Ttl / ReadsEachTtl ?? WithoutCluster, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The proxy ends.
        }
        finally
        {
            await Task.WhenAll(_watches.Select(member => member.DisposeAsync().AsTask()));
            await lapsing;
        }
    }

    /// <summary>Until somebody is known to lead, at most so long.</summary>
    public async Task KnowsPrimaryAsync(TimeSpan limit, CancellationToken stopping)
    {
        var until = BootClock.Now() + limit;
        while (Topology.Primary is null && BootClock.Now() < until && !stopping.IsCancellationRequested)
            await Task.Delay(Moment, CancellationToken.None);
    }

    /// <summary>The leader of that epoch is about to hand over, as it says itself.</summary>
    public void Drain(Epoch epoch, TimeSpan hold) =>
        Learn(knowledge => knowledge.Drain(epoch, BootClock.Now() + hold));

    /// <summary>It does not, after all.</summary>
    public void Release() => Learn(knowledge => knowledge.Release());

    public void Dispose()
    {
        _read.Dispose();
        _changed.Dispose();
    }

    private async Task ReadAsync(CancellationToken stopping)
    {
        var begun = BootClock.Now();
        if (await store.ReadAsync(StoreLimit, stopping) is not StoreRead.Content content
            || ClusterRecords.Decode(content, _records) is not RecordsRead.Decoded { Records: var read })
            return;
        if (read.Spec is { Value: var spec } stored && stored.Revision != _records.Spec?.Revision)
            await FollowAsync(spec, stopping);
        var news = read != _records;
        _records = read;
        if (_timing is { } timing && read.Leadership is { } leadership)
            Learn(knowledge => knowledge.Read(leadership.Value, leadership.Revision, begun, timing));
        if (news)
            records(read);
    }

    /// <summary>Other members, or the same ones elsewhere.</summary>
    private async Task FollowAsync(ClusterSpec spec, CancellationToken stopping)
    {
        var backends = await Task.WhenAll(spec.Members.Select(member => Backends.OfAsync(home, member, stopping)));
        _timing = spec.Timing;
        Learn(knowledge => knowledge with
        {
            Backends = backends.OfType<Backend>().ToImmutableSortedDictionary(one => one.Name, one => one),
        });
        var gone = _watches
            .Where(watch => !spec.Members.Contains(watch.Member) || watch.Timing != spec.Timing)
            .ToList();
        foreach (var watch in gone)
            await watch.DisposeAsync();
        var kept = _watches.RemoveRange(gone);
        _watches = kept.AddRange(spec.Members
            .Where(member => kept.All(watch => watch.Member != member))
            .Select(member => new MemberWatch(home, member, spec.Timing, Learn)));
    }

    /// <summary>What changes by the passing of time alone is published when it does.</summary>
    private async Task LapseAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                var now = BootClock.Now();
                Instant next;
                lock (_gate)
                    next = _knowledge.ChangesAfter(now);
                // Standbys that fall silent go without an event of their own.
                var wait = next == Instant.Never ? WithoutCluster : next - now;
                await _changed.WaitAsync(wait < WithoutCluster ? wait : WithoutCluster, stopping);
                Learn(knowledge => knowledge);
            }
        }
        catch (OperationCanceledException)
        {
            // The proxy ends.
        }
    }

    private void Learn(Func<TopologyKnowledge, TopologyKnowledge> learn)
    {
        lock (_gate)
        {
            var before = _knowledge;
            _knowledge = learn(before);
            var silence = _timing is { } timing ? TopologyKnowledge.SilenceOf(timing) : TimeSpan.Zero;
            var topology = _knowledge.At(BootClock.Now(), silence);
            if (Same(topology, _published))
                return;
            _published = topology;
            publish(topology);
        }
        _changed.Set();
    }

    private static bool Same(Topology one, Topology other) =>
        one.Standbys.AsSpan().SequenceEqual(other.Standbys.AsSpan())
        && one with { Standbys = other.Standbys } == other;
}
