using PgMahout.Core.Backup;
using PgMahout.Postgres;

namespace PgMahout.Backup.Framing;

/// <summary>How bytes are made smaller.</summary>
/// <param name="Level">Of zstd 1 to 19, of lz4 0 (fast) or 3 to 12; means nothing without compression.</param>
public readonly record struct Compression(CompressionKind Kind, int Level)
{
    private const string EncryptedEnding = ".aes";

    public static readonly Compression None = new(CompressionKind.None, 0);

    /// <summary>The level is the library's own if it is not given, and the nearest that the library has.</summary>
    public static Compression Of(CompressionKind kind, int? level) => kind switch
    {
        CompressionKind.None => None,
        CompressionKind.Lz4 => new Compression(kind, Math.Clamp(level ?? 0, 0, 12)),
        CompressionKind.Zstd => new Compression(kind, Math.Clamp(level ?? 1, 1, 19)),
    };

    /// <summary>What the name of an object ends in, so that it can be read without knowing the repository.</summary>
    public string Ending(bool encrypted) => EndingOf(Kind) + (encrypted ? EncryptedEnding : "");

    /// <summary>What an object is stored as, by the ending of its name, and its name without that.</summary>
    public static (CompressionKind Kind, bool Encrypted, string Bare) OfName(string name)
    {
        var encrypted = name.EndsWith(EncryptedEnding, StringComparison.Ordinal);
        var rest = encrypted ? name[..^EncryptedEnding.Length] : name;
        foreach (var kind in (ReadOnlySpan<CompressionKind>)[CompressionKind.Lz4, CompressionKind.Zstd])
            if (rest.EndsWith(EndingOf(kind), StringComparison.Ordinal))
                return (kind, encrypted, rest[..^EndingOf(kind).Length]);
        return (CompressionKind.None, encrypted, rest);
    }

    /// <summary>Null when the library that does it can be loaded here.</summary>
    public Problem? Missing => Kind switch
    {
        CompressionKind.None => null,
        CompressionKind.Lz4 => CodecLibraries.Missing(CodecLibraries.Lz4),
        CompressionKind.Zstd => CodecLibraries.Missing(CodecLibraries.Zstd),
    };

    private static string EndingOf(CompressionKind kind) => kind switch
    {
        CompressionKind.None => "",
        CompressionKind.Lz4 => ".lz4",
        CompressionKind.Zstd => ".zst",
    };
}
