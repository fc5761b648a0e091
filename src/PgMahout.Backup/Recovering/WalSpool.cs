using System.Buffers;
using PgMahout.Backup.Archiving;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Postgres;
using PgMahout.Postgres.Installation;

namespace PgMahout.Backup.Recovering;

/// <summary>
/// A directory with all the WAL that a recovery will read, fetched beforehand and many files at once: a server that
/// finds each file where it looks replays several times faster than one that starts a command for each.
/// </summary>
public sealed class WalSpool(WalArchive archive, string directory, ServerAccount owner)
{
    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Directory => directory;

    /// <summary>
    /// A second name for the file, where the server wants it: both are on one file system. Not the file itself, because
    /// a server asks for some more than once, the history of its timeline at least.
    /// </summary>
    public string RestoreCommand => $"ln \"{directory}/%f\" \"%p\" 2>/dev/null";

    /// <summary>
    /// Everything that the plan replays, and the history of every timeline, so that the timeline of the restored server
    /// gets a number that nobody had.
    /// </summary>
    public async Task<Outcome> FillAsync(
        RestorePlan plan, ArchiveMap map, int workers, CancellationToken cancellation)
    {
        try
        {
            Clear();
            owner.CreateDirectory(directory, OwnerOnly);
            foreach (var history in map.Histories)
                if (await FetchHistoryAsync(history.Current, cancellation) is { } problem)
                    return new Outcome.Failed(problem);
            return await FetchAllAsync(plan, map, workers, cancellation);
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
            if (Volatile.Read(ref first) is null && await FetchAsync(segment, token) is { } problem)
                Interlocked.CompareExchange(ref first, problem, null);
        });
        return first is null ? Outcome.Success : new Outcome.Failed(first);
    }

    /// <summary>What is missing at the end of a segment that is not whole becomes zeros: replay ends there.</summary>
    private async Task<Problem?> FetchAsync(WalSegment segment, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((int)segment.Size);
        try
        {
            var bytes = buffer.AsMemory(0, (int)segment.Size);
            var read = await archive.ReadAsync(segment, bytes, cancellation);
            if (!read.TryGet(out var prefix))
                return read.Failure;
            bytes.Span[prefix.Length..].Clear();
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
        var path = Path.Combine(directory, name);
        await File.WriteAllBytesAsync(path, content, cancellation);
        owner.TakeOwnership(path);
    }
}
