using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Postgres;

namespace PgMahout.Backup.Archiving;

/// <summary>What keeps an archiver from archiving, in the words that a person reads.</summary>
internal static class ArchiveProblems
{
    private const string Kept = "the archive is as it was; nothing was confirmed to that server";

    /// <summary>Null when there is nothing against streaming.</summary>
    public static Problem? Of(ResumeAnswer answer, string server) => answer switch
    {
        ResumeAnswer.Stream => null,
        ResumeAnswer.NotPrimary => new(
            "archive-standby", $"{server} is a standby", "it is in recovery", Kept,
            "nothing: the primary is looked for again"),
        ResumeAnswer.OtherSystem other => new(
            "archive-other-system",
            $"{server} is another cluster",
            $"its system identifier is {other.Found}, the archive is of {other.Expected}",
            Kept,
            "check who listens there; a cluster made anew needs a repository of its own"),
        ResumeAnswer.Stale stale => new(
            "archive-stale-primary",
            $"{server} is a primary of the past",
            $"it is on timeline {stale.Found}, and the archive has seen {stale.Newest}",
            Kept,
            "stop it, and make it a standby of the present primary"),
        ResumeAnswer.OtherHistory other => new(
            "archive-other-history",
            $"{server} is of another history",
            $"timeline {other.Timeline} began elsewhere there than in the archive: two servers were promoted to it",
            Kept,
            "archive the one that is to live into a new repository, or stop the wrong one"),
        ResumeAnswer.Behind behind => new(
            "archive-primary-behind",
            $"{server} has lost WAL",
            $"the archive ends at {behind.Archived}, its WAL of the same timeline at {behind.Found}",
            Kept,
            "it was brought back from an older copy: restore it properly, which begins a new timeline"),
        _ => throw new InvalidOperationException(answer.ToString()),
    };

    public static Problem Gone(GapRecord gap) => new(
        "archive-gap",
        $"WAL from {gap.Gap.From} to {gap.Gap.To} is lost to the archive",
        gap.Why,
        "everything before it can be restored; what follows only from a new base backup on",
        "make a base backup now: pgmahout backup now --full");

    /// <summary>Somebody asked for it.</summary>
    public static readonly Problem LetGo = new(
        "archive-let-go", "the primary was let go", "it changed, or archiving was stopped",
        "everything received is stored", "nothing");

    public static Problem Nonsense(string why) => new(
        "archive-nonsense", "the server sent WAL that does not follow", why, Kept, "nothing: it is asked anew");

    public static Problem Unreadable(string file) => new(
        "archive-history", $"the history file {file} cannot be read", "its lines are not what PostgreSQL writes",
        Kept, "look at that file in the server's pg_wal");

    public static Problem NotThere(WalPosition at, string why) => new(
        "archive-not-there", $"the server does not have the WAL it should be writing at {at}", why,
        Kept, "look at the server's log and pg_wal");

    public static Problem NoWalFile(string file) => new(
        "archive-no-wal-file", $"'{file}' is no file of WAL", "PostgreSQL gives no file such a name or length",
        "nothing was read or written", "call this from archive_command or restore_command, with %p and %f");

    public static Problem Conflict(string file) => new(
        "archive-conflict", $"the archive has another {file}", "its bytes are not those of the file",
        "the archive keeps what it has", "two clusters archive into one place, or one was brought back by a copy");

    public static Problem Files(string what, string why) => new(
        "archive-files", $"{what} failed", why, "no unfinished file is left", "check free space and permissions");

    /// <param name="cause">What the repository said last; null when it does not answer at all.</param>
    public static Problem Stuck(TimeSpan trouble, Problem? cause)
    {
        const string Left = "the connection to the primary was closed; its slot keeps the WAL";
        var silence = $"nothing was stored for {trouble.TotalSeconds:0.0} s";
        return cause is null
            ? new Problem(
                "archive-repository-failing", "the repository takes no WAL", silence, Left,
                "look at the repository; streaming goes on by itself")
            : cause with { Why = $"{cause.Why}; {silence}", Left = Left };
    }

    public static Problem Sink(WalSegment segment, Exception e) => new(
        "archive-index", $"segment {segment} was archived but not indexed", e.Message,
        "the segment is safe", "nothing: the index can be made from the archive");
}
