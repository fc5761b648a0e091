using System.Collections.Immutable;
using PgMahout.Agent.Api;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Replication;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Processes;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Agent.Loop;

/// <summary>
/// Makes the view of one turn: the local instance first, then the store, then the peers, so that what peers say is
/// never older than what was seen here. Silence is recorded, never thrown; every question has a limit.
/// </summary>
internal sealed class Observer(
    HomeLayout home, IClusterStore store, PostgresInstance instance, (AgentMemory Memory, LongWork Work) state)
    : IDisposable
{
    private readonly DiskWatch _disks = new(instance.Settings.DataDirectory);
    private readonly AgentMemory _memory = state.Memory;
    private readonly LongWork _work = state.Work;
    private readonly MemberName _self = instance.Settings.Name;
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);
    private Instant _leaderAskedAt;
    private Instant _behindHeadsAskedAt;
    private readonly Dictionary<MemberName, AgentClient> _clients = [];

    public async Task<ClusterView> ObserveAsync(ClusterSpec spec, CancellationToken cancellation)
    {
        var postgres = await ObservePostgresAsync(spec.Timing.ObserveLimit, cancellation);
        var postgresAt = BootClock.Now();
        var content = await ReadStoreAsync(spec.Timing, cancellation);
        var view = new ClusterView(
            BootClock.Now(), _self, spec, content, _memory.Lease, postgres, postgresAt, [],
            _work.Running, _work.Failures, SealInForce(postgres), _memory.PromisedUntil,
            _memory.LeaderWritten, _memory.Request)
        {
            Disk = _memory.Disk = _disks.Look(postgres, IsMine(content), spec.Timing),
            LeftHead = _memory.LeftHead,
        };
        view = view with { Peers = await AskAsync(Asked(view), spec.Timing.PeerLimit, cancellation) };
        Remember(view);
        return view with { Now = BootClock.Now(), LeaderWritten = _memory.LeaderWritten };
    }

    /// <summary>
    /// A look at the instance that begins after this call: what peers are told must not be older than their question.
    /// </summary>
    public async Task<PostgresState> ObservePostgresAsync(TimeSpan limit, CancellationToken cancellation)
    {
        await _oneAtATime.WaitAsync(cancellation);
        try
        {
            return await instance.ObserveAsync(limit, cancellation);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>This member's own word, for a peer that asks.</summary>
    public async Task<MemberReport> ReportAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var postgres = await ObservePostgresAsync(limit, cancellation);
        return new MemberReport(_self, postgres, SealInForce(postgres), _memory.Lease.Revision, _work.Running)
        {
            Disk = _memory.Disk,
        };
    }

    public AgentClient Client(MemberSpec member)
    {
        lock (_clients)
        {
            if (_clients.TryGetValue(member.Name, out var known) && known.Member == member)
                return known;
            known?.Dispose();
            return _clients[member.Name] = new AgentClient(home, member);
        }
    }

    public void Dispose()
    {
        _oneAtATime.Dispose();
        _disks.Dispose();
        foreach (var client in _clients.Values)
            client.Dispose();
    }

    /// <summary>A seal holds only as long as the server really receives from nobody.</summary>
    private Revision? SealInForce(PostgresState postgres) =>
        postgres is PostgresState.Standby { Upstream: null, Streaming: false } ? _memory.Sealed : null;

    /// <summary>As far as is known: without the store, by what it last said.</summary>
    private bool IsMine(Reading<StoreContent> store) =>
        (store.TryGet(out var content) ? content.Leadership : _memory.Records.Leadership?.Value)
            is { IsHeld: true } leadership && leadership.Holder == _self;

    private async Task<Reading<StoreContent>> ReadStoreAsync(Timing timing, CancellationToken cancellation)
    {
        var read = await store.ReadAsync(timing.StoreLimit, cancellation);
        var now = BootClock.Now();
        var (records, problem) = read switch
        {
            StoreRead.Content content => Decode(content),
            StoreRead.Unreachable unreachable => (null, unreachable.Reason),
            _ => throw new InvalidOperationException($"unknown answer {read.GetType().Name}"),
        };
        _memory.StoreProblem = problem;
        if (records is null)
            return new Reading<StoreContent>.Missing(problem!, now);

        _memory.Records = records;
        var known = records.Content(TimeProvider.System.GetUtcNow());
        var mine = known.Leadership is { IsHeld: true } leadership && leadership.Holder == _self;
        _memory.Learn(lease => lease.Saw(known.Revision, mine, now), timing);
        return new Reading<StoreContent>.Fresh(known, now);
    }

    private (ClusterRecords?, string?) Decode(StoreRead.Content content) =>
        ClusterRecords.Decode(content, _memory.Records) switch
        {
            RecordsRead.Decoded decoded => (decoded.Records, null),
            RecordsRead.Unreadable unreadable => (null, unreadable.Reason),
            var other => throw new InvalidOperationException($"unknown answer {other.GetType().Name}"),
        };

    /// <summary>
    /// Whose word this turn's decision can need: the leader's while following; everybody's while the leadership is
    /// open or a leader has no primary, a disk that fails, or a switchover to decide; nobody's while leading quietly,
    /// or while the lease waits for its heir, when a silent third member must not cost time. Now and then only, a
    /// standby that streams asks its leader, for the slots that it keeps for others; and a leader asks those that
    /// stream from the head of their site, for the slots that it keeps for them. Whom to follow is asked of the head,
    /// too.
    /// </summary>
    private IEnumerable<MemberSpec> Asked(ClusterView view)
    {
        if (!view.Store.TryGet(out var store) || store.Leadership is not { } leadership)
            return [];
        return Standings.Of(view) switch
        {
            Standing.NeverLed => [],
            Standing.OtherHolds when view.Postgres is PostgresState.Standby { Streaming: true }
                && view.Now - _leaderAskedAt < view.Timing.Ttl => [],
            Standing.OtherHolds => Upstreams(view, leadership),
            Standing.Holding when view.Postgres is PostgresState.Primary && store.Switchover is null
                && view.Disk.IsWell(view.Timing) => BehindHeads(view, leadership),
            Standing.Released when view.Now < view.Lease.SeenAt + view.Timing.HeirPatience => [],
            Standing.Holding or Standing.Unconfirmed or Standing.Expired or Standing.Released =>
                view.Spec.Others(view.Self),
        };
    }

    private static IEnumerable<MemberSpec> Upstreams(ClusterView view, Leadership leadership)
    {
        var head = UpstreamChoice.HeadFor(view.Spec, leadership, view.Self);
        return view.Spec.Members.Where(member => member.Name == leadership.Holder || member.Name == head);
    }

    private ImmutableArray<MemberSpec> BehindHeads(ClusterView view, Leadership leadership)
    {
        if (view.Now - _behindHeadsAskedAt < view.Timing.FollowPatience)
            return [];
        _behindHeadsAskedAt = view.Now;
        return [.. view.Spec.Members.Where(
            member => UpstreamChoice.HeadFor(view.Spec, leadership, member.Name) is not null)];
    }

    private async Task<ImmutableArray<Peer>> AskAsync(
        IEnumerable<MemberSpec> members, TimeSpan limit, CancellationToken cancellation)
    {
        var asked = members.Select(async member =>
        {
            var at = BootClock.Now();
            var answer = await Client(member).GetReportAsync(limit, cancellation);
            Reading<MemberReport> reading = answer is AgentAnswer<MemberReport>.Said said
                ? new Reading<MemberReport>.Fresh(said.Value, at)
                : new Reading<MemberReport>.Missing(answer.Silence, at);
            return new Peer(member.Name, reading);
        });
        return [.. await Task.WhenAll(asked)];
    }

    private void Remember(ClusterView view)
    {
        if (view.Leadership is { } leadership
            && view.PeerReport(leadership.Holder)?.Postgres is PostgresState.Primary leader)
            (_memory.LeaderWritten, _leaderAskedAt) = (leader.Written, view.Now);
        if (view.Postgres is PostgresState.Primary or PostgresState.Standby { Streaming: true })
            _work.ForgetFailures();
    }
}
