using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Observation;
using PgMahout.Postgres.Wal;

namespace PgMahout.Postgres.Rejoin;

/// <summary>What a stopped server's WAL holds: its end, and what another history lacks.</summary>
internal sealed class WalInspection(InstanceContext context)
{
    private const int SalvagesKept = 5;
    private static readonly ByteSize Reserve = ByteSize.Megabytes(64);

    private string DataDirectory => context.Settings.DataDirectory;

    public async Task<Outcome<WalPosition>> InspectAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var found = await OnThreadAsync("reading the WAL", FindEnd, limit, cancellation);
        if (!found.TryGet(out var own))
            return new Outcome<WalPosition>.Failed(found.Failure!);
        context.Observer.RememberEnd(own.End);
        return new Outcome<WalPosition>.Done(own.End);
    }

    public Task<Outcome<DivergenceReport>> SalvageAsync(
        TimelineHistory source, DateTimeOffset now, TimeSpan limit, CancellationToken cancellation) =>
        OnThreadAsync("saving divergent WAL", bound => Salvage(source, now, bound), limit, cancellation);

    private Outcome<(TimelineHistory History, WalPosition End)> FindEnd(CancellationToken bound)
    {
        if (context.Processes.List().Count > 0)
            return new Outcome<(TimelineHistory, WalPosition)>.Failed(Problems.Running("reading the WAL to its end"));
        return ControlFile.Read(DataDirectory) is { } control && WalEnd.Find(DataDirectory, control, bound) is { } found
            ? new Outcome<(TimelineHistory, WalPosition)>.Done(found)
            : new Outcome<(TimelineHistory, WalPosition)>.Failed(Problems.NoWal(DataDirectory));
    }

    private Outcome<DivergenceReport> Salvage(TimelineHistory source, DateTimeOffset now, CancellationToken bound)
    {
        if (!FindEnd(bound).TryGet(out var own))
            return new Outcome<DivergenceReport>.Failed(Problems.NoWal(DataDirectory));
        var fork = TimelineFork.Between(own.History, own.End.Lsn, source);
        if (fork is not { } common)
            return new Outcome<DivergenceReport>.Failed(Problems.NoWal(DataDirectory));
        if (common.Lsn >= own.End.Lsn)
            return Done(new DivergenceReport(common, own.End, default, [], 0, null));
        using var segments = WalSegments.Open(DataDirectory, own.History)!;
        var files = segments.FilesFrom(common).Where(file => segments.Reaches(file, own.End)).ToArray();
        var needed = new ByteSize(files.Length * (long)segments.SegmentSize + Reserve.Bytes);
        var free = new ByteSize(new DriveInfo(DataDirectory).AvailableFreeSpace);
        if (free < needed)
            return new Outcome<DivergenceReport>.Failed(Problems.NoSpace("saving divergent WAL", needed, free));
        var directory = Copy(files, now, bound);
        var (commits, count) = Commits(segments, common.Lsn, bound);
        return Done(new DivergenceReport(
            common, own.End, Lsn.Distance(common.Lsn, own.End.Lsn), commits, count, directory));
    }

    private static Outcome<DivergenceReport> Done(DivergenceReport report) =>
        new Outcome<DivergenceReport>.Done(report);

    private static (ImmutableArray<DivergentCommit> Listed, int Count) Commits(
        WalSegments segments, Lsn start, CancellationToken bound)
    {
        var listed = ImmutableArray.CreateBuilder<DivergentCommit>();
        var count = 0;
        var reader = new WalReader(segments, start);
        while (reader.TryRead(out var record))
        {
            bound.ThrowIfCancellationRequested();
            if (!record.IsCommit)
                continue;
            if (count++ < DivergenceReport.CommitsListed)
                listed.Add(new DivergentCommit(record.Xid, record.Start, record.CommittedAt));
        }
        return (listed.ToImmutable(), count);
    }

    /// <summary>Copied, not linked: pg_rewind writes into files of the same name.</summary>
    private string Copy(string[] files, DateTimeOffset now, CancellationToken bound)
    {
        var root = MemberPaths.Salvage(context.Settings);
        context.Settings.Account.CreateDirectory(root, ServerFiles.OwnerDirectory);
        var name = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var directory = Path.Combine(root, name);
        context.Settings.Account.CreateDirectory(directory, ServerFiles.OwnerDirectory);
        foreach (var file in files.Concat(Directory.GetFiles(Path.Combine(DataDirectory, "pg_wal"), "*.history")))
        {
            bound.ThrowIfCancellationRequested();
            var copy = Path.Combine(directory, Path.GetFileName(file));
            File.Copy(file, copy, overwrite: true);
            context.Settings.Account.TakeOwnership(copy);
            AtomicFile.Sync(copy);
        }
        AtomicFile.SyncDirectory(directory);
        AtomicFile.SyncDirectory(root);
        foreach (var old in Directory.GetDirectories(root).OrderDescending(StringComparer.Ordinal).Skip(SalvagesKept))
            Directory.Delete(old, recursive: true);
        return directory;
    }

    /// <summary>Reading gigabytes is no work for the thread pool that also keeps the lease.</summary>
    private static async Task<Outcome<T>> OnThreadAsync<T>(
        string what, Func<CancellationToken, Outcome<T>> work, TimeSpan limit, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(limit);
        try
        {
            return await Task.Factory.StartNew(
                () => work(bound.Token), bound.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Outcome<T>.Failed(Problems.OutOfTime(what, limit));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return new Outcome<T>.Failed(Problems.Files(what, e.Message));
        }
    }
}
