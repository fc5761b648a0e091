using PgMahout.Backup.Recovering;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Errors;
using PgMahout.Hosts;
using PgMahout.Output;
using PgMahout.Starting;

namespace PgMahout.Restoring;

/// <summary>
/// Restores a point into a directory of its own. The cluster is not touched: what is restored is a server that stands
/// alone, recovered and stopped.
/// </summary>
internal sealed class RestoreCommand(Invocation invocation)
{
    private Screen Screen => invocation.Screen;

    private CancellationToken Cancellation => invocation.Cancellation;

    public async Task<Ending> RunAsync(RestoreOrder order)
    {
        if (!Preflight.FindHost().TryGet(out var host, out var failure))
            return await HostHome.WhereInstead(failure, invocation, "restore");
        if (!(await RestoreSource.OpenAsync(invocation, order)).TryGet(out var source, out failure))
            return failure;
        await using var closing = source;
        var now = TimeProvider.System.GetUtcNow();
        var planned = await source.PlanAsync(order.Target, (order.Backup, order.Timeline), now, Cancellation);
        if (!planned.TryGet(out var plan, out failure))
            return failure;
        Screen.Note(RestoreText.Of(plan, order.Target));
        if (WrongVersion(plan, host) is { } wrong)
            return wrong;
        if (await LiveTablespaces.WhyNotAsync(source, plan, throwAway: false, Cancellation) is { } shared)
            return shared;
        if (order.DryRun)
            return Say(order, plan, null);
        var place = new RestorePlace(
            Path.GetFullPath(order.Directory), order.Workers ?? Math.Clamp(Environment.ProcessorCount, 1, 8), false)
        {
            Tablespaces = TablespacesOf(order),
        };
        var work = new RestoreWork(source.Opened, source.SystemIdentifier, host, Screen);
        var done = await work.CarryOutAsync(
            (plan, source.Seen.Archive), place, _ => Task.FromResult<Failure?>(null), Cancellation);
        if (!done.TryGet(out var measure, out failure))
            return failure;
        return RecoveryFiles.StandAlone(place.Directory, host.Account).Failure is { } bound
            ? RepositoryOpening.Translate(ErrorCatalogue.RestoreFailed, bound)
            : Say(order, plan, measure);
    }

    /// <summary>Where the cluster lives, its tablespaces' own places are taken.</summary>
    private static string? TablespacesOf(RestoreOrder order) =>
        order.Tablespaces is { } below ? Path.GetFullPath(below)
        : order.Address is null ? Path.GetFullPath(order.Directory) + ".tablespaces"
        : null;

    public static Failure? WrongVersion(RestorePlan plan, Host host)
    {
        var major = plan.Backup.ServerVersion / 10000;
        return major == host.Binaries.Major
            ? null
            : new Failure(
                    ErrorCatalogue.RestoreRefused, $"the backup is of PostgreSQL {major}, the programs are not")
                .Because($"{host.Binaries.Directory} has {host.Binaries.Version}")
                .Try($"PGMAHOUT_PG_BIN=/usr/lib/postgresql/{major}/bin pgmahout restore ...");
    }

    private Ending Say(RestoreOrder order, RestorePlan plan, RestoreMeasure? measure)
    {
        var document = RestoreDocument.Of(order, plan, measure);
        return Say(Screen, document, measure is null
            ? "nothing was restored: --dry-run"
            : $"restored into {document.Directory} in {Durations.Text(measure.UntilWritable)}: recovered, and "
                + "stopped. It stands alone; start it with the port that you want:\n"
                + $"  pg_ctl -D {document.Directory} -o '-p 5433 -k /tmp' start");
    }

    public static Ending Say(Screen screen, RestoreDocument document, string text)
    {
        screen.Data(screen.IsJson ? DocumentJson.Text(document, DocumentJson.Types.RestoreDocument) : text);
        return Ending.Ok;
    }
}
