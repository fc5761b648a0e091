using System.Security.Cryptography;
using PgMahout.Backup.Catalog;
using PgMahout.Backup.Framing;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Postgres;

namespace PgMahout.Backup.Reading;

/// <summary>Makes plain bytes of stored chunks, and compares them with their hash. Confined to one thread.</summary>
internal sealed class ChunkDecoder(Repository repository) : IDisposable
{
    private readonly byte[] _plain = GC.AllocateUninitializedArray<byte>(BackupManifest.ChunkBytes, pinned: true);
    private readonly Dictionary<string, FrameCodec> _codecs = [];

    /// <summary>Valid until the next call.</summary>
    public Outcome<ReadOnlyMemory<byte>> Decode(string pack, Chunk chunk, ReadOnlySpan<byte> stored)
    {
        var (_, encrypted, bare) = Compression.OfName(pack);
        var ending = pack[bare.Length..];
        if (!_codecs.TryGetValue(ending, out var codec))
            _codecs[ending] = codec = repository.CodecFor(pack);
        var place = encrypted ? BackupNames.Place(pack, chunk.Offset) : [];
        var decoded = codec.Decode(stored, _plain, place);
        if (!decoded.TryGet(out var length))
            return Damaged(pack, chunk, decoded.Failure!.Why);
        Span<byte> hash = stackalloc byte[Digest.Length];
        SHA256.HashData(_plain.AsSpan(0, length), hash);
        return length == chunk.Plain && Digest.Of(hash) == chunk.Hash
            ? new Outcome<ReadOnlyMemory<byte>>.Done(_plain.AsMemory(0, length))
            : Damaged(pack, chunk, "its bytes are not those that the manifest lists");
    }

    public void Dispose()
    {
        foreach (var codec in _codecs.Values)
            codec.Dispose();
    }

    private static Outcome<ReadOnlyMemory<byte>> Damaged(string pack, Chunk chunk, string why) =>
        new Outcome<ReadOnlyMemory<byte>>.Failed(
            BackupProblems.Damaged($"{pack}, {chunk.Stored} bytes from {chunk.Offset} on,", why));
}
