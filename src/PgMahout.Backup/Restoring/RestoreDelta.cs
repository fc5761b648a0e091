using System.Security.Cryptography;
using PgMahout.Backup.Copying;
using PgMahout.Core.Backup;

namespace PgMahout.Backup.Restoring;

/// <summary>Finds the chunks that the directory has already. Confined to one thread each.</summary>
internal sealed class RestoreDelta(RestoreTree tree)
{
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BackupManifest.ChunkBytes);

    /// <summary>
    /// Whether every byte of the chunk lies in its place: only then does its hash prove it. A part of a chunk cannot be
    /// proven, and is written.
    /// </summary>
    public bool IsThere(ChunkUse use)
    {
        var covered = 0;
        foreach (var landing in use.Landings)
        {
            if (tree.IsFresh(landing.File) || !Read(landing))
                return false;
            covered += landing.Length;
        }
        if (covered != use.Chunk.Plain)
            return false;
        Span<byte> hash = stackalloc byte[Digest.Length];
        SHA256.HashData(_buffer.AsSpan(0, covered), hash);
        return Digest.Of(hash) == use.Chunk.Hash;
    }

    private bool Read(Landing landing)
    {
        using var file = File.OpenHandle(
            tree.PlaceOf(landing.File), share: FileShare.ReadWrite | FileShare.Delete);
        return PageReading.Fill(file, _buffer.AsSpan(landing.Inside, landing.Length), landing.At) == landing.Length;
    }
}
