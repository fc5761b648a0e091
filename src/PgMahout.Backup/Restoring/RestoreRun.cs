using System.Collections.Concurrent;
using System.Collections.Immutable;
using PgMahout.Backup.Catalog;
using PgMahout.Backup.Reading;
using PgMahout.Backup.Repositories;
using PgMahout.Backup.Working;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;
using PgMahout.Postgres.Files;

namespace PgMahout.Backup.Restoring;

/// <summary>
/// Makes a data directory of a backup and its ancestors, ready for recovery: with backup_label, without recovery
/// settings. Whatever stops it, no server starts on the half of it, and it can be run again.
/// </summary>
public sealed class RestoreRun(RestoreRequest request, TimeProvider time)
{
    private Repository Repository => request.Repository;

    public WorkProgress Progress { get; } = new();

    public async Task<Outcome<RestoredBackup>> RunAsync(CancellationToken cancellation)
    {
        try
        {
            var chain = await ChainAsync(cancellation);
            var manifests = chain.Select(backup => backup.Manifest).ToImmutableArray();
            if (RestoreLayout.Of(manifests, request.Only) is not { } layout)
                return new Outcome<RestoredBackup>.Failed(BackupProblems.Damaged(
                    $"backup {request.Backup}", "it does not fit on the backup that it builds on"));
            return new Outcome<RestoredBackup>.Done(await RestoreAsync(chain, layout, cancellation));
        }
        catch (WorkFailedException e)
        {
            return new Outcome<RestoredBackup>.Failed(e.Problem);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Outcome<RestoredBackup>.Failed(new Problem(
                "restore-write",
                $"writing {request.Directory} failed",
                e.Message,
                "no server starts on what is there; the same restore can be run again, and goes on",
                "look at the space, the owner and the disk of the directory"));
        }
    }

    private async Task<ImmutableArray<StoredBackup>> ChainAsync(CancellationToken cancellation)
    {
        var catalog = new BackupCatalog(Repository, request.SystemIdentifier);
        var chain = new List<StoredBackup>();
        for (BackupId? id = request.Backup; id is { } next; id = chain[^1].Head.Parent)
        {
            if (chain.Any(backup => backup.Head.Id == next))
                throw new WorkFailedException(BackupProblems.Damaged($"backup {next}", "it builds on itself"));
            chain.Add(request.Loaded is { } loaded && loaded.Head.Id == next
                ? loaded
                : WorkFailedException.Require(await catalog.LoadAsync(next, cancellation)));
        }
        chain.Reverse();
        return [.. chain];
    }

    private async Task<RestoredBackup> RestoreAsync(
        ImmutableArray<StoredBackup> chain, RestoreLayout layout, CancellationToken cancellation)
    {
        var target = new RestoreTarget(request.Directory, request.SystemIdentifier, request.Owner);
        var tree = new RestoreTree(request, chain[^1].Manifest, layout);
        target.RequireUsable();
        tree.RequireUsableTablespaces();
        Progress.Expect(layout.Bytes);
        Progress.Enter("preparing");
        target.Begin();
        await tree.PrepareAsync(cancellation);
        var flushes = request.Durable ? tree.Roots.Select(FileSystemFlush.Before).ToList() : [];
        try
        {
            Progress.Enter("comparing");
            var missing = await MissingAsync(layout, tree, cancellation);
            Progress.Enter("writing");
            await WriteAsync(chain, missing, tree, cancellation);
            Progress.Enter("flushing");
            foreach (var flush in flushes)
                await flush.RunAsync();
            tree.MakeControl();
            await WriteAsync(chain, layout.Last, tree, cancellation);
            target.Finish();
            var written = missing.Sum(use => use.Landings.Sum(landing => (long)landing.Length));
            return new RestoredBackup(
                chain[^1].Stored, layout.Files.Length, new ByteSize(written),
                new ByteSize(layout.Uses.Sum(use => use.Landings.Sum(landing => (long)landing.Length)) - written));
        }
        finally
        {
            foreach (var flush in flushes)
                flush.Dispose();
        }
    }

    /// <summary>The chunks that the directory does not have yet, in their order.</summary>
    private async Task<ImmutableArray<ChunkUse>> MissingAsync(
        RestoreLayout layout, RestoreTree tree, CancellationToken cancellation)
    {
        if (!Enumerable.Range(0, layout.Files.Length).Any(file => !tree.IsFresh(file) && layout.Files[file].Size > 0))
            return layout.Uses;
        var there = new ConcurrentDictionary<int, bool>();
        var next = -1;
        await WorkerThreads.RunAsync(request.Workers, request.Polite, token =>
        {
            var delta = new RestoreDelta(tree);
            for (int i; (i = Interlocked.Increment(ref next)) < layout.Uses.Length;)
            {
                token.ThrowIfCancellationRequested();
                if (!delta.IsThere(layout.Uses[i]))
                    continue;
                there[i] = true;
                Progress.Add(layout.Uses[i].Chunk.Plain);
            }
        }, cancellation);
        return [.. layout.Uses.Where((_, i) => !there.ContainsKey(i))];
    }

    private async Task WriteAsync(
        ImmutableArray<StoredBackup> chain, ImmutableArray<ChunkUse> uses, RestoreTree tree,
        CancellationToken cancellation)
    {
        // Newer backups first: their blocks fill the gaps of the older ones, so that each stretch of a file is whole,
        // and goes to disk in one piece, when the full backup's share of it has come.
        var reads = uses.GroupBy(use => use.Source).OrderByDescending(source => source.Key).SelectMany(source =>
            PackRead.InLanes(
                PackRead.Group(source, use => NameOf(chain[use.Source], use.Chunk)), request.Workers));
        var throttle = new Throttle(request.Throttle, time);
        await new ChunkPipeline(Repository.Store, Progress).RunAsync(
            reads,
            uses.Select(use => use.Chunk.Stored).DefaultIfEmpty().Max(),
            new WorkerCount(request.Workers, request.Polite),
            () => new RestoreSink(new ChunkDecoder(Repository), tree, throttle, Progress),
            cancellation);
    }

    private string NameOf(StoredBackup backup, Chunk chunk) =>
        new BackupNames(request.SystemIdentifier, backup.Head.Id).Pack(chunk.Pack, backup.Manifest.Ending);
}
