using PgMahout.Backup.Repositories;
using PgMahout.Postgres;

namespace PgMahout.Backup.Archiving;

/// <summary>What <c>restore_command</c> calls: brings one file out of the archive.</summary>
/// <param name="segmentSize">In bytes, of the cluster that is restored.</param>
public sealed class WalGet(WalArchive archive, uint segmentSize)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>
    /// Makes the file at <paramref name="path"/>, whole or not at all. Of a segment that is not whole yet the rest is
    /// zeros, as in a file that PostgreSQL has not written to its end.
    /// </summary>
    /// <param name="file">As PostgreSQL names it: a segment, a history.</param>
    /// <returns>Done with false when the archive does not have it: the end of WAL, to a recovery.</returns>
    public async Task<Outcome<bool>> RunAsync(string file, string path, CancellationToken cancellation)
    {
        var read = WalFile.Of(file, segmentSize) switch
        {
            WalFile.Segment segment => await ReadAsync(segment, cancellation),
            WalFile.History history => await archive.ReadHistoryAsync(history.Timeline, cancellation),
            WalFile.Other other => await archive.ReadOtherAsync(other.Name, (int)segmentSize, cancellation),
            _ => new Outcome<byte[]>.Failed(ArchiveProblems.NoWalFile(file)),
        };
        if (read.Failure is { Code: IObjectStore.Missing })
            return new Outcome<bool>.Done(false);
        if (!read.TryGet(out var content))
            return new Outcome<bool>.Failed(read.Failure!);
        try
        {
            await WriteAsync(path, content, cancellation);
            return new Outcome<bool>.Done(true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Outcome<bool>.Failed(ArchiveProblems.Files($"writing {path}", e.Message));
        }
    }

    private async Task<Outcome<byte[]>> ReadAsync(WalFile.Segment segment, CancellationToken cancellation)
    {
        var content = GC.AllocateUninitializedArray<byte>((int)segmentSize);
        var read = await archive.ReadAsync(segment.Value, content, cancellation);
        if (!read.TryGet(out var prefix))
            return new Outcome<byte[]>.Failed(read.Failure!);
        content.AsSpan(prefix.Length).Clear();
        return prefix.Length > 0
            ? new Outcome<byte[]>.Done(content)
            : new Outcome<byte[]>.Failed(StoreProblems.Missing(archive.Repository.Store.Address, segment.Value.Name));
    }

    private static async Task WriteAsync(string path, byte[] content, CancellationToken cancellation)
    {
        var unfinished = $"{path}.{Environment.ProcessId}.new";
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = OwnerOnly,
            BufferSize = 0,
        };
        try
        {
            await using (var made = new FileStream(unfinished, options))
                await made.WriteAsync(content, cancellation);
            File.Move(unfinished, path, overwrite: true);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }
}
