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
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(30);

    private readonly AgentMemory _memory = state.Memory;
    private ClusterSpec _spec = null!;
    private Revision? _specRevision;
    private long? _configuration;
    private Task _watched = Task.CompletedTask;
    private bool _settled;

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
            WatchPostmaster(stopping);
            if (IsDown(view) || (!view.Store.IsFresh && !state.HasHome()))
                return;
            await actuator.ApplyAsync(view, decision, stopping);
            Settle(decision);
            await wake.WaitAsync(Pace(decision, formerRule), stopping);
        }
    }

    /// <summary>A step that wants the next turn at once and keeps failing must not spin.</summary>
    private static TimeSpan Pace(Decision decision, Rule? formerRule) =>
        decision.Rule == formerRule && decision.WakeWithin < LeastWait ? LeastWait : decision.WakeWithin;

    /// <summary>Starting, cloning and electing take memory that waiting does not: once all is quiet, it goes.</summary>
    private void Settle(Decision decision)
    {
        var quiet = decision.Rule is Rule.KeepLeading or Rule.FollowLeader
            && BootClock.Now() - _memory.RuleSince >= Quiet;
        if (quiet && !_settled)
            ResidentMemory.GiveBack();
        _settled = quiet;
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
        (_specRevision, _configuration) = (wanted.Revision, configuration.Number);
        if (postgres is PostgresState.Foreign)
            return;
        var outcome = await instance.ReconfigureAsync(changed, _spec.Timing.ObserveLimit * 4, stopping);
        _memory.Configuration = new LoadedConfiguration(configuration.Number, outcome.Failure?.ToString());
        if (outcome.Failure is { } problem)
            Console.Error.WriteLine(problem);
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
