using System.Collections.Immutable;
using System.Globalization;

namespace PgMahout.Core.Wal.Decoding;

/// <summary>
/// Whose records they are. The numbers are the same from PostgreSQL 14 to 18; those from 128 on belong to extensions.
/// </summary>
public static class Rmgr
{
    public const byte Xlog = 0;
    public const byte Transaction = 1;
    public const byte Storage = 2;
    public const byte CommitLog = 3;
    public const byte Database = 4;
    public const byte Tablespace = 5;
    public const byte MultiXact = 6;
    public const byte RelationMap = 7;
    public const byte Standby = 8;
    public const byte Heap2 = 9;
    public const byte Heap = 10;
    public const byte Btree = 11;
    public const byte Hash = 12;
    public const byte Gin = 13;
    public const byte Gist = 14;
    public const byte Sequence = 15;
    public const byte SpGist = 16;
    public const byte Brin = 17;
    public const byte CommitTimestamp = 18;
    public const byte ReplicationOrigin = 19;
    public const byte Generic = 20;
    public const byte LogicalMessage = 21;

    private const byte FirstCustom = 128;

    private static readonly ImmutableArray<string> Names =
    [
        "XLOG", "Transaction", "Storage", "CLOG", "Database", "Tablespace", "MultiXact", "RelMap", "Standby", "Heap2",
        "Heap", "Btree", "Hash", "Gin", "Gist", "Sequence", "SPGist", "BRIN", "CommitTs", "ReplicationOrigin",
        "Generic", "LogicalMessage",
    ];

    public static bool IsKnown(byte manager) => manager < Names.Length || manager >= FirstCustom;

    /// <summary>As <c>pg_waldump</c> names it, and one of an extension by its number: <c>custom128</c>.</summary>
    public static string NameOf(byte manager) => manager < Names.Length
        ? Names[manager]
        : string.Create(CultureInfo.InvariantCulture, $"custom{manager:D3}");
}
