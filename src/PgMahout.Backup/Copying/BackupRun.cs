using System.Collections.Immutable;
using PgMahout.Backup.Catalog;
using PgMahout.Backup.Repositories;
using PgMahout.Backup.Working;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;
using PgMahout.Postgres.Wal;

namespace PgMahout.Backup.Copying;

/// <summary>
/// Makes one backup of a running server's data directory. Whatever stops it, the repository has then either the whole
/// backup or none, and packs that a later run with the same name uses again.
/// </summary>
public sealed class BackupRun(BackupRequest request, TimeProvider time)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private Repository Repository => request.Repository;

    public WorkProgress Progress { get; } = new();

    /// <returns>The head as it was stored.</returns>
    public async Task<Outcome<StoredHead>> RunAsync(CancellationToken cancellation)
    {
        try
        {
            await using var session = await BackupSession.OpenAsync(
                request.ConnectionText, request.CommandLimit, cancellation);
            if (Objection(session.Server) is { } problem)
                return new Outcome<StoredHead>.Failed(problem);
            return new Outcome<StoredHead>.Done(await RunAsync(session, cancellation));
        }
        catch (WorkFailedException e)
        {
            return new Outcome<StoredHead>.Failed(e.Problem);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Outcome<StoredHead>.Failed(BackupProblems.Refused(
                "reading the data directory failed", e.Message, "look at its disk and who owns the files"));
        }
    }

    private async Task<StoredHead> RunAsync(BackupSession session, CancellationToken cancellation)
    {
        var names = new BackupNames(session.Server.SystemIdentifier, request.Id);
        var catalog = new BackupCatalog(Repository, session.Server.SystemIdentifier);
        var parent = request.Parent is { } id
            ? WorkFailedException.Require(await catalog.LoadAsync(id, cancellation))
            : null;
        var earlier = await EarlierRun.FindAsync(Repository, names, cancellation);
        var startedAt = time.GetUtcNow();
        var start = await session.StartAsync(request.Id, cancellation);
        var scan = DataDirectoryScan.Of(request.DataDirectory, session.Server.Major);
        var order = await OrderAsync(session.Server, scan, start, parent, cancellation);

        using var packs = new PackUploads(Repository, names, Progress, earlier.NextPack, request.Workers);
        var job = new CopyJob(order, earlier.Chunks, packs, new Throttle(request.Throttle, time), Progress);
        Progress.Expect(job.Bytes);
        Progress.Enter("copying");
        var (stopped, copied) = await CopyAsync(session, job, cancellation);
        RequireSameHistory(parent, stopped, start);

        Progress.Enter("waiting for WAL");
        WorkFailedException.Require(
            await request.WaitForWal(new WalPosition(stopped.Timeline, stopped.Stop), cancellation));
        Progress.Enter("finishing");
        var manifest = Manifest(scan, job, copied, earlier);
        var head = new BackupHead(
            request.Id,
            request.Parent is null ? BackupKind.Full : BackupKind.Incremental,
            request.Parent,
            session.Server.SystemIdentifier,
            stopped.Timeline,
            start,
            stopped.Stop,
            startedAt,
            time.GetUtcNow(),
            session.Server.Version,
            new ByteSize(manifest.Files.Sum(file => file.Size)),
            new ByteSize(manifest.Packs.Values.Sum()),
            request.Source);
        return await FinishAsync(catalog, names, head, manifest, cancellation);
    }

    private Problem? Objection(ServerFacts server)
    {
        if (server.BlockSize != BackupManifest.BlockSize)
            return BackupProblems.Refused(
                "the server cannot be backed up", $"its blocks have {server.BlockSize} bytes",
                $"only servers with blocks of {BackupManifest.BlockSize} bytes are supported");
        var own = ControlFileCopy.SystemIdentifierOf(request.DataDirectory);
        return own == server.SystemIdentifier
            ? null
            : BackupProblems.Refused(
                $"{request.DataDirectory} is not the data directory of the server",
                $"its system identifier is {own}, the server's {server.SystemIdentifier} in {server.DataDirectory}",
                "name the directory and the server of one member");
    }

    private async Task<CopyOrder> OrderAsync(
        ServerFacts server, DataDirectoryScan scan, Lsn start, StoredBackup? parent, CancellationToken cancellation)
    {
        var files = scan.Files.RemoveAll(file => file.Path == DataPath.Control);
        var before = await ParentFilesAsync(parent, start, cancellation);
        return new CopyOrder(
            request.DataDirectory,
            files,
            [.. files.Select(file => CopyPlanning.Decide(file, before))],
            parent?.Head.Start,
            server.Checksums ? start : null);
    }

    private async Task<ParentFiles?> ParentFilesAsync(
        StoredBackup? parent, Lsn start, CancellationToken cancellation)
    {
        if (parent is null)
            return null;
        // The server cannot be asked on which timeline that is before the backup stops; the archive knows.
        var timeline = ControlFileCopy.TimelineOf(request.DataDirectory) ?? parent.Head.Timeline;
        var changes = request.ChangesSince is { } ask
            ? await ask(parent.Head, new WalPosition(timeline, start), cancellation)
            : null;
        return new ParentFiles(
            parent.Manifest, parent.Head.Source == request.Source, parent.Head.StartedAt.UtcTicks, changes);
    }

    /// <summary>
    /// Copies the files; then the control file, whose copy must be younger than every page's; then stops the backup.
    /// </summary>
    private async Task<(StoppedBackup Stopped, ImmutableArray<CopiedExtra> Extras)> CopyAsync(
        BackupSession session, CopyJob job, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var uploads = StopOthersAsync(job.Packs.RunAsync(stop.Token), stop);
        var copying = StopOthersAsync(
            WorkerThreads.RunAsync(
                request.Workers, request.Polite, token => CopyWorker.Run(job, Repository, token), stop.Token),
            stop);
        try
        {
            await WatchAsync(session, copying, stop);
            var control = ControlFileCopy.Read(request.DataDirectory);
            var stopped = await session.StopAsync(stop.Token);
            var extras = Extras(job, control, stopped, stop.Token);
            job.Packs.Complete();
            await uploads;
            return (stopped, extras);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // One of them failed first and stopped the others: that is the failure to tell.
            await ((Task)Task.WhenAll(uploads, copying)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await (uploads.IsFaulted ? uploads : copying);
            throw;
        }
        finally
        {
            await stop.CancelAsync();
            await ((Task)Task.WhenAll(uploads, copying)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task StopOthersAsync(Task work, CancellationTokenSource stop)
    {
        try
        {
            await work;
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }

    /// <summary>A server that is gone, or has another role, makes the rest of the copying useless.</summary>
    private static async Task WatchAsync(BackupSession session, Task copying, CancellationTokenSource stop)
    {
        while (await Task.WhenAny(copying, Task.Delay(LookEvery, stop.Token)) != copying)
        {
            stop.Token.ThrowIfCancellationRequested();
            await session.LookAsync(stop.Token);
        }
        await copying;
    }

    private ImmutableArray<CopiedExtra> Extras(
        CopyJob job, byte[] control, StoppedBackup stopped, CancellationToken cancellation)
    {
        var now = time.GetUtcNow().UtcTicks;
        (string Path, byte[] Bytes)[] extras =
        [
            (DataPath.BackupLabel, System.Text.Encoding.UTF8.GetBytes(stopped.Label)),
            (DataPath.Control, control),
        ];
        return
        [
            .. extras.Select(extra => new CopiedExtra(
                new FoundFile(extra.Path, extra.Bytes.Length, now, CopiedExtra.Mode),
                CopyWorker.Store(job, Repository, extra.Bytes, cancellation))),
        ];
    }

    private BackupManifest Manifest(
        DataDirectoryScan scan, CopyJob job, ImmutableArray<CopiedExtra> extras, EarlierRun earlier)
    {
        var chunks = job.Copied.SelectMany(list => list).Select(piece => piece.Chunk)
            .Concat(extras.Select(extra => extra.Chunk))
            .Distinct()
            .OrderBy(chunk => chunk.Pack).ThenBy(chunk => chunk.Offset)
            .ToImmutableArray();
        var numbers = chunks.Index().ToDictionary(chunk => chunk.Item, chunk => chunk.Index);
        var used = chunks.Select(chunk => chunk.Pack).ToHashSet();
        return new BackupManifest(
            request.Id,
            request.Parent,
            Repository.Ending,
            job.Packs.Stored.Concat(earlier.Packs).Where(pack => used.Contains(pack.Key)).ToImmutableSortedDictionary(),
            scan.Tablespaces,
            scan.Directories,
            chunks,
            [
                .. job.Files(numbers).Concat(extras.Select(extra => extra.File(numbers)))
                    .OrderBy(file => file.Path, StringComparer.Ordinal),
            ],
            [.. job.BadPages]);
    }

    /// <summary>A parent on a branch that was left behind has pages that this server never had.</summary>
    private void RequireSameHistory(StoredBackup? parent, StoppedBackup stopped, Lsn start)
    {
        if (parent is null)
            return;
        var history = HistoryFile.Read(request.DataDirectory, stopped.Timeline)
            ?? (parent.Head.Timeline == stopped.Timeline ? new TimelineHistory([], stopped.Timeline) : null);
        var end = new WalPosition(parent.Head.Timeline, parent.Head.Stop);
        if (history is null || !history.Contains(end) || parent.Head.Start > start)
            throw new WorkFailedException(BackupProblems.Refused(
                $"no incremental backup can be made on {parent.Head.Id}",
                $"it ends at {end}, which the server on timeline {stopped.Timeline} does not have in its history",
                "make a full backup: pgmahout backup now --full"));
    }

    private async Task<StoredHead> FinishAsync(
        BackupCatalog catalog, BackupNames names, BackupHead head, BackupManifest manifest,
        CancellationToken cancellation)
    {
        var (stored, hash, bytes) = catalog.Encode(names, manifest);
        await PackUploads.RetryAsync(() => Repository.Store.PutAsync(
            names.Manifest(manifest.Ending), stored, Flushing.Now, cancellation), cancellation);
        WorkFailedException.Require(await Repository.Store.FlushAsync(cancellation));
        var whole = new StoredHead(
            head with { Stored = new ByteSize(head.Stored.Bytes + stored.Length) }, hash, bytes,
            manifest.BadPages.Length);
        await PackUploads.RetryAsync(() => Repository.Store.PutAsync(
            names.Head, HeadText.Write(whole), Flushing.Now, cancellation), cancellation);
        // The backup exists. What is of no use any more is swept later if this fails.
        _ = await EarlierRun.CleanAsync(Repository, names, manifest, cancellation);
        return whole;
    }
}
