using PgMahout.Backup.Repositories;
using PgMahout.Postgres;

namespace PgMahout.Backup.Archiving;

/// <summary>What <c>archive_command</c> calls: brings one file into the archive.</summary>
public sealed class WalPush(WalArchive archive)
{
    private const int LargestSegment = 1 << 30;

    /// <summary>
    /// Afterwards the archive has this file for sure. One that it had already must be the same, byte by byte; another
    /// one is refused, for it is of another history.
    /// </summary>
    /// <param name="file">As PostgreSQL names it.</param>
    public async Task<Outcome> RunAsync(string path, string file, CancellationToken cancellation)
    {
        byte[] content;
        try
        {
            if (new FileInfo(path).Length > LargestSegment)
                return new Outcome.Failed(ArchiveProblems.NoWalFile(file));
            content = await File.ReadAllBytesAsync(path, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Outcome.Failed(ArchiveProblems.Files($"reading {path}", e.Message));
        }
        return WalFile.Of(file, (uint)content.Length) switch
        {
            WalFile.Segment segment => await PushAsync(segment, content, cancellation),
            WalFile.History history => await SettleAsync(
                file, content,
                () => archive.ReadHistoryAsync(history.Timeline, cancellation),
                () => archive.Repository.Store.CreateAsync(
                    archive.Names.History(history.Timeline), content, cancellation)),
            WalFile.Other other => await PushAsync(other, content, cancellation),
            _ => WalFile.Of(file, Core.Wal.WalSegment.DefaultSize) is WalFile.Other other
                ? await PushAsync(other, content, cancellation)
                : new Outcome.Failed(ArchiveProblems.NoWalFile(file)),
        };
    }

    private async Task<Outcome> PushAsync(WalFile.Segment segment, byte[] content, CancellationToken cancellation)
    {
        var sized = await archive.PutSegmentSizeAsync(segment.Value.Size, cancellation);
        if (sized.Failure is not null)
            return sized;
        using var writer = new FrameWriter(archive.Repository);
        var found = new byte[content.Length];
        return await SettleAsync(
            segment.Value.Name,
            content,
            async () => await archive.ReadAsync(segment.Value, found, cancellation) switch
            {
                Outcome<SegmentPrefix>.Done { Value.IsWhole: true } => new Outcome<byte[]>.Done(found),
                Outcome<SegmentPrefix>.Failed failed => new Outcome<byte[]>.Failed(failed.Problem),
                _ => new Outcome<byte[]>.Failed(
                    StoreProblems.Missing(archive.Repository.Store.Address, segment.Value.Name)),
            },
            () => writer.CreateAsync(archive.Names.Whole(segment.Value), content, cancellation));
    }

    private async Task<Outcome> PushAsync(WalFile.Other other, byte[] content, CancellationToken cancellation)
    {
        using var writer = new FrameWriter(archive.Repository);
        return await SettleAsync(
            other.Name,
            content,
            () => archive.ReadOtherAsync(other.Name, Math.Max(content.Length, 1 << 20), cancellation),
            () => writer.CreateAsync(archive.Names.Other(other.Name), content, cancellation));
    }

    /// <summary>Whoever else stores it at the same moment must store the same.</summary>
    private static async Task<Outcome> SettleAsync(
        string file, byte[] content, Func<Task<Outcome<byte[]>>> read, Func<Task<Outcome<bool>>> create)
    {
        for (var attempt = 0; ; attempt++)
        {
            var present = await read();
            if (present.TryGet(out var found))
                return found.AsSpan().SequenceEqual(content)
                    ? Outcome.Success
                    : new Outcome.Failed(ArchiveProblems.Conflict(file));
            if (present.Failure is { Code: not IObjectStore.Missing } problem)
                return new Outcome.Failed(problem);
            var created = await create();
            if (!created.TryGet(out var isNew))
                return new Outcome.Failed(created.Failure!);
            if (isNew)
                return Outcome.Success;
            if (attempt > 0)
                return new Outcome.Failed(ArchiveProblems.Conflict(file));
        }
    }
}
