using System.Security.Cryptography;
using PgMahout.Core.Backup;
using PgMahout.Postgres;

namespace PgMahout.Backup.Framing;

/// <summary>
/// Makes of plain bytes what is stored, and back: one standard zstd or lz4 frame, encrypted if there is a key as nonce
/// (12), ciphertext and tag (16). Confined to one thread; its library must have been found
/// (<see cref="Compression.Missing"/>).
/// </summary>
public sealed class FrameCodec : IDisposable
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly ZstdCodec? _zstd;
    private readonly Lz4Codec? _lz4;
    private readonly AesGcm? _cipher;
    private byte[] _decrypted = [];

    /// <param name="summed">
    /// Frames carry a checksum of their content; not needed where a stronger one of the plain bytes is kept elsewhere.
    /// </param>
    public FrameCodec(Compression compression, EncryptionKey? key, bool summed = true)
    {
        if (compression.Missing is { } problem)
            throw new DllNotFoundException(problem.ToString());
        _zstd = compression.Kind == CompressionKind.Zstd ? new ZstdCodec(compression.Level, summed) : null;
        _lz4 = compression.Kind == CompressionKind.Lz4 ? new Lz4Codec(compression.Level, summed) : null;
        _cipher = key is null ? null : new AesGcm(key.Bytes, TagBytes);
    }

    private int Overhead => _cipher is null ? 0 : NonceBytes + TagBytes;

    /// <summary>What so many plain bytes take at most, however they look.</summary>
    public int Bound(int plain) => Overhead
        + (_zstd is not null ? ZstdCodec.Bound(plain) : _lz4 is not null ? Lz4Codec.Bound(plain) : plain);

    /// <summary>The number of bytes written to <paramref name="stored"/>.</summary>
    /// <param name="associated">
    /// Where this is stored: with another place it does not decode, so that nobody can swap one for another. Means
    /// nothing without a key.
    /// </param>
    public int Encode(ReadOnlySpan<byte> plain, Span<byte> stored, ReadOnlySpan<byte> associated)
    {
        if (_cipher is null)
            return Compress(plain, stored);
        var length = Compress(plain, stored[NonceBytes..^TagBytes]);
        var nonce = stored[..NonceBytes];
        RandomNumberGenerator.Fill(nonce);
        var body = stored.Slice(NonceBytes, length);
        _cipher.Encrypt(nonce, body, body, stored.Slice(NonceBytes + length, TagBytes), associated);
        return length + Overhead;
    }

    /// <summary>
    /// The number of plain bytes. Whatever is not exactly what was stored at this place with this key fails, with
    /// nothing certain in <paramref name="plain"/>. Without compression and key every byte is taken as it is.
    /// </summary>
    public Outcome<int> Decode(ReadOnlySpan<byte> stored, Span<byte> plain, ReadOnlySpan<byte> associated)
    {
        if (_cipher is null)
            return Decompress(stored, plain);
        if (stored.Length < Overhead)
            return Damaged($"it has {stored.Length} bytes only");
        var length = stored.Length - Overhead;
        if (_decrypted.Length < length)
            _decrypted = GC.AllocateUninitializedArray<byte>(length);
        var body = _decrypted.AsSpan(0, length);
        try
        {
            _cipher.Decrypt(
                stored[..NonceBytes], stored.Slice(NonceBytes, length), stored[^TagBytes..], body, associated);
        }
        catch (AuthenticationTagMismatchException)
        {
            return Damaged("it was changed, belongs somewhere else, or was encrypted with another key");
        }
        return Decompress(body, plain);
    }

    public void Dispose()
    {
        _zstd?.Dispose();
        _lz4?.Dispose();
        _cipher?.Dispose();
    }

    /// <summary>The code of the problem that stored bytes are not what was stored.</summary>
    public const string DamagedCode = "object-damaged";

    internal static Outcome<int> Damaged(string why) => new Outcome<int>.Failed(new Problem(
        DamagedCode,
        "stored bytes are damaged",
        why,
        "nothing of it was used",
        "another repository or an earlier backup may have it whole: pgmahout backup verify"));

    private int Compress(ReadOnlySpan<byte> plain, Span<byte> frame)
    {
        if (_zstd is not null)
            return _zstd.Compress(plain, frame);
        if (_lz4 is not null)
            return _lz4.Compress(plain, frame);
        plain.CopyTo(frame);
        return plain.Length;
    }

    private Outcome<int> Decompress(ReadOnlySpan<byte> frame, Span<byte> plain)
    {
        if (_zstd is null && _lz4 is null)
            return CopyPlain(frame, plain);
        // To zstd nothing at all is a row of no frames, and sound.
        if (frame.IsEmpty)
            return Damaged("it is empty");
        var length = _zstd is not null
            ? _zstd.Decompress(frame, plain, out var complaint)
            : _lz4!.Decompress(frame, plain, out complaint);
        return length is { } found ? new Outcome<int>.Done(found) : Damaged(complaint);
    }

    private static Outcome<int> CopyPlain(ReadOnlySpan<byte> frame, Span<byte> plain)
    {
        if (frame.Length > plain.Length)
            return Damaged($"it has {frame.Length} bytes, {plain.Length} were expected at most");
        frame.CopyTo(plain);
        return new Outcome<int>.Done(frame.Length);
    }
}
