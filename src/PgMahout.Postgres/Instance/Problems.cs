using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Instance;

/// <summary>What can go wrong with an instance, in the words that a person reads.</summary>
internal static class Problems
{
    private const string SeeState = "its state was not changed further; it is observed anew";

    public static Problem NotRunning(string what) => new(
        "postgres-not-running",
        $"{what} is not possible",
        "no postmaster runs in the data directory",
        SeeState,
        "nothing: the next decision starts it if it should run");

    public static Problem Running(string what) => new(
        "postgres-running",
        $"{what} is not possible",
        "processes of the server still run in the data directory",
        SeeState,
        "nothing: the next decision stops them if they should not run");

    public static Problem OutOfTime(string what, TimeSpan limit, string evidence = "") => new(
        "postgres-too-late",
        $"{what} was not done within {limit.TotalSeconds:0.###} s",
        evidence == "" ? "the server was still not as asked" : evidence,
        "it may still come; the server is observed anew",
        "if it happens again, look for a slow disk or an overloaded machine");

    public static Problem Query(string what, string evidence) => new(
        "postgres-query-failed", $"{what} failed", evidence, SeeState, "look at the server's log: pgmahout logs");

    public static Problem NotTaken(string evidence) => new(
        "postgres-not-taken",
        "the server did not take its configuration files",
        evidence,
        "it runs on with what it had",
        "correct the file and line; pgmahout doctor explains it");

    public static Problem Files(string what, string evidence) => new(
        "postgres-files",
        $"{what} failed",
        evidence,
        "each file has either its old or its new content",
        "check free space, owner and permissions of the data directory");

    public static Problem DiedAtStart(string log) => new(
        "postgres-start-failed",
        "PostgreSQL ended instead of accepting connections",
        log,
        "the data directory is as the server left it",
        "the log says what it misses; a changed setting can be taken back in postgresql.conf");

    public static Problem Tool(string what, string evidence, string left) => new(
        "postgres-tool-failed", $"{what} failed", evidence, left, "the next rung of the rejoin ladder is tried");

    public static Problem Initialize(string evidence) => new(
        "initdb-failed",
        "the data directory could not be initialized",
        evidence,
        "what initdb had made was removed",
        "remove the cause and run the same command again");

    public static Problem NoSpace(string what, ByteSize needed, ByteSize free) => new(
        "no-space",
        $"{what} was not begun",
        $"it needs {needed}, and {free} are free",
        "nothing was changed",
        "free space on the file system of the data directory");

    public static Problem SharedTablespace(MemberName neighbour, string location) => new(
        "tablespace-shared",
        $"nothing was copied beside {neighbour}, which is on the same machine",
        $"the tablespace in {location} has the same path for every member, so both would write the same files",
        "nothing was changed",
        "move its tables (ALTER TABLE ... SET TABLESPACE pg_default) and drop it, or give each member a machine");

    public static Problem TablespaceInUse(string location) => new(
        "tablespace-in-use",
        $"nothing was copied to the tablespace in {location}",
        "files of a server are there that are not known to be this member's",
        "nothing was changed",
        $"if no server needs them, remove {location}/PG_*; the member tries again by itself");

    public static Problem UnknownMember(MemberName name) => new(
        "unknown-member",
        $"there is no other member {name}",
        "it is not in this cluster's list",
        "nothing was changed",
        "see: pgmahout status");

    public static Problem NoWal(string directory) => new(
        "wal-unreadable",
        "the end of the server's WAL could not be found",
        $"no readable record at the last checkpoint in {directory}/pg_wal",
        "nothing was changed",
        "the member is cloned anew; what it had alone is lost unless pg_wal is restored from elsewhere");
}
