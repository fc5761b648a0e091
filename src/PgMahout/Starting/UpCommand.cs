using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Core.Proxy;
using PgMahout.Errors;
using PgMahout.Live;
using PgMahout.Output;
using PgMahout.Processes;
using PgMahout.Proxying;
using PgMahout.Regions;
using PgMahout.Status;

namespace PgMahout.Starting;

/// <summary>One run of <c>up</c>: look, plan, check, and only then change something.</summary>
internal sealed class UpCommand(Invocation invocation, UpRequest asked, bool detach, TimeSpan? timeout)
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SupervisorLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ProxyLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    private HomeLayout Home => invocation.Home;

    private Screen Screen => invocation.Screen;

    private CancellationToken Cancellation => invocation.Cancellation;

    public async Task<Ending> RunAsync()
    {
        var plan = await PlanAsync();
        if (plan is HomePlan.Report report)
            return await ShowAsync(report, timeout ?? ReportTimeout);
        if (Check(plan) is { } refused)
            return refused;
        using var alone = TakeLock(out var busy);
        if (alone is null)
            return busy!;

        // The place may have changed while we were not alone, so what counts is what is there now.
        plan = await PlanAsync();
        if (Check(plan) is { } late)
            return late;
        var failure = plan is HomePlan.Report ? null : await BringUpAsync(plan);
        if (failure is not null)
            return failure;
        var ready = await WaitAsync(timeout ?? DefaultTimeout);
        alone.Dispose();
        return ready.TryGet(out var status, out var notReady) ? await EndAsync(status, plan) : notReady;
    }

    private async Task<HomePlan> PlanAsync() =>
        HomePlan.For(await HomeInspection.LookAsync(Home, Cancellation), asked, Home);

    private Failure? Check(HomePlan plan)
    {
        var host = plan switch
        {
            HomePlan.Refuse refuse => refuse.Failure,
            HomePlan.Create create => Preflight.ForNew(Home, create),
            HomePlan.Start start => Preflight.ForExisting(Home, start),
            HomePlan.Report => null,
            _ => throw new InvalidOperationException($"unknown plan {plan}"),
        };
        if (host is null || host.TryGet(out var found, out var failure))
            return null;
        return failure;
    }

    private PidLock? TakeLock(out Failure? failure)
    {
        var file = Path.Combine(Home.Root, HomeInspection.UpLock);
        try
        {
            Directory.CreateDirectory(Home.Root);
            failure = null;
            if (PidLock.TryTake(file) is { } taken)
                return taken;
            failure = new Failure(ErrorCatalogue.UpInProgress, $"another pgmahout is at work on {Home.Root}")
                .Because(PidLock.Holder(file) is { } pid ? $"process {pid} holds {file}" : $"{file} is locked")
                .Try("pgmahout up    (again, when it has ended)");
            return null;
        }
        catch (Exception denied) when (denied is IOException or UnauthorizedAccessException)
        {
            failure = new Failure(ErrorCatalogue.HomeNotUsable, $"{Home.Root} cannot be written")
                .Because(denied.Message)
                .Try("pgmahout up --home DIR");
            return null;
        }
    }

    private async Task<Failure?> BringUpAsync(HomePlan plan)
    {
        if (plan is HomePlan.Create create)
        {
            if (!Preflight.ForNew(Home, create).TryGet(out var host, out var refused))
                return refused;
            Screen.Note(
                $"[1/3] PostgreSQL {host.Binaries.Version} in {host.Binaries.Directory}, as {host.Account.Name}");
            if (await CreateAsync(create, host) is { } failure)
                return failure;
            Screen.Note($"[2/3] home {Home.Root} {(create.Resumes ? "completed" : "created")}");
            Screen.Note("      " + NewRepository.Advice(Home, create.Backup));
        }
        if (SupervisorProcess.Start(Home) is { } problem)
            return DidNotStart(problem);
        if (await SupervisorAsync() is not { } pid)
            return DidNotStart(LogTail.Of(Home.SupervisorLog, 10) ?? "its log is empty");
        Screen.Note($"[3/3] supervisor runs (pid {pid}); waiting for the members");
        return null;
    }

    private async Task<Failure?> CreateAsync(HomePlan.Create create, Host host)
    {
        Follower? follower = null;
        if (asked.Follow is { } leading
            && !(await RegionFounding.BeginAsync(Home, create.Spec, leading, Cancellation))
                .TryGet(out follower, out var refused))
            return refused;
        return await HomeCreation.CreateAsync(Home, create with { Follower = follower }, host, Cancellation);
    }

    private async Task<int?> SupervisorAsync()
    {
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < SupervisorLimit)
        {
            if (SupervisorProcess.Find(Home) is { } pid)
                return pid;
            await Task.Delay(Pace, Cancellation);
        }
        return null;
    }

    private async Task<Ending> ShowAsync(HomePlan.Report report, TimeSpan limit)
    {
        Screen.Note($"the cluster in {Home.Root} is looked after already");
        return (await WaitAsync(limit)).TryGet(out var status, out var failure)
            ? await EndAsync(status, report)
            : failure;
    }

    private async Task<Attempt<ClusterStatus>> WaitAsync(TimeSpan limit)
    {
        await using var observer = new StatusObserver(Home, StatusObserver.Patient);
        return await new Readiness(observer, Screen).WaitAsync(limit, Cancellation);
    }

    private async Task<Ending> EndAsync(ClusterStatus status, HomePlan plan)
    {
        var (spec, proxy) = MadeBy(plan);
        if (proxy is not null && !await ProxyListensAsync())
            Screen.Note($"the proxy does not listen yet: see {Home.ProxyLog}");
        var uri = ClientUri.For(spec, proxy, Home, read: false);
        Screen.Data(Screen.Format switch
        {
            OutputFormat.Human => $"{StatusText.VerdictLine(status, Screen.Paint)}\n{uri}",
            OutputFormat.Plain => $"{StatusText.Plain(status)}\n{Columns.Tabbed("uri", uri)}",
            OutputFormat.Json => DocumentJson.Text(
                new UpDocument(
                    DocumentJson.Schema, uri, Home.Root, DocumentJson.Of(status, TimeProvider.System.GetUtcNow())),
                DocumentJson.Types.UpDocument),
        });
        return detach ? Ending.Ok : await LiveView.ShowAsync(invocation);
    }

    private Failure DidNotStart(string because) =>
        new Failure(ErrorCatalogue.SupervisorDidNotStart, "the supervisor did not start")
            .Because(because)
            .Leaving("the home is left; nothing of it runs that did not run before")
            .Try("pgmahout up");

    private async Task<bool> ProxyListensAsync()
    {
        var started = TimeProvider.System.GetTimestamp();
        while (ProxyAccount.Read(Home) is not { Listening: true } account || !Signals.IsAlive(account.Pid))
        {
            if (TimeProvider.System.GetElapsedTime(started) >= ProxyLimit)
                return false;
            await Task.Delay(Pace, Cancellation);
        }
        return true;
    }

    private static (ClusterSpec Spec, ProxySettings? Proxy) MadeBy(HomePlan plan) => plan switch
    {
        HomePlan.Create create => (create.Spec, create.Proxy),
        HomePlan.Start start => (start.Spec, start.Proxy),
        HomePlan.Report report => (report.Spec, report.Proxy),
        _ => throw new InvalidOperationException($"a plan without a cluster: {plan}"),
    };
}
