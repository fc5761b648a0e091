using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Postgres;

namespace PgMahout.Backup.Indexing;

/// <summary>Why something cannot be told from the WAL index.</summary>
public static class IndexProblems
{
    public const string MissingCode = "wal-index-missing";
    public const string DamagedCode = "wal-index-damaged";
    public const string UnknownCode = "changed-blocks-unknown";
    public const string UnreadableCode = "wal-unreadable-archived";

    private const string Nothing = "nothing was changed";

    public static Problem Missing(WalSegment segment) => new(
        MissingCode,
        $"the WAL index does not tell what {segment} did",
        "it has no index of that segment, and the segment itself is not there to make one from",
        Nothing,
        "a full backup needs no index; the archive tells where WAL is missing");

    public static Problem Damaged(string name, string why) => new(
        DamagedCode,
        $"{name} is damaged",
        why,
        Nothing,
        "delete it: it is made again from the archived WAL");

    public static Problem Unknown(WalSegment segment, string why) => new(
        UnknownCode, $"the blocks that {segment} changed are not all known", why, Nothing, "make a full backup");

    public static Problem Unreadable(WalSegment segment, string why) => new(
        UnreadableCode,
        $"the WAL of {segment} cannot be read",
        why,
        "what is archived stays as it is",
        "compare it with the server's own pg_wal if that still has it, and make a full backup");

    public static Problem OutOfOrder(WalPosition from, WalPosition to) => new(
        UnknownCode,
        $"there is no WAL that leads from {from} to {to}",
        "the one is not behind the other in the history of the later timeline",
        Nothing,
        "make a full backup");
}
