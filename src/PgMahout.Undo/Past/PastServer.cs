using System.Collections.Immutable;
using PgMahout.Backup.Catalog;
using PgMahout.Backup.Recovering;
using PgMahout.Backup.Restoring;
using PgMahout.Backup.Working;
using PgMahout.Postgres;
using PgMahout.Postgres.Instance;

namespace PgMahout.Undo.Past;

/// <summary>
/// A throw-away server as of one point. Only some files have their content; of the others next to nothing is replayed,
/// and what is brings each page whole before it changes it, or leaves it out. It has been promoted: one that pauses
/// keeps the locks of the transaction that it stopped before. Nothing of it is made durable.
/// </summary>
public sealed class PastServer : IAsyncDisposable
{
    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Beside files and WAL: what the server itself writes.</summary>
    private const long Allowance = 128L << 20;

    /// <summary>In bytes: most files are shorter, and making one takes longer than replaying what it gets.</summary>
    private const long ShortestHole = 256 << 10;

    private static readonly ImmutableArray<(string Name, string Value)> ThrowAway =
    [
        ("hot_standby", "off"), ("archive_mode", "off"), ("shared_preload_libraries", ""), ("autovacuum", "off"),
        ("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off"), ("max_wal_senders", "0"),
        ("shared_buffers", "128MB"), ("huge_pages", "off"), ("checkpoint_timeout", "1h"), ("max_wal_size", "8GB"),
        // Replay of changes to the holes, where a change does not come with its page.
        ("ignore_invalid_pages", "on"),
    ];

    private PastServer(SideServer server, PastRequest request, PastMeasure measure)
    {
        Server = server;
        Request = request;
        Measure = measure;
    }

    public SideServer Server { get; }

    public PastRequest Request { get; }

    public PastMeasure Measure { get; }

    /// <summary>What it would take; nothing is written.</summary>
    public static async Task<Outcome<PastCost>> CostAsync(PastRequest request, CancellationToken cancellation)
    {
        var loaded = await LoadAsync(request, cancellation);
        if (!loaded.TryGet(out var backup))
            return new Outcome<PastCost>.Failed(loaded.Failure!);
        var files = backup.Manifest.Files.Where(file => request.Only(file.Path)).Sum(file => file.Size);
        var replay = request.Plan.Replay.Bytes;
        // The WAL itself, and as much again in pages that replay writes into files.
        return new Outcome<PastCost>.Done(new PastCost(
            files, replay, files + (2 * replay) + (2L * request.Map.SegmentSize) + Allowance, backup));
    }

    /// <param name="progress">Gets the progress of the restore as soon as there is one.</param>
    public static async Task<Outcome<PastServer>> StartAsync(
        PastRequest request, Action<WorkProgress> progress, CancellationToken cancellation)
    {
        var started = TimeProvider.System.GetTimestamp();
        var loaded = await LoadAsync(request, cancellation);
        if (!loaded.TryGet(out var backup))
            return new Outcome<PastServer>.Failed(loaded.Failure!);
        request.Account.CreateDirectory(request.Place.Directory, OwnerOnly);
        request.Account.CreateDirectory(request.Place.Workspace, OwnerOnly);
        var spool = new WalSpool(request.Archive, request.Place.Spool, request.Account) { Needed = request.Replayed };
        var prepared = await spool.PrepareAsync(request.Map, cancellation);
        if (prepared.Failure is { } unprepared)
            return new Outcome<PastServer>.Failed(unprepared);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var filling = FillAsync(spool, request, started, stop.Token);
        try
        {
            var run = new RestoreRun(RestoreOf(request, backup), TimeProvider.System);
            progress(run.Progress);
            var restored = await run.RunAsync(cancellation);
            if (!restored.TryGet(out var files))
                return new Outcome<PastServer>.Failed(restored.Failure!);
            var filesTook = TimeProvider.System.GetElapsedTime(started);
            var up = await RecoverAsync(request, spool, cancellation);
            var took = TimeProvider.System.GetElapsedTime(started);
            // What is behind the point nobody waits for any more.
            await stop.CancelAsync();
            await ((Task)filling).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var (missing, walTook) = filling.IsCompletedSuccessfully ? await filling : (null, took);
            // Why WAL did not come says more than that the server ended without it.
            if (!up.TryGet(out var server))
                return new Outcome<PastServer>.Failed(missing ?? up.Failure!);
            return new Outcome<PastServer>.Done(
                new PastServer(server, request, new PastMeasure(files, filesTook, walTook, took - filesTook)));
        }
        finally
        {
            await stop.CancelAsync();
            await ((Task)filling).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync() => await Server.DisposeAsync();

    private static Task<(Problem? Missing, TimeSpan Took)> FillAsync(
        WalSpool spool, PastRequest request, long started, CancellationToken cancellation) => Task.Run(async () =>
    {
        var filled = await spool.FetchAsync(request.Plan, request.Map, request.Workers, cancellation);
        return (filled.Failure, TimeProvider.System.GetElapsedTime(started));
    }, cancellation);

    private static async Task<Outcome<SideServer>> RecoverAsync(
        PastRequest request, WalSpool spool, CancellationToken cancellation)
    {
        var watch = new ReplayWatch(request.Only);
        var recovery = new RestoreRecovery(
            (request.Programs, request.Account), (request.Place.Data, request.Place.Sockets), spool.WaitingCommand,
            ThrowAway.AddRange(request.Settings), watch.Read);
        var up = await recovery.RunAsync(request.Plan, cancellation);
        if (!up.TryGet(out var server) || watch.Problem is not { } unsound)
            return up;
        await server.DisposeAsync();
        return new Outcome<SideServer>.Failed(unsound);
    }

    private static async Task<Outcome<StoredBackup>> LoadAsync(
        PastRequest request, CancellationToken cancellation) => request.Backup is { } known
        ? new Outcome<StoredBackup>.Done(known)
        : await new BackupCatalog(request.Archive.Repository, request.Archive.SystemIdentifier)
            .LoadAsync(request.Plan.Backup.Id, cancellation);

    private static RestoreRequest RestoreOf(PastRequest request, StoredBackup backup) => new()
    {
        Repository = request.Archive.Repository,
        SystemIdentifier = request.Archive.SystemIdentifier,
        Backup = request.Plan.Backup.Id,
        Loaded = backup,
        Directory = request.Place.Data,
        Owner = request.Account,
        Workers = request.Workers,
        Only = request.Only,
        ShortestHole = ShortestHole,
        Durable = false,
        // Never where they were: the cluster's own files are there.
        Tablespaces = backup.Manifest.Tablespaces.ToImmutableSortedDictionary(
            tablespace => tablespace.Oid,
            tablespace => Path.Combine(request.Place.Tablespaces, $"{tablespace.Oid}")),
    };
}
