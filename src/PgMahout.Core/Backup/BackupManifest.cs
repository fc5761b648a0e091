using System.Collections.Immutable;

namespace PgMahout.Core.Backup;

/// <summary>Bytes of a file: from <paramref name="At"/> on, so many, which lie in a chunk.</summary>
/// <param name="Chunk">Number of the chunk in the manifest.</param>
/// <param name="Inside">Where in the chunk's plain bytes they begin.</param>
public readonly record struct Piece(long At, int Length, int Chunk, int Inside)
{
    public long End => At + Length;
}

/// <summary>One frame: at most 2 MB of plain bytes, of one file or of many.</summary>
/// <param name="Pack">Number of the pack.</param>
/// <param name="Offset">In the pack.</param>
/// <param name="Stored">Its bytes there.</param>
/// <param name="Hash">Of the plain bytes.</param>
public readonly record struct Chunk(int Pack, int Offset, int Stored, int Plain, Digest Hash);

/// <summary>A file of the data directory: pieces laid over what the parent had, or over nothing (zeros).</summary>
/// <param name="Path">Relative, with '/'. In a tablespace: <c>pg_tblspc/OID/PG_15_202209061/…</c>.</param>
/// <param name="ModifiedAt">As the system told it, in ticks of 100 ns since the year 1; to be compared only.</param>
/// <param name="Mode">Permissions, as chmod has them.</param>
/// <param name="OnParent">Bytes that no piece has are those of the parent's file of that path.</param>
/// <param name="Pieces">In the order of the file, not overlapping.</param>
public sealed record BackedFile(
    string Path, long Size, long ModifiedAt, int Mode, bool OnParent, ImmutableArray<Piece> Pieces);

public readonly record struct BackedDirectory(string Path, int Mode);

/// <param name="Location">Where the symbolic link pointed to.</param>
public readonly record struct BackedTablespace(uint Oid, string Location);

/// <summary>A page whose checksum was wrong on the server's disk, and is so in the backup.</summary>
public readonly record struct BadPage(string Path, uint Block);

/// <summary>Everything that a backup is made of.</summary>
/// <param name="Parent">That files may be laid over; null for a full backup.</param>
/// <param name="Ending">Of the names of its packs: <c>.lz4.aes</c>.</param>
/// <param name="Packs">Numbers of the packs and their bytes.</param>
/// <param name="Files">In the order of their paths (ordinal).</param>
public sealed record BackupManifest(
    BackupId Id,
    BackupId? Parent,
    string Ending,
    ImmutableSortedDictionary<int, long> Packs,
    ImmutableArray<BackedTablespace> Tablespaces,
    ImmutableArray<BackedDirectory> Directories,
    ImmutableArray<Chunk> Chunks,
    ImmutableArray<BackedFile> Files,
    ImmutableArray<BadPage> BadPages)
{
    public const int BlockSize = 8192;
    public const int ChunkBytes = 2 << 20;

    /// <summary>Null when there is none.</summary>
    public BackedFile? Find(string path)
    {
        var (low, high) = (0, Files.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = string.CompareOrdinal(Files[middle].Path, path);
            if (order == 0)
                return Files[middle];
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return null;
    }
}
