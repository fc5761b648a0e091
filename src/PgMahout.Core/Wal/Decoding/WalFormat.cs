using System.Collections.Immutable;

namespace PgMahout.Core.Wal.Decoding;

/// <summary>
/// How WAL of one major version of PostgreSQL is laid out, where versions differ. The magic number at the beginning of
/// each page tells which it is.
/// </summary>
/// <param name="Major">14 to 18.</param>
/// <param name="Magic">Of a page of WAL.</param>
/// <param name="ImageCompressed">The bits of a page image's flags of which one is set when it is compressed.</param>
/// <param name="DroppedStatsLength">
/// In bytes, of each of the objects whose statistics a commit drops; 0 where commits do not tell.
/// </param>
/// <param name="DatabaseDrop">What the database manager's record of a drop has as its operation.</param>
/// <param name="ConnectionLimitAt">Where a row of <c>pg_database</c> has <c>datconnlimit</c>.</param>
public sealed record WalFormat(
    int Major, ushort Magic, byte ImageCompressed, int DroppedStatsLength, byte DatabaseDrop, int ConnectionLimitAt)
{
    public static readonly ImmutableArray<WalFormat> All =
    [
        new(14, 0xD10D, 0x02, 0, 0x10, 208),
        new(15, 0xD110, 0x1C, 12, 0x20, 80),
        new(16, 0xD113, 0x1C, 12, 0x20, 80),
        new(17, 0xD116, 0x1C, 12, 0x20, 80),
        new(18, 0xD118, 0x1C, 16, 0x20, 80),
    ];

    /// <summary>Null for WAL of a version that is not known.</summary>
    public static WalFormat? Of(ushort magic)
    {
        foreach (var format in All)
            if (format.Magic == magic)
                return format;
        return null;
    }
}
