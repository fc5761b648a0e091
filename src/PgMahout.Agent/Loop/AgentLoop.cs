using PgMahout.Core.Cluster;
using PgMahout.Core.Configuration;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Loop;

/// <summary>Observe, decide, act; then wait for time or for an event. The whole life of an agent.</summary>
internal sealed class AgentLoop(
    Observer observer, Actuator actuator, PostgresInstance instance, AgentState state, WakeSignal wake)
{
    private static readonly TimeSpan LeastWait = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LoadLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan QuietFurther = TimeSpan.FromMinutes(10);

    private readonly AgentMemory _memory = state.Memory;
    private ClusterSpec _spec = null!;
    private Revision? _specRevision;
    private long? _configuration;
    private Reload? _reload;
    private Task _watched = Task.CompletedTask;
    private Instant? _giveBackAt;

    /// <summary>Runs until stopped, or until the member is shut down on request.</summary>
    /// <param name="settings">What PostgreSQL is to be configured with under a spec.</param>
    public async Task RunAsync(
        ClusterSpec spec,
        Func<ClusterSpec, DesiredConfiguration, InstanceSettings?> settings,
        CancellationToken stopping)
    {
        _spec = spec;
        while (!stopping.IsCancellationRequested)
        {
            await AdoptAsync(settings, stopping);
            var (before, formerRule) = (_memory.View, _memory.Decision?.Rule);
            var view = await observer.ObserveAsync(_spec, stopping);
            var decision = HaPolicy.Decide(view);
            state.Journal.Compare(before, formerRule, view, decision);
            Remember(view, decision);
            state.Service.Looked(view.Postgres);
            WatchPostmaster(stopping);
            if (IsDown(view) || (!view.Store.IsFresh && !state.HasHome()))
                return;
            await actuator.ApplyAsync(view, decision, stopping);
            Settle(decision);
            Tell(decision);
            await wake.WaitAsync(Pace(decision, formerRule), stopping);
        }
    }

    /// <summary>A step that wants the next turn at once and keeps failing must not spin.</summary>
    private static TimeSpan Pace(Decision decision, Rule? formerRule) =>
        decision.Rule == formerRule && decision.WakeWithin < LeastWait ? LeastWait : decision.WakeWithin;

    /// <summary>
    /// Starting, cloning and electing take memory that waiting does not: once all is quiet, it goes; what seldom work
    /// takes later goes now and then.
    /// </summary>
    private void Settle(Decision decision)
    {
        if (decision.Rule is not (Rule.KeepLeading or Rule.FollowLeader or Rule.FollowHead))
        {
            _giveBackAt = null;
            return;
        }
        var now = BootClock.Now();
        if (now < (_giveBackAt ??= now + Quiet))
            return;
        ResidentMemory.GiveBack();
        _giveBackAt = now + QuietFurther;
    }

    /// <summary>Only here, at the end of a turn: a loop that hangs anywhere is silent.</summary>
    private void Tell(Decision decision)
    {
        state.Unit.Limit(_spec.Timing.HungAfter);
        state.Unit.Status($"{decision.Rule}: {RuleText.Meaning(decision.Rule)}");
        state.Unit.Turned();
    }

    private void Remember(ClusterView view, Decision decision)
    {
        if (_memory.Decision?.Rule != decision.Rule)
            _memory.RuleSince = view.Now;
        _memory.View = view;
        _memory.Decision = decision;
    }

    /// <summary>
    /// An operator changed the spec or the configuration: take it over. A member that is no longer in the spec goes
    /// down, as if asked to. Nothing is touched where the files say so already, as after a restart of this agent.
    /// </summary>
    private async Task AdoptAsync(
        Func<ClusterSpec, DesiredConfiguration, InstanceSettings?> settings, CancellationToken stopping)
    {
        if (_memory.Records.Spec is not { } wanted)
            return;
        var configuration = _memory.Records.ConfigurationFor(instance.Settings.Name);
        if (wanted.Revision == _specRevision && configuration.Number == _configuration)
            return;
        if (settings(wanted.Value, configuration.Desired) is not { } changed)
        {
            _specRevision = wanted.Revision;
            _memory.Request = MemberRequest.Shutdown;
            return;
        }
        _spec = wanted.Value;
        // Before the first look nobody knows yet whose data directory that is.
        if (_memory.View?.Postgres is not { } postgres)
            return;
        // A start writes the same files; once it is done, this comes again.
        if (state.Work.Running?.Kind == OperationKind.Start)
            return;
        (_specRevision, _configuration) = (wanted.Revision, configuration.Number);
        if (postgres is PostgresState.Foreign)
            return;
        var written = await instance.ReconfigureAsync(changed, _spec.Timing.ObserveLimit, stopping);
        if (written.TryGet(out var reload) && reload is not null)
            _ = ConfirmAsync(configuration.Number, _reload = reload, stopping);
        else
            Remember(configuration.Number, written.Failure?.ToString());
    }

    /// <summary>Beside the loop, which has a lease to renew: a busy server may take long to load its files.</summary>
    private async Task ConfirmAsync(long number, Reload reload, CancellationToken stopping)
    {
        try
        {
            var loaded = await instance.AwaitReloadAsync(reload, LoadLimit, stopping);
            if (ReferenceEquals(reload, _reload))
                Remember(number, loaded.Failure?.ToString());
        }
        catch (OperationCanceledException)
        {
            // The agent is ending; nobody asks any more.
        }
    }

    private void Remember(long number, string? complaint)
    {
        _memory.Configuration = new LoadedConfiguration(number, complaint);
        if (complaint is not null)
            Console.Error.WriteLine(complaint);
    }

    private static bool IsDown(ClusterView view) =>
        view is { Request: MemberRequest.Shutdown, Operation: null }
        && view.Postgres
            is PostgresState.Stopped { ProcessesLeft: 0 } or PostgresState.Uninitialized or PostgresState.Foreign;

    /// <summary>The death of the postmaster is an event: the loop wakes the moment it happens.</summary>
    private void WatchPostmaster(CancellationToken stopping)
    {
        // One that has not ended is the one: a data directory has no second postmaster beside it.
        if (_watched.IsCompleted && instance.Processes.FindPostmaster() is { } postmaster)
            _watched = WakeAtExitAsync(postmaster, stopping);
    }

    private async Task WakeAtExitAsync(ServerProcess postmaster, CancellationToken stopping)
    {
        try
        {
            await ProcessExit.WaitAsync(postmaster, stopping);
            wake.Set();
        }
        catch (OperationCanceledException)
        {
            // The agent is ending; nobody waits.
        }
    }
}
