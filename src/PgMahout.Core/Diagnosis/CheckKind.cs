using System.Collections.Immutable;

namespace PgMahout.Core.Diagnosis;

/// <summary>Something that <c>doctor</c> looks at.</summary>
/// <param name="Code">Stable, and never used for something else.</param>
/// <param name="Meaning">For <c>explain</c>.</param>
public sealed record CheckKind(string Code, string Name, string Meaning)
{
    public static readonly CheckKind Programs = new("DOC-001", "programs",
        "Whether PostgreSQL's programs are installed, of a version from 14 to 18, and of that of the data.");

    public static readonly CheckKind Directory = new("DOC-002", "data directory",
        "PostgreSQL starts only in a directory of its own account with the mode 0700 or 0750, whose data are of its "
        + "version.");

    public static readonly CheckKind LockFile = new("DOC-003", "postmaster.pid",
        "A server that lost its machine leaves postmaster.pid behind. If its number belongs to another process by now, "
        + "PostgreSQL takes that for a server and does not start.");

    public static readonly CheckKind Port = new("DOC-004", "port",
        "Whether the port of a stopped server is free, and that of a running one is its own.");

    public static readonly CheckKind Settings = new("DOC-005", "settings files",
        "Whether the server would start with its postgresql.conf and what that includes: asked of the running server, "
        + "else of the program postgres, which only reads them.");

    public static readonly CheckKind AccessRules = new("DOC-006", "access rules",
        "Whether the server would take its pg_hba.conf; one bad line keeps it from starting. Lines of "
        + "pg_hba.local.conf that would are left out by pgmahout, and shown here.");

    public static readonly CheckKind LastFailure = new("DOC-007", "last failure",
        "What the server's log says went wrong last, in words. A failure of a server that runs by now is a warning.");

    public static readonly CheckKind DiskSpace = new("DOC-008", "disk space",
        "A file system with less than a tenth free is a warning, with less than a fiftieth broken: a full one stops "
        + "the primary.");

    public static readonly CheckKind Answer = new("DOC-009", "answers",
        "Whether the server answers a query within two seconds.");

    public static readonly CheckKind Pending = new("DOC-010", "pending restart",
        "Settings that the server has read and takes only when it is started again.");

    public static readonly CheckKind Drift = new("DOC-011", "ALTER SYSTEM",
        "Values that somebody set by ALTER SYSTEM; they win over the cluster's configuration on that member alone.");

    public static readonly CheckKind Replication = new("DOC-012", "replication",
        "Whether every standby streams, and whether a slot that nobody reads keeps WAL until the disk is full.");

    public static readonly CheckKind Archiving = new("DOC-013", "archiving",
        "Whether the archive_command works. While it fails, WAL is kept, and the disk fills up.");

    public static readonly CheckKind Connections = new("DOC-014", "connections",
        "More than nine tenths of max_connections in use: the next peak is turned away.");

    public static readonly CheckKind Certificate = new("DOC-015", "certificate",
        "Whether the server's certificate for TLS can be read, and for how long it is still valid.");

    public static readonly CheckKind Passwords = new("DOC-016", "passwords",
        "Whether the cluster's passwords can be read, and whether the roles' passwords run out.");

    public static readonly CheckKind Reachability = new("DOC-017", "reachability",
        "Whether a connection to each member's address and port can be opened from here. Silence is a firewall or a "
        + "route, a refusal means that nothing listens; pg_hba.conf has no part in either.");

    public static readonly CheckKind Keepers = new("DOC-018", "supervisor and agents",
        "Whether the processes that heal the cluster are alive and answer.");

    public static readonly CheckKind Store = new("DOC-019", "store",
        "Whether the store can be read, which says who leads.");

    public static readonly CheckKind Limits = new("DOC-020", "limits",
        "Open files and locked memory that the system allows a process.");

    public static readonly CheckKind Kernel = new("DOC-021", "kernel settings",
        "Overcommit, swapping, transparent huge pages, semaphores and shared memory, as a database server needs them.");

    public static readonly CheckKind Clock = new("DOC-022", "clocks",
        "Whether the machines agree on the time. No decision depends on it; logs and restores to a time do.");

    public static readonly CheckKind VirtualAddress = new("DOC-023", "virtual address",
        "Whether the address that goes with the leadership is on the leader's host, on no other, and on nobody else's "
        + "machine.");

    public static readonly CheckKind Tablespaces = new("DOC-024", "tablespaces",
        "A tablespace has the same path on every member. On one machine the servers would write each other's files.");

    public static readonly ImmutableArray<CheckKind> All =
    [
        Programs, Directory, LockFile, Port, Settings, AccessRules, LastFailure, DiskSpace, Answer, Pending, Drift,
        Replication, Archiving, Connections, Certificate, Passwords, Reachability, Keepers, Store, Limits, Kernel,
        Clock, VirtualAddress, Tablespaces,
    ];
}

/// <summary>How a check ended.</summary>
public enum CheckVerdict
{
    Ok,

    /// <summary>It could not be looked at; the text says why.</summary>
    Unknown,
    Warning,
    Broken,
}

/// <summary>What a check found.</summary>
/// <param name="Subject">A member, a directory or the machine.</param>
public sealed record CheckResult(CheckKind Kind, string Subject, CheckVerdict Verdict, string Text)
{
    /// <summary>Lines and values that it rests on.</summary>
    public ImmutableArray<string> Evidence { get; init; } = [];

    /// <summary>Commands, ready to be pasted.</summary>
    public ImmutableArray<string> Fixes { get; init; } = [];

    public CheckResult Seen(params ReadOnlySpan<string> evidence) =>
        this with { Evidence = [.. Evidence, .. evidence] };

    public CheckResult Try(params ReadOnlySpan<string> fixes) => this with { Fixes = [.. Fixes, .. fixes] };
}
