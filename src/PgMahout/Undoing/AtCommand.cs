using System.Diagnostics;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Undo;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Hosts;
using PgMahout.Output;
using PgMahout.Postgres.Instance;
using PgMahout.Restoring;
using PgMahout.Starting;

namespace PgMahout.Undoing;

/// <summary>
/// <c>at TIME psql</c>: a server as of then, to look at. It is read-only, and goes when psql ends.
/// </summary>
internal sealed class AtCommand(Invocation invocation, BackupAccess access)
{
    private const string DefaultDatabase = "postgres";

    private Screen Screen => invocation.Screen;

    public async Task<Ending> RunAsync(
        RecoveryTarget target, string? repository, string? database, string[] arguments)
    {
        if (!Preflight.FindHost().TryGet(out var host, out var failure))
            return await HostHome.WhereInstead(failure, invocation, "at");
        var opened = await UndoSession.OpenAsync(invocation, access, repository, fresh: false);
        if (!opened.TryGet(out var session, out failure))
            return failure;
        await using var closing = session;
        var planned = await session.Source.PlanAsync(
            target, (null, null), TimeProvider.System.GetUtcNow(), invocation.Cancellation);
        if (!planned.TryGet(out var plan, out failure))
            return failure;
        if (await session.RefuseTablespacesAsync(plan, invocation.Cancellation) is { } moved)
            return moved;
        var name = database ?? DefaultDatabase;
        if (!(await NeedsAsync(session, plan, name)).TryGet(out var needs, out failure))
            return failure;
        using var place = UndoPlace.Take(invocation.Home, host.Account);
        var run = new PastRun(invocation, session, host);
        var request = run.Request(plan, needs, place) with
        {
            Settings = [("default_transaction_read_only", "on")],
        };
        if (!(await run.CostAsync(request)).TryGet(out var cost, out failure))
            return failure;
        Screen.Note(RestoreText.Of(plan, target));
        Screen.Note($"files    {new ByteSize(cost.Files)} of database {name}");
        var started = TimeProvider.System.GetTimestamp();
        if (!(await run.StartAsync(request with { Backup = cost.Backup })).TryGet(out var past, out failure))
            return failure;
        await using var running = past;
        var took = TimeProvider.System.GetElapsedTime(started);
        Screen.Note($"ready after {Durations.Text(took)}; read-only, and gone when psql ends");
        return await PsqlAsync(host, past.Server, name, arguments) == 0 ? ExitCode.Ok : ExitCode.Failed;
    }

    private async Task<Attempt<NeededFiles>> NeedsAsync(UndoSession session, RestorePlan plan, string database)
    {
        var at = plan.Target.Stop ?? plan.Reach;
        var around = await session.Reader.Names.AroundAsync(at, after: false, invocation.Cancellation);
        if (!around.TryGet(out var names))
            return RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, around.Failure!);
        if (names.Before?.Database(database) is { } found)
            return new NeededFiles(names.Before, found.Oid, null);
        return new Failure(ErrorCatalogue.RestoreOutside, $"there was no database '{database}' then")
            .Because(names.Before is null
                ? "no snapshot of the catalogs says which databases there were"
                : "the last snapshot of the catalogs before that point does not have it")
            .Try("pgmahout at TIME psql -d postgres -- -l");
    }

    /// <summary>It has the terminal; an interrupt is for it alone, and this process waits for its end.</summary>
    private static async Task<int> PsqlAsync(Host host, SideServer server, string database, string[] arguments)
    {
        var program = host.Binaries.Tool("psql");
        var start = new ProcessStartInfo(File.Exists(program) ? program : "psql") { UseShellExecute = false };
        string[] all = [.. server.ClientArguments, "--dbname", database, .. arguments];
        foreach (var argument in all)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }
}
