using PgMahout.Agent.Home;
using PgMahout.Backup.Recovering;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Postgres;
using PgMahout.Postgres.Files;
using PgMahout.Processes;
using PgMahout.Starting;
using PgMahout.Status;

namespace PgMahout.Restoring;

/// <summary>
/// Makes a member's data directory what it was at a point, as the first leader of what follows: on a timeline that has
/// the number of its reign, with the passwords that the cluster has now.
/// </summary>
internal sealed class RestoredReign(Invocation invocation, Host host)
{
    private static readonly TimeSpan HealthyLimit = TimeSpan.FromHours(1);

    private HomeLayout Home => invocation.Home;

    /// <summary>Later than every reign and every timeline that the cluster or its archive has known.</summary>
    public static Epoch After(Leadership? former, ArchiveMap archive) => new(
        Math.Max(
            former?.Epoch.Value ?? 0,
            archive.Histories.Select(history => (long)history.Current.Value)
                .Concat(archive.Stretches.Select(stretch => (long)stretch.Timeline.Value))
                .Concat(archive.Damaged.Select(damaged => (long)damaged.At.Timeline.Value))
                .DefaultIfEmpty(1).Max())
        + 1);

    public async Task<Attempt<(Leadership Record, RestoreMeasure Measure)>> RestoreAsync(
        RestoreSource source, RestorePlan plan, (MemberName Leader, Epoch Epoch) next, int? workers)
    {
        var data = Home.DataDirectory(next.Leader);
        var secrets = SecretFiles.LoadOrCreate(Home.SecretsDirectory);
        if (!secrets.TryGet(out var passwords))
            return RepositoryOpening.Translate(ErrorCatalogue.RestoreFailed, secrets.Failure!);
        var number = new TimelineId((uint)next.Epoch.Value);
        var place = new RestorePlace(data, workers ?? Math.Clamp(Environment.ProcessorCount, 1, 8), false)
        {
            Timeline = number,
        };
        var work = new RestoreWork(source.Opened, source.SystemIdentifier, host, invocation.Screen);
        var done = await work.CarryOutAsync(
            (plan, source.Seen.Archive),
            place,
            async server => Failed(await StoppedServer.AdmitAsync(server, passwords, invocation.Cancellation)),
            invocation.Cancellation);
        if (!done.TryGet(out var measure, out var failure))
            return failure;
        var found = StoppedServer.Find(data, invocation.Cancellation);
        if (!found.TryGet(out var server) || server is null || server.End.Timeline != number)
            return new Failure(ErrorCatalogue.RestoreFailed, $"{data} is not what was to be restored")
                .Because(found.Failure?.ToString() ?? $"its WAL ends at {server?.End}, not on timeline {number}")
                .Try("pgmahout restore --in-place ...    (again)");
        return (
            new Leadership(next.Epoch, next.Leader, null, SynchronousSet.Nobody, server.End, server.History),
            measure);
    }

    /// <summary>
    /// Lets the supervisor keep the home again, and waits until every member follows the restored one.
    /// </summary>
    public async Task<Attempt<ClusterStatus>> StartAsync()
    {
        File.Delete(Home.RestoreMark);
        if (SupervisorProcess.Start(Home) is { } problem)
            return new Failure(ErrorCatalogue.SupervisorDidNotStart, "the supervisor did not start")
                .Because(problem)
                .Leaving("the data is restored, and nothing of the cluster runs")
                .Try("pgmahout up");
        await using var observer = new StatusObserver(Home, StatusObserver.Patient);
        return await new Readiness(observer, invocation.Screen).WaitAsync(HealthyLimit, invocation.Cancellation);
    }

    private static Failure? Failed(Outcome outcome) => outcome.Failure is { } problem
        ? RepositoryOpening.Translate(ErrorCatalogue.RestoreFailed, problem)
        : null;
}
