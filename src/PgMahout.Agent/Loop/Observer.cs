using System.Collections.Immutable;
using PgMahout.Agent.Api;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
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
    private Instant? _askedAt;
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
        view = view with { Peers = await AskAsync(spec, Questions.Of(view, _askedAt), cancellation) };
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

    /// <summary>Who is not awaited may go on answering: to nobody.</summary>
    private async Task<ImmutableArray<Peer>> AskAsync(
        ClusterSpec spec, Questions questions, CancellationToken cancellation)
    {
        var at = BootClock.Now();
        var asked = questions.Asked
            .Select(name => (Name: name, Answer: Client(spec.Find(name)!).GetReportAsync(
                spec.Timing.PeerLimit, cancellation)))
            .ToImmutableArray();
        await Task.WhenAll(asked.Where(one => questions.Awaited.Contains(one.Name)).Select(one => one.Answer));
        var peers = ImmutableArray.CreateBuilder<Peer>(asked.Length);
        foreach (var (name, answer) in asked)
            peers.Add(new Peer(name, answer.IsCompletedSuccessfully
                ? ReadingOf(await answer, at)
                : new Reading<MemberReport>.Missing("it was not waited for", at)));
        return peers.MoveToImmutable();
    }

    private static Reading<MemberReport> ReadingOf(AgentAnswer<MemberReport> answer, Instant at) =>
        answer is AgentAnswer<MemberReport>.Said said
            ? new Reading<MemberReport>.Fresh(said.Value, at)
            : new Reading<MemberReport>.Missing(answer.Silence, at);

    private void Remember(ClusterView view)
    {
        if (view.Leadership is { } leadership
            && view.PeerReport(leadership.Holder)?.Postgres is PostgresState.Primary leader)
            _memory.LeaderWritten = leader.Written;
        _askedAt = Questions.AskedAt(view, _askedAt);
        if (view.Postgres is PostgresState.Primary or PostgresState.Standby { Streaming: true })
            _work.ForgetFailures();
    }
}
