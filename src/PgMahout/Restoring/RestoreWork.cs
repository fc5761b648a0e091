using PgMahout.Backup.Archiving;
using PgMahout.Backup.Recovering;
using PgMahout.Backup.Restoring;
using PgMahout.Backups;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Postgres;
using PgMahout.Postgres.Instance;
using PgMahout.Starting;

namespace PgMahout.Restoring;

/// <summary>Where a restore goes, and with how much force.</summary>
/// <param name="Polite">Give way to every other process of the machine.</param>
internal sealed record RestorePlace(string Directory, int Workers, bool Polite)
{
    // Both are removed in the end: names that nobody else gives.
    /// <summary>Beside the data, on the same file system, so that WAL is linked into it and not copied.</summary>
    public string Spool => Directory + ".pgmahout-wal";

    public string Sockets => Directory + ".pgmahout-run";

    /// <summary>Null: every tablespace goes where it was; otherwise below this directory, each under its OID.</summary>
    public string? Tablespaces { get; init; }

    /// <summary>The number of the timeline that begins there; null: whichever PostgreSQL takes.</summary>
    public TimelineId? Timeline { get; init; }
}

/// <summary>What a restore took.</summary>
internal sealed record RestoreMeasure(
    RestoredBackup Restored, TimeSpan Files, TimeSpan Wal, TimeSpan UntilWritable);

/// <summary>
/// Brings one point back: the files of the backup, the WAL, and a server that replays it and takes writes. That server
/// listens on a socket of its own; it is handed over to be looked at, then stopped in order.
/// </summary>
internal sealed class RestoreWork(OpenRepository opened, ulong systemIdentifier, Host host, Screen screen)
{
    /// <param name="use">With the server that has recovered; what it answers ends the restore.</param>
    public async Task<Attempt<RestoreMeasure>> CarryOutAsync(
        (RestorePlan Plan, ArchiveMap Map) wanted,
        RestorePlace place,
        Func<SideServer, Task<Failure?>> use,
        CancellationToken cancellation)
    {
        var started = TimeProvider.System.GetTimestamp();
        var run = new RestoreRun(new RestoreRequest
        {
            Repository = opened.Repository,
            SystemIdentifier = systemIdentifier,
            Backup = wanted.Plan.Backup.Id,
            Directory = place.Directory,
            Owner = host.Account,
            Workers = place.Workers,
            Polite = place.Polite,
            TablespacesBelow = place.Tablespaces,
        }, TimeProvider.System);
        var restored = await ProgressLine.ShowAsync(screen, run.Progress, run.RunAsync(cancellation));
        if (!restored.TryGet(out var files))
            return Translate(restored.Failure!);
        var filesTook = TimeProvider.System.GetElapsedTime(started);
        screen.Note($"{files.Files} files in place ({files.Written} written, {files.Reused} reused); fetching WAL");

        var spool = new WalSpool(
            new WalArchive(opened.Repository, systemIdentifier), place.Spool, host.Account);
        try
        {
            var filled = await spool.FillAsync(wanted.Plan, wanted.Map, place.Workers, cancellation);
            if (filled.Failure is { } missing)
                return Translate(missing);
            var walTook = TimeProvider.System.GetElapsedTime(started) - filesTook;
            if (place.Timeline is { } number
                && RecoveryFiles.ReserveTimeline(place.Directory, number, host.Account).Failure is { } unreserved)
                return Translate(unreserved);
            screen.Note($"replaying {wanted.Plan.Replay}");
            return await UseAsync(
                await new RestoreRecovery(
                    (host.Binaries, host.Account), (place.Directory, place.Sockets), spool.RestoreCommand,
                    RestoreRecovery.WhileItReplays, _ => { }).RunAsync(wanted.Plan, cancellation),
                place, use, () => new RestoreMeasure(
                    files, filesTook, walTook, TimeProvider.System.GetElapsedTime(started)));
        }
        finally
        {
            spool.Clear();
            if (Directory.Exists(place.Sockets))
                Directory.Delete(place.Sockets, recursive: true);
        }
    }

    private async Task<Attempt<RestoreMeasure>> UseAsync(
        Outcome<SideServer> started, RestorePlace place, Func<SideServer, Task<Failure?>> use,
        Func<RestoreMeasure> measure)
    {
        if (!started.TryGet(out var server))
            return Translate(started.Failure!);
        var took = measure();
        await using var running = server;
        if (await use(server) is { } failure)
            return failure;
        await server.StopAsync();
        return RecoveryFiles.Clear(place.Directory, host.Account).Failure is { } left ? Translate(left) : took;
    }

    private static Failure Translate(Problem problem) =>
        RepositoryOpening.Translate(
            problem.Code == "restore-refused"
                ? ErrorCatalogue.RestoreRefused
                : ErrorCatalogue.RestoreFailed,
            problem);
}
