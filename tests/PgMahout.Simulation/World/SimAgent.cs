using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Simulation.World;

/// <summary>
/// One agent's loop over the policy: observe the local server, then the store, then the peers; decide; act, one action
/// after the other, until one is not done. Each step takes time, may be answered late or never, and dies with the
/// process. This part is the turn; what it does is in the other two.
/// </summary>
internal sealed partial class SimAgent
{
    private readonly SimWorld _world;
    private readonly int _index;
    private readonly SimPostgres _postgres;

    private AgentObserver _observer;
    private LeaseKnowledge _lease = LeaseKnowledge.StartingAt(Instant.Zero);
    private Revision? _sealed;
    private Instant? _promisedUntil;
    private WalPosition? _leaderWritten;
    private Instant? _askedAt;
    private WalPosition? _writtenOnDisk;
    private LeftHead? _leftHead;
    private Epoch _recordEpoch;
    private MemberReport? _lastReport;
    private bool _inTurn;
    private bool _wokenDuringTurn;
    private bool _acquiring;
    private int _wake;
    private Rule _lastRule;

    public SimAgent(SimWorld world, int index, SimPostgres postgres)
    {
        _world = world;
        _index = index;
        _postgres = postgres;
        _observer = new AgentObserver(world, postgres);
        Process = new SimProcess(postgres.Host);
        postgres.Host.Processes.Add(Process);
        postgres.Exited = () => WakeSoon();
    }

    public SimProcess Process { get; }

    /// <summary>
    /// The revision for which this member last said that it receives nothing; said is said, also by an earlier agent.
    /// </summary>
    public Revision? SealTold { get; private set; }

    private MemberName Self => _world.Spec.Members[_index].Name;
    private Timing Timing => _world.Spec.Timing;
    private Instant Now => _postgres.Host.Clock(_world.Now);

    /// <summary>
    /// A new process remembers nothing of the one before, except what is on disk: the configuration of its PostgreSQL,
    /// and how far the leader had written when it was last promised anything.
    /// </summary>
    public void Start()
    {
        Process.Start();
        _observer = new AgentObserver(_world, _postgres);
        _lease = LeaseKnowledge.StartingAt(Now);
        _sealed = null;
        _promisedUntil = null;
        _leftHead = null;
        _leaderWritten = _writtenOnDisk;
        _askedAt = null;
        _lastReport = null;
        _inTurn = _wokenDuringTurn = _acquiring = false;
        ForgetWork();
        Wake();
    }

    public void Kill()
    {
        AbandonWork();
        Process.Kill();
    }

    /// <summary>A healthy cluster to begin with: this member holds the first lease.</summary>
    public void BeginAsHolder(Revision revision, Epoch epoch)
    {
        _recordEpoch = epoch;
        _lease = LeaseKnowledge.StartingAt(Now).Wrote(revision, mine: true, Now, Now);
        ArmGuard();
    }

    public void Ask(MemberRequest request)
    {
        if (Process.Alive)
            _request = request;
        WakeSoon();
    }

    /// <summary>Something happened that is worth a look; must be planned as an event of this process.</summary>
    public void Wake()
    {
        if (_inTurn)
        {
            _wokenDuringTurn = true;
            return;
        }
        _inTurn = true;
        _wokenDuringTurn = false;
        var took = _world.Milliseconds(0.5, 3);
        _world.After(_observer.IsSilent ? SimWorld.Nanoseconds(Timing.ObserveLimit) : took, Process, ObserveLocally);
    }

    private void WakeSoon() => _world.After(_world.Milliseconds(0.3, 3), Process, Wake);

    private void ObserveLocally()
    {
        var state = _observer.Observe();
        var at = Now;
        Notice(state);
        ReadStore(store => AskPeers(QuestionsOf(View(state, at, store)), peers => TakeTurn(state, at, store, peers)));
    }

    private Questions QuestionsOf(ClusterView view) => Questions.Of(
        _world.Knobs.AskUnsealed && view.Store.TryGet(out var store) ? view with { Sealed = store.Revision } : view,
        _askedAt);

    private void ReadStore(Action<Reading<StoreContent>> next)
    {
        var answered = false;
        _world.Store.Read(_postgres.Host, Process, content =>
        {
            if (answered)
                return;
            answered = true;
            var mine = content.Leadership is { IsHeld: true } record && record.Holder == Self;
            _lease = _lease.Saw(content.Revision, mine, Now);
            if (mine && _world.Knobs.CountFromReading)
                _lease = _lease with { HeldFrom = Now };
            _recordEpoch = content.Leadership?.Epoch ?? Epoch.Zero;
            ArmGuard();
            next(new Reading<StoreContent>.Fresh(content, Now));
        });
        _world.After(SimWorld.Nanoseconds(Timing.StoreLimit), Process, () =>
        {
            if (answered)
                return;
            answered = true;
            next(new Reading<StoreContent>.Missing("no answer in time", Now));
        });
    }

    private void AskPeers(Questions questions, Action<ImmutableArray<Peer>> next)
    {
        var asked = questions.Asked.Select(name => _world.Members.Single(member => member.Name == name)).ToList();
        var answers = new MemberReport?[asked.Count];
        var askedAt = Now;
        var outstanding = questions.Awaited.Length;
        var done = false;
        void Finish()
        {
            if (done)
                return;
            done = true;
            next(Collect(asked, answers, askedAt));
        }

        for (var index = 0; index < asked.Count; index++)
        {
            var slot = index;
            Ask(asked[slot], report =>
            {
                answers[slot] = report;
                if (questions.Awaited.Contains(asked[slot].Name) && --outstanding == 0)
                    Finish();
            });
        }
        if (outstanding == 0)
            Finish();
        else
            _world.After(SimWorld.Nanoseconds(Timing.PeerLimit), Process, Finish);
    }

    private void Ask(SimMember peer, Action<MemberReport> answered)
    {
        var network = _world.Network;
        if (!network.Reaches(_index, peer.Index) || !peer.Agent.Process.Alive)
            return;
        var life = Process.Life;
        _world.After(network.Latency(), peer.Agent.Process, () =>
        {
            var report = peer.Agent.Report();
            if (network.Reaches(peer.Index, _index))
                _world.Answer(network.Latency() + _world.Milliseconds(0.5, 2), Process, life, () => answered(report));
        });
    }

    private static ImmutableArray<Peer> Collect(List<SimMember> asked, MemberReport?[] answers, Instant askedAt)
    {
        var peers = ImmutableArray.CreateBuilder<Peer>(answers.Length);
        for (var index = 0; index < answers.Length; index++)
            peers.Add(new Peer(asked[index].Name, answers[index] is { } report
                ? new Reading<MemberReport>.Fresh(report, askedAt)
                : new Reading<MemberReport>.Missing("no answer in time", askedAt)));
        return peers.MoveToImmutable();
    }

    /// <summary>
    /// What this member says of itself: looked up when asked, so that what it says after sealing is final.
    /// </summary>
    private MemberReport Report()
    {
        if (_world.Knobs.StaleReports && _lastReport is { } old)
            return old with { Sealed = SealTold = _sealed };
        return ReportOf(_observer.Observe());
    }

    private MemberReport ReportOf(PostgresState state)
    {
        SealTold = SealInForce(state) ?? SealTold;
        return new MemberReport(Self, state, SealInForce(state), _lease.Revision, _operation)
        {
            Disk = _observer.Disk(),
        };
    }

    /// <summary>A seal holds only as long as the server really receives from nobody.</summary>
    private Revision? SealInForce(PostgresState state) =>
        _world.Knobs.SealWithoutStopping || state is PostgresState.Standby { Upstream: null, Streaming: false }
            ? _sealed
            : null;

    private void TakeTurn(PostgresState state, Instant at, Reading<StoreContent> store, ImmutableArray<Peer> peers)
    {
        HearLeader(state, store, peers);
        if (_world.Knobs.StaleReports)
            _lastReport = ReportOf(state);
        var view = View(state, at, store) with { Peers = peers };
        _askedAt = Questions.AskedAt(view, _askedAt);
        var decision = _world.Policy(view);
        _world.Reached(decision.Rule);
        if (_world.Tracing && (decision.Rule != _lastRule || !decision.Actions.IsEmpty))
            _world.Note(_index, "agent",
                $"{decision.Rule}: {string.Join("; ", decision.Actions.Select(Describe))}  [{state.GetType().Name}]");
        _lastRule = decision.Rule;
        Apply(view, decision, 0);
    }

    private ClusterView View(PostgresState state, Instant at, Reading<StoreContent> store) => new(
        Now, Self, _world.Spec, store, _lease, state, at, [], _operation, [.. _failures], SealInForce(state),
        _promisedUntil, _leaderWritten, _request)
    {
        Disk = _observer.Disk(),
        LeftHead = _leftHead,
    };

    private static string Describe(HaAction action) => action switch
    {
        HaAction.AcquireLease acquire => $"AcquireLease r{acquire.Expected}",
        HaAction.RenewLease renew => $"RenewLease r{renew.Expected}",
        HaAction.ReleaseLease release => $"ReleaseLease r{release.Expected}",
        HaAction.SetSynchronous set => $"SetSynchronous {set.Set}",
        HaAction.Follow follow => $"Follow {follow.Upstream}",
        HaAction.StartStandby start => $"StartStandby {start.Upstream}",
        HaAction.KeepSlot slot => $"KeepSlot {slot.Slot} {slot.AdvanceTo}",
        _ => action.GetType().Name,
    };

    private void HearLeader(PostgresState state, Reading<StoreContent> store, ImmutableArray<Peer> peers)
    {
        if (!store.TryGet(out var content) || content.Leadership is not { } leadership)
            return;
        var leader = leadership.Holder == Self
            ? state
            : peers.FirstOrDefault(peer => peer.Name == leadership.Holder)?.Report is Reading<MemberReport>.Fresh fresh
                ? fresh.Value.Postgres
                : null;
        if (leader is PostgresState.Primary primary)
            _leaderWritten = primary.Written;
    }

    private void EndTurn(TimeSpan wakeWithin)
    {
        _inTurn = false;
        var wake = ++_wake;
        if (_wokenDuringTurn)
        {
            WakeSoon();
            return;
        }
        var wait = Math.Max(1_000_000, SimWorld.Nanoseconds(wakeWithin));
        _world.After(wait, Process, () =>
        {
            if (wake == _wake)
                Wake();
        });
    }

    /// <summary>The deadline follows every success; it is never taken back, only passed.</summary>
    private void ArmGuard()
    {
        if (_postgres.Leads && _lease.FenceAt(Timing) is { } deadline)
            _postgres.Guard.Arm(deadline);
    }
}
