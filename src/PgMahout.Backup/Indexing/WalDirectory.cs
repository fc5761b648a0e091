using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Postgres;

namespace PgMahout.Backup.Indexing;

/// <summary>A directory of plain WAL files: a server's pg_wal, or a copy of it.</summary>
public sealed class WalDirectory(string path) : ISegmentFiles
{
    private const int SizeAt = 32;

    /// <summary>A server may give a file another name at any moment: then it is not there.</summary>
    public async Task<Outcome<byte[]?>> ReadAsync(WalSegment segment, CancellationToken cancellation)
    {
        try
        {
            var content = await File.ReadAllBytesAsync(Path.Combine(path, segment.Name), cancellation);
            return new Outcome<byte[]?>.Done(content.Length == segment.Size ? content : null);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Outcome<byte[]?>.Done(null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Outcome<byte[]?>.Failed(IndexProblems.Unreadable(segment, e.Message));
        }
    }

    /// <summary>
    /// The files that hold WAL of their own name, in order: those that a server keeps for later have another address in
    /// their first page. Empty when the directory cannot be read or has none.
    /// </summary>
    public ImmutableArray<WalSegment> Segments()
    {
        try
        {
            return
            [
                .. Directory.EnumerateFiles(path)
                    .Select(file => SegmentOf(file))
                    .OfType<WalSegment>()
                    .OrderBy(segment => segment.Number)
                    .ThenBy(segment => segment.Timeline),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static WalSegment? SegmentOf(string file)
    {
        if (Path.GetFileName(file).Length != 24)
            return null;
        Span<byte> header = stackalloc byte[40];
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0);
        if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
            return null;
        var size = BitConverter.ToUInt32(header[SizeAt..]);
        return size == stream.Length && WalSegment.TryParse(Path.GetFileName(file), size, out var segment)
            && new Lsn(BitConverter.ToUInt64(header[8..])) == segment.Start
            ? segment
            : null;
    }
}
