using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Wal;

/// <summary>One line of what happened in WAL.</summary>
/// <param name="Kind">drop, rewrite, change, rows, drop-database, restore-point, message, checkpoint, commit …</param>
/// <param name="StopBefore">Recovery that ends before this address leaves it undone; null for others.</param>
/// <param name="Objects">Names of relations or databases, or the numbers of files that have none.</param>
internal sealed record WalEntry(
    string Kind,
    Lsn At,
    DateTimeOffset? Time,
    uint? Xid,
    Lsn? StopBefore,
    ImmutableArray<string> Objects,
    string Text)
{
    public static string[] Heading => ["LSN", "TIME (UTC)", "LOCAL", "XID", "WHAT", ""];

    public string[] Row(TimeZoneInfo zone) =>
    [
        At.ToString(),
        Time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture) ?? "-",
        Time is { } time
            ? TimeZoneInfo.ConvertTime(time, zone).ToString("HH:mm:ss zzz", CultureInfo.InvariantCulture)
            : "-",
        Xid?.ToString(CultureInfo.InvariantCulture) ?? "-",
        Kind,
        Text,
    ];

    public WalEntryDocument Document => new(
        Kind, At.ToString(), Time?.UtcDateTime, Xid, StopBefore?.ToString(), Objects, Text);
}

/// <summary>The JSON of <c>wal find</c> and <c>wal tail</c>.</summary>
public sealed record WalEntriesDocument(int Schema, ImmutableArray<WalEntryDocument> Entries);

/// <param name="StopBefore">For <c>recovery_target_lsn</c>, exclusive; null where nothing is undone by that.</param>
public sealed record WalEntryDocument(
    string Kind,
    string Lsn,
    DateTime? At,
    uint? Xid,
    string? StopBefore,
    ImmutableArray<string> Objects,
    string Text);

/// <summary>The JSON of <c>wal stats</c>.</summary>
public sealed record WalStatsDocument(
    int Schema,
    string From,
    string To,
    long Bytes,
    long ImageBytes,
    long Commits,
    long Aborts,
    DateTime? FirstCommit,
    DateTime? LastCommit,
    ImmutableArray<WalShareDocument> Managers,
    ImmutableArray<WalShareDocument> Relations,
    ImmutableArray<WalRateDocument> Rates);

public sealed record WalShareDocument(string Name, long Records, long Bytes, long ImageBytes);

/// <param name="Lsn">Where the segment begins.</param>
public sealed record WalRateDocument(string Lsn, DateTime At, double Seconds, long Commits, double CommitsPerSecond);
