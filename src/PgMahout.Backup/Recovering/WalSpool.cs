using System.Buffers;
using PgMahout.Backup.Archiving;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Decoding;
using PgMahout.Postgres;
using PgMahout.Postgres.Installation;

namespace PgMahout.Backup.Recovering;

/// <summary>
/// A directory with all the WAL that a recovery will read, fetched many files at once: a server that finds each file
/// where it looks replays several times faster than one that starts a fetching command for each. It may be filled
/// before the server starts, or while it replays.
/// </summary>
public sealed class WalSpool(WalArchive archive, string directory, ServerAccount owner)
{
    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Names of one directory in it: what became of the filling.</summary>
    private const string Filling = "filling";
    private const string Whole = "whole";
    private const string Broken = "broken";

    /// <summary>Of 5 ms each: no file is waited for any longer than ten minutes.</summary>
    private const int MostWaits = 120_000;

    public string Directory => directory;

    /// <summary>
    /// Files of which every change must be in the WAL; what changes only others may do nothing there. Null: all files.
    /// </summary>
    public Func<RelationFile, bool>? Needed { get; init; }

    /// <summary>
    /// A second name for the file, where the server wants it: both are on one file system. Not the file itself, because
    /// a server asks for some more than once, the history of its timeline at least.
    /// </summary>
    public string RestoreCommand => $"ln \"{directory}/%f\" \"%p\" 2>/dev/null";

    /// <summary>
    /// For a server that starts when <see cref="PrepareAsync"/> is done: it waits for a segment that is on its way. A
    /// spool that cannot be filled ends the server, and so does a filler that is gone, with which its server goes.
    /// </summary>
    public string WaitingCommand =>
        $"n=0; until {RestoreCommand}; do case %f in *.history) exit 1;; esac; "
        + $"if [ -e \"{directory}/{Whole}\" ]; then {RestoreCommand}; exit; fi; "
        + $"n=$((n + 1)); if [ -e \"{directory}/{Broken}\" ] || [ $n -gt {MostWaits} ] "
        + "|| ! { read -r p < postmaster.pid && kill -0 \"$p\"; } 2>/dev/null; then exit 126; fi; sleep 0.005; done";

    /// <summary>
    /// Everything that the plan replays, and the history of every timeline, so that the timeline of the restored server
    /// gets a number that nobody had.
    /// </summary>
    public async Task<Outcome> FillAsync(
        RestorePlan plan, ArchiveMap map, int workers, CancellationToken cancellation)
    {
        var prepared = await PrepareAsync(map, cancellation);
        return prepared.Failure is null ? await FetchAsync(plan, map, workers, cancellation) : prepared;
    }

    /// <summary>Makes the directory, with the histories.</summary>
    public Task<Outcome> PrepareAsync(ArchiveMap map, CancellationToken cancellation) => WritingAsync(async () =>
    {
        Clear();
        owner.CreateDirectory(directory, OwnerOnly);
        System.IO.Directory.CreateDirectory(Path.Combine(directory, Filling));
        foreach (var history in map.Histories)
            if (await FetchHistoryAsync(history.Current, cancellation) is { } problem)
                return new Outcome.Failed(problem);
        return Outcome.Success;
    });

    /// <summary>
    /// Fills it, in the order of WAL; however that ends, a server that waits for a segment is told.
    /// </summary>
    public async Task<Outcome> FetchAsync(
        RestorePlan plan, ArchiveMap map, int workers, CancellationToken cancellation)
    {
        var mark = Broken;
        try
        {
            var fetched = await WritingAsync(() => FetchAllAsync(plan, map, workers, cancellation));
            mark = fetched.Failure is null ? Whole : Broken;
            return fetched;
        }
        finally
        {
            Mark(mark);
        }
    }

    /// <summary>A new name takes no space: it works on a disk that is full, too.</summary>
    private void Mark(string name)
    {
        try
        {
            System.IO.Directory.Move(Path.Combine(directory, Filling), Path.Combine(directory, name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Who removed the directory waits for nothing in it; otherwise the wait has its own limit.
        }
    }

    private async Task<Outcome> WritingAsync(Func<Task<Outcome>> write)
    {
        try
        {
            return await write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Outcome.Failed(new Problem(
                "restore-write",
                $"writing {directory} failed",
                e.Message,
                "the files of the backup are in place; the same restore can be run again, and goes on",
                "look at the space there"));
        }
    }

    public void Clear()
    {
        if (System.IO.Directory.Exists(directory))
            System.IO.Directory.Delete(directory, recursive: true);
    }

    private async Task<Outcome> FetchAllAsync(
        RestorePlan plan, ArchiveMap map, int workers, CancellationToken cancellation)
    {
        Problem? first = null;
        var options = new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellation };
        // A record that begins before the target may end in the next segment, so one more is taken if it is there.
        var end = plan.Target.Stop is { } stop
            ? Lsn.Min(plan.Reach, new Lsn(stop.Value + map.SegmentSize))
            : plan.Reach;
        await Parallel.ForEachAsync(map.Files(plan.Backup.Start, end, plan.Line), options, async (segment, token) =>
        {
            if (Volatile.Read(ref first) is null && await FetchAsync(segment, map, token) is { } problem)
                Interlocked.CompareExchange(ref first, problem, null);
        });
        return first is null ? Outcome.Success : new Outcome.Failed(first);
    }

    /// <summary>What is missing at the end of a segment that is not whole becomes zeros: replay ends there.</summary>
    private async Task<Problem?> FetchAsync(
        WalSegment segment, ArchiveMap map, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((int)segment.Size);
        try
        {
            var bytes = buffer.AsMemory(0, (int)segment.Size);
            var read = await archive.ReadAsync(segment, map, bytes, cancellation);
            if (!read.TryGet(out var prefix))
                return read.Failure;
            bytes.Span[prefix.Length..].Clear();
            if (Needed is { } needed)
                WalThinning.Apply(segment, bytes, needed);
            await WriteAsync(segment.Name, bytes, cancellation);
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<Problem?> FetchHistoryAsync(
        TimelineId timeline, CancellationToken cancellation)
    {
        var read = await archive.ReadHistoryAsync(timeline, cancellation);
        if (!read.TryGet(out var text))
            return read.Failure!.Code == IObjectStore.Missing ? null : read.Failure;
        await WriteAsync($"{timeline.Value:X8}.history", text, cancellation);
        return null;
    }

    private async Task WriteAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        // Whoever finds it under its name finds all of it.
        var path = Path.Combine(directory, name);
        var growing = path + ".new";
        await File.WriteAllBytesAsync(growing, content, cancellation);
        owner.TakeOwnership(growing);
        File.Move(growing, path);
    }
}
