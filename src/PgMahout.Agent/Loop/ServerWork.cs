using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Processes;
using PgMahout.Postgres.Rejoin;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Agent.Loop;

/// <summary>The long work: starts, stops, promotions, rewinds and clones, each an operation beside the loop.</summary>
internal sealed class ServerWork(
    HomeLayout home, PostgresInstance instance, IClusterStore store, Observer observer, AgentState state)
{
    private const int PublishAttempts = 5;
    private static readonly TimeSpan InitLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan PromoteLimit = TimeSpan.FromSeconds(30);
    // Nobody waits for the service when a member goes down on request: its last checkpoint may take its time.
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan InspectLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RewindLimit = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan CloneLimit = TimeSpan.FromHours(24);
    private static readonly TimeSpan GuardLimit = TimeSpan.FromSeconds(10);

    private readonly MemberName _self = instance.Settings.Name;
    private readonly AgentMemory _memory = state.Memory;
    private readonly AgentJournal _journal = state.Journal;

    public bool Bootstrap(ClusterView view, HaAction.Bootstrap bootstrap) =>
        Start(OperationKind.Bootstrap, null, async progress =>
        {
            progress.Report("initdb");
            if (view.Postgres is not PostgresState.Primary)
            {
                // initdb's work is moved into place whole, so a directory that is there is an interrupted try's.
                var made = view.Postgres is PostgresState.Stopped
                    ? Outcome.Success
                    : await instance.InitializeAsync(InitLimit, CancellationToken.None);
                if (made.Failure is not null)
                    return made;
                var started = await LaunchAsync(() => instance.PreparePrimary(SynchronousSet.Nobody), InitLimit);
                if (started.Failure is not null)
                    return started;
            }
            progress.Report("roles");
            var roles = await instance.CreateRolesAsync(InitLimit, CancellationToken.None);
            return roles.Failure is null ? await PublishAsync(bootstrap) : roles;
        });

    public bool StartPrimary(ClusterView view, HaAction.StartPrimary start) =>
        MayServe(view, start.Epoch) && Start(OperationKind.Start, null, async _ =>
        {
            var outcome = await LaunchAsync(() => instance.PreparePrimary(start.Synchronous), StartLimit);
            if (outcome.Failure is null)
                _journal.Record(JournalKind.Restarted, $"PostgreSQL of {_self} was started in place as primary");
            return outcome;
        });

    public bool StartStandby(ClusterView view, HaAction.StartStandby start)
    {
        _memory.Disarm();
        _memory.Sealed = start.Upstream is null && view.Store.TryGet(out var content) ? content.Revision : null;
        return Start(OperationKind.Start, start.Upstream, async _ =>
        {
            var minimums = await instance.ReadStandbyMinimumsAsync(InspectLimit, CancellationToken.None);
            var outcome = await LaunchAsync(() => instance.PrepareStandby(start.Upstream, minimums), StartLimit);
            if (outcome.Failure is null)
                _journal.Record(
                    JournalKind.Rejoined,
                    $"{_self} runs as a standby{(start.Upstream is { } leader ? $" of {leader}" : "")}");
            return outcome;
        });
    }

    public bool Stop(ClusterView view, HaAction.Stop stop) =>
        Start(OperationKind.Stop, null, async _ =>
        {
            try
            {
                return await instance.StopAsync(
                    stop.Mode,
                    view.Request == MemberRequest.Shutdown ? ShutdownLimit : view.Timing.StopLimit,
                    () => PartAsync(view, stop.Running),
                    CancellationToken.None);
            }
            finally
            {
                state.Service.StopEnded();
            }
        });

    /// <summary>Clients behind a proxy are held; from then on nobody is to be sent here.</summary>
    private async Task PartAsync(ClusterView view, Transactions running)
    {
        if (running == Transactions.AllowedToEnd && view.Leadership is { } leadership)
        {
            // One that did not answer a moment ago would only be waited for.
            var others = view.Spec.Others(_self).Where(member => view.PeerReport(member.Name) is not null);
            Log.Write(
                Severity.Information,
                await ProxyCalls.DrainAsync(home, others.Select(observer.Client), leadership.Epoch));
        }
        state.Service.StopBegins();
    }

    public bool Promote(ClusterView view, HaAction.Promote promote)
    {
        if (!MayServe(view, promote.Epoch))
            return false;
        var previous = _memory.Reign;
        return Start(OperationKind.Promote, null, async _ =>
        {
            var begun = BootClock.Now();
            var outcome = await instance.PromoteAsync(
                new TimelineId((uint)promote.Epoch.Value), PromoteLimit, CancellationToken.None);
            if (outcome.Failure is not null)
                return outcome;
            state.Service.Promoted(promote.Epoch);
            _journal.Record(
                previous?.Planned == true || IsOfRegion(view) ? JournalKind.Switchover : JournalKind.Failover,
                $"{_self} leads{(previous is { } reign ? $" instead of {reign.From}: {reign.Why}" : "")}; "
                + $"promoted in {(BootClock.Now() - begun).TotalMilliseconds:F0} ms");
            return outcome;
        });
    }

    public bool InspectWal() =>
        Start(OperationKind.InspectWal, null, async _ =>
            Plain(await instance.InspectWalAsync(InspectLimit, CancellationToken.None)));

    public bool Rewind(ClusterView view, HaAction.RewindFrom rewind) =>
        Primary(view, rewind.Source) is { } source
        && Start(OperationKind.Rewind, rewind.Source, async progress =>
        {
            var saved = await SalvageAsync(source, progress);
            progress.Report("pg_rewind");
            var outcome = await instance.RewindAsync(rewind.Source, RewindLimit, CancellationToken.None);
            if (outcome.Failure is null)
                _journal.Record(JournalKind.Rewound, RewindText(rewind.Source, saved));
            return outcome;
        });

    public bool Clone(ClusterView view, HaAction.CloneFrom clone)
    {
        _memory.Disarm();
        return Start(OperationKind.Clone, clone.Source, async progress =>
        {
            if (view.Postgres is not (PostgresState.Uninitialized or PostgresState.Stopped { ProcessesLeft: 0 }))
            {
                var stopped = await instance.StopAsync(StopMode.Fast, view.Timing.StopLimit, CancellationToken.None);
                if (stopped.Failure is not null)
                    return stopped;
            }
            if (view.Postgres is PostgresState.Stopped && Primary(view, clone.Source) is { } source)
                await SalvageAsync(source, progress);
            return await CopyAsync(
                clone.Source, view.PeerReport(clone.Source)?.Postgres as PostgresState.Primary, progress);
        });
    }

    /// <summary>The first promotion after a planned change between regions.</summary>
    private static bool IsOfRegion(ClusterView view) =>
        view.Region?.Mark is { } mark
        && view.Postgres is PostgresState.Standby standby
        && standby.Received.Timeline <= mark.Timeline;

    private static PostgresState.Primary? Primary(ClusterView view, MemberName name) =>
        name == Region.Upstream
            ? view.Twin is Reading<RegionWord>.Fresh { Value.Primary: var abroad } ? abroad : null
            : view.PeerReport(name)?.Postgres as PostgresState.Primary;

    /// <summary>From a repository if it can be: then the leader sends only what followed. Else all from it.</summary>
    private async Task<Outcome> CopyAsync(
        MemberName source, PostgresState.Primary? leader, IProgress<string> progress)
    {
        var begun = BootClock.Now();
        var wanted = CopyOriginFile.Read(home.CopyOriginFile(_self));
        var why = "";
        if (leader is not null && (wanted == CopyOrigin.Repository || wanted == CopyOrigin.Auto && HasRepository))
        {
            var restored = await RestoreAsync(source, (wanted, leader.History), progress);
            if (restored.TryGet(out var from))
                return Copied($"{_self} was restored from {from}, to follow {source}", begun);
            if (wanted == CopyOrigin.Repository)
                return new Outcome.Failed(restored.Failure!);
            why = $", not from a repository: {restored.Failure!.Why}";
        }
        var copied = new Progress<CloneProgress>(at => progress.Report(CloneText(at, BootClock.Now() - begun)));
        var outcome = await instance.CloneAsync(source, copied, CloneLimit, CancellationToken.None);
        return outcome.Failure is null ? Copied($"{_self} was cloned from {source}{why}", begun) : outcome;
    }

    private bool HasRepository => _memory.Records.Backup is { Value.Repositories.IsEmpty: false };

    private Outcome Copied(string what, Instant begun)
    {
        File.Delete(home.CopyOriginFile(_self));
        _journal.Record(JournalKind.Cloned, $"{what}, in {(BootClock.Now() - begun).TotalSeconds:F1} s");
        return Outcome.Success;
    }

    private async Task<Outcome<string>> RestoreAsync(
        MemberName source, (CopyOrigin Origin, TimelineHistory Line) wanted, IProgress<string> progress)
    {
        var from = "";
        using var limit = new CancellationTokenSource(CloneLimit);
        var outcome = await instance.RestoreAsync(source, async place =>
        {
            var order = new CopyOrder(home, _self, wanted.Origin, place.Directory, wanted.Line, place.Source);
            var made = await state.RepositoryCopy(order, progress, limit.Token);
            return made.TryGet(out from) ? Outcome.Success : new Outcome.Failed(made.Failure!);
        }, CloneLimit, limit.Token);
        return outcome.Failure is { } problem
            ? new Outcome<string>.Failed(problem)
            : new Outcome<string>.Done(from);
    }

    /// <summary>Before a rewind or a clone discards it. That nothing can be saved is told, and stops neither.</summary>
    private Task<Outcome<DivergenceReport>> SalvageAsync(PostgresState.Primary source, IProgress<string> progress)
    {
        progress.Report("saving what the new timeline lacks");
        return instance.SalvageAsync(
            source.History, TimeProvider.System.GetUtcNow(), InspectLimit, CancellationToken.None);
    }

    private bool Start(OperationKind kind, MemberName? source, Func<IProgress<string>, Task<Outcome>> operation) =>
        state.Work.TryStart(kind, source, async progress =>
        {
            var outcome = await operation(progress);
            if (outcome.Failure is { } problem)
                _journal.Record(JournalKind.OperationFailed, $"{kind} failed on {_self}: {problem}");
            return outcome;
        });

    /// <summary>
    /// A server that may confirm commits is started or promoted only with time left and a guard that will end it.
    /// </summary>
    private bool MayServe(ClusterView view, Epoch epoch) =>
        _memory.Records.Leadership?.Value is { IsHeld: true } leadership
        && leadership.Holder == _self
        && leadership.Epoch == epoch
        && _memory.Lease.FenceAt(view.Timing) is { } fenceAt
        && BootClock.Now() < fenceAt
        && _memory.IsArmed;

    /// <summary>
    /// Writes the files for the wanted role, then has a guard launch the server. A server that is up but still
    /// recovering after the limit is started: what it needs is patience, which the policy has.
    /// </summary>
    private async Task<Outcome> LaunchAsync(Func<Outcome> prepare, TimeSpan limit)
    {
        if (!await FormerGuardIsGoneAsync())
            return new Outcome.Failed(new Problem("guard-stays", "the server was not started",
                "the guard of its former server has not ended", "nothing was changed", "look at the guard's process"));
        var prepared = prepare();
        if (prepared.Failure is not null)
            return prepared;
        using var guard = GuardLauncher.Launch(home, _self, instance.Settings.Binaries);
        var serving = await instance.WaitUntilServingAsync(limit, CancellationToken.None);
        return serving.Failure is null || instance.Processes.FindPostmaster() is null ? serving : Outcome.Success;
    }

    private async Task<bool> FormerGuardIsGoneAsync()
    {
        var until = BootClock.Now() + GuardLimit;
        while (PidLock.Holder(home.GuardLock(_self)) is not null)
        {
            if (BootClock.Now() >= until)
                return false;
            await Task.Delay(10);
        }
        return true;
    }

    private async Task<Outcome> PublishAsync(HaAction.Bootstrap bootstrap)
    {
        var seen = await observer.ObservePostgresAsync(StartLimit, CancellationToken.None);
        if (seen is not PostgresState.Primary primary)
            return Unpublished($"the server was found {seen.GetType().Name}");
        for (var attempt = 0; attempt < PublishAttempts; attempt++)
        {
            // Renewals move the revision meanwhile; a reign that ended is seen by its epoch.
            if (_memory.Records.Leadership is not { } leadership || leadership.Value.Epoch != bootstrap.Epoch)
                return Unpublished("another member leads by now");
            var publish = ClusterRecords.PublishIdentity(_memory.Lease.Revision, primary.SystemIdentifier);
            if (await store.WriteAsync(publish, StartLimit, CancellationToken.None) is not WriteOutcome.Done)
                continue;
            _journal.Record(JournalKind.Bootstrap, $"{_self} initialised the cluster {primary.SystemIdentifier}");
            return Outcome.Success;
        }
        return Unpublished("the store did not take it");
    }

    private static Outcome Unpublished(string why) =>
        new Outcome.Failed(new Problem("bootstrap-unpublished", "the new cluster was not published",
            why, "the data directory is kept", "it is tried again by itself"));

    private string RewindText(MemberName source, Outcome<DivergenceReport> saved) => saved switch
    {
        Outcome<DivergenceReport>.Done { Value: var report } =>
            $"{_self} was rewound to follow {source}: {report.Bytes} of its WAL ({report.CommitCount} commits) is not "
            + $"in the new timeline{(report.Directory is { } directory ? $", saved in {directory}" : "")}",
        Outcome<DivergenceReport>.Failed { Problem: var problem } =>
            $"{_self} was rewound to follow {source}; what it had beyond could not be saved: {problem}",
        _ => throw new InvalidOperationException("unknown outcome"),
    };

    private static string CloneText(CloneProgress at, TimeSpan lasting)
    {
        var rate = lasting > TimeSpan.Zero ? new ByteSize((long)(at.Copied.Bytes / lasting.TotalSeconds)) : default;
        return $"{at.Copied} of {at.Total}, {rate}/s";
    }

    private static Outcome Plain<T>(Outcome<T> outcome) =>
        outcome.Failure is { } problem ? new Outcome.Failed(problem) : Outcome.Success;
}
