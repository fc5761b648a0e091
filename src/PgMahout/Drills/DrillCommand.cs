using System.Collections.Immutable;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Postgres.Files;
using PgMahout.Starting;
using PgMahout.Status;

namespace PgMahout.Drills;

/// <summary>What was asked of <c>drill</c>.</summary>
/// <param name="Keep">Leave the canary table in place.</param>
/// <param name="Rate">Writes per second; null: what suits the way.</param>
/// <param name="Through">Null: the proxy, where there is one and the drill is about what its clients see.</param>
internal sealed record DrillRequest(DrillKind Kind, int Runs, double? Rate, bool Keep, DrillWay? Through);

/// <summary>By what address the drill's clients reach the cluster.</summary>
internal enum DrillWay
{
    Members,
    Proxy,
}

/// <summary>The whole drill: prepare, run after run from a healthy cluster, clean up, judge.</summary>
internal sealed class DrillCommand(Invocation invocation, DrillRequest request)
{
    private static readonly TimeSpan HealthyLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan PrepareLimit = TimeSpan.FromSeconds(30);

    private const double DefaultRate = 100;
    private const double DefaultRateOfCrowd = 500;

    private readonly List<DrillRunDocument> _runs = [];
    private CrowdAddress? _proxy;
    private double _rate = DefaultRate;

    private Screen Screen => invocation.Screen;

    private CancellationToken Cancellation => invocation.Cancellation;

    public async Task<Ending> RunAsync()
    {
        var opened = await ClusterAccess.OpenAsync(invocation.Home, Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        await using var closing = cluster;
        await using var observer = new StatusObserver(invocation.Home, StatusObserver.Patient);
        var status = await observer.ObserveAsync(Cancellation);
        if ((WhyNotReady(status) ?? WhyNotFromHere(cluster, status)) is { } refused)
            return refused;
        if (!SecretFiles.LoadOrCreate(cluster.Home.SecretsDirectory).TryGet(out var secrets))
            return new Failure(ErrorCatalogue.DrillWriter, "the superuser's password cannot be read");
        if (ChooseWay(cluster, secrets) is { } missing)
            return missing;
        CanaryServer[] servers =
            [.. cluster.Spec.Members.Select(member => new CanaryServer(member, secrets.SuperuserPassword))];
        failure = await PrepareAsync(servers) ?? await RunAllAsync(cluster, observer, servers);
        if (!request.Keep)
            await OnPrimaryAsync(servers, CanaryTable.Drop);
        foreach (var server in servers)
            await server.DisposeAsync();
        return await EndAsync(cluster, failure);
    }

    /// <summary>Through the proxy where there is one, unless it was said otherwise.</summary>
    private Failure? ChooseWay(ClusterAccess cluster, ClusterSecrets secrets)
    {
        var settings = cluster.Records.Proxy?.Value;
        if (request.Through == DrillWay.Proxy && settings is null)
            return Proxying.ProxyCommand.None();
        var wants = request.Through ?? (request.Kind is DrillKind.Failover or DrillKind.Switchover
            ? DrillWay.Proxy
            : DrillWay.Members);
        if (wants == DrillWay.Proxy && settings is not null)
            _proxy = CrowdAddress.Of(settings, secrets.SuperuserPassword);
        _rate = request.Rate ?? (_proxy is null ? DefaultRate : DefaultRateOfCrowd);
        return null;
    }

    private static Failure? WhyNotReady(ClusterStatus status)
    {
        if (status.State == ClusterState.Healthy && status.Members.Length >= 2)
            return null;
        return new Failure(
            ErrorCatalogue.NotReadyForDrill, "a drill begins only on a healthy cluster of two or more members")
            .Because($"it is {Words.Of(status.State)} and has {status.Members.Length}")
            .Try("pgmahout status");
    }

    /// <summary>An agent that is frozen could not thaw itself.</summary>
    private Failure? WhyNotFromHere(ClusterAccess cluster, ClusterStatus status) =>
        request.Kind == DrillKind.Freeze && cluster.Spec.Find(status.Leader!.Value) is { } leader
            && !cluster.Home.Holds(leader)
            ? new Failure(ErrorCatalogue.NotFromOneHost, $"{leader.Name} can be frozen on its own host only")
                .Because("what freezes a member must stay awake to thaw it")
                .Leaving("nothing was changed")
                .Try($"ssh {leader.Host} pgmahout drill freeze")
            : null;

    private async Task<Failure?> PrepareAsync(CanaryServer[] servers)
    {
        if (await OnPrimaryAsync(servers, CanaryTable.Create) is { } failure)
            return failure;
        // Every path of the client is walked once, so that no run pays for loading code.
        foreach (var server in servers)
        {
            await using var warm = await server.OpenAsync(Cancellation);
            await warm.IsPrimaryAsync(Cancellation);
        }
        return null;
    }

    private async Task<Failure?> OnPrimaryAsync(CanaryServer[] servers, string sql)
    {
        try
        {
            using var bounded = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            bounded.CancelAfter(PrepareLimit);
            await using var connection = await new Scout(servers).FindAsync(TimelineId.First, bounded.Token);
            await connection.ExecuteAsync(sql, bounded.Token);
            return null;
        }
        catch (Exception failure) when (CanaryConnection.IsExpected(failure) && !Cancellation.IsCancellationRequested)
        {
            return new Failure(ErrorCatalogue.DrillWriter, "the drill's table could not be changed")
                .Because(failure.Message);
        }
    }

    private async Task<Failure?> RunAllAsync(ClusterAccess cluster, StatusObserver observer, CanaryServer[] servers)
    {
        for (var number = 1; number <= request.Runs; number++)
        {
            var ready = await new Readiness(observer, Screen with { Error = TextWriter.Null })
                .WaitAsync(HealthyLimit, Cancellation);
            if (!ready.TryGet(out var before, out var failure))
                return failure with { Kind = ErrorCatalogue.DrillUnfinished };
            var settings = new DrillRunSettings(request.Kind, number, _rate);
            var interval = TimeSpan.FromSeconds(1 / _rate);
            IDrillWriter writer = _proxy is { } proxy
                ? new Crowd(proxy, interval, number)
                : new CanaryWriter(servers, number, interval);
            var run = new DrillRun(cluster, observer, servers, settings, writer);
            if (!(await run.RunAsync(before, Cancellation)).TryGet(out var recording, out failure))
                return failure;
            var document = DrillAnalysis.Of(recording);
            _runs.Add(document);
            Screen.Note(DrillText.Progress(document, request.Runs));
        }
        return null;
    }

    private async Task<Ending> EndAsync(ClusterAccess cluster, Failure? failure)
    {
        var runs = _runs.ToImmutableArray();
        var document = DrillAnalysis.Document(request.Kind, cluster.Spec.Name, _rate, runs);
        if (!runs.IsEmpty)
        {
            Screen.Data(Screen.Format switch
            {
                OutputFormat.Human => DrillText.Human(document),
                OutputFormat.Plain => DrillText.Plain(document),
                OutputFormat.Json => DocumentJson.Text(document, DocumentJson.Types.DrillDocument),
            });
            // The epoch of the history is the one the drill has led to, if it can be read.
            await cluster.RefreshAsync(Cancellation);
            await cluster.TellAsync(JournalKind.Drill, null, DrillText.Sentence(document), Cancellation);
        }
        if (failure is not null)
            return failure;
        if (document.Summary.LostCommits > 0 || document.Summary.DualPrimary)
            return new Failure(ErrorCatalogue.DrillFailed, DrillText.Sentence(document))
                .Leaving("the cluster runs on")
                .Try("pgmahout history -v", "pgmahout logs");
        if (runs.Any(run => run.FullRedundancyMs is null))
            return new Failure(
                ErrorCatalogue.DrillUnfinished, "the cluster did not get back to full redundancy in time")
                .Leaving("the cluster goes on trying")
                .Try("pgmahout status");
        return Ending.Ok;
    }
}
