using System.Collections.Immutable;

namespace PgMahout.Errors;

/// <summary>
/// What the codes mean that agents put into their logs and into the history when work on a server fails.
/// </summary>
public static class ProblemCatalogue
{
    public static readonly ImmutableSortedDictionary<string, string> All = new Dictionary<string, string>
    {
        ["adopted-password-differs"] = "A running server was to be adopted with the password of the role postgres that "
            + "is in the cluster's secrets (password: keep), and the server has another one. It was not changed.",
        ["bootstrap-unpublished"] = "The first member made its databases and could not write their identity into the "
            + "store, so they are not the cluster's yet. It tries again; what it made is made anew.",
        ["catalog-unreadable"] = "The catalogs of a server could not be read for a snapshot of its names; the text is "
            + "the server's own. It is tried again. Until then, new relations are told by the numbers of their files.",
        ["changed-blocks-unknown"] = "It is not known for sure which blocks WAL changed, so an incremental backup "
            + "would not be safe. A full backup is made instead.",
        ["guard-stays"] = "The guard of a server that has ended is still there, so no new server is started beside it. "
            + "It ends by itself within moments; if not, its pid is in members/NAME/guard.lock.",
        ["initdb-failed"] = "The first server could not be made; the lines shown are initdb's own. It is tried again.",
        ["no-space"] =
            "There is not enough free space for a copy of the leader's data beside what is there. Nothing was "
            + "deleted. Free some space; the member tries again by itself.",
        ["operation-broke"] =
            "Work on a server ended in a way that its authors held to be impossible. It is tried again; "
            + "report it with the agent's log.",
        ["postgres-files"] = "A file of the server's configuration could not be written. Each has its old or its new "
            + "content. Check free space, and owner and permissions of the data directory.",
        ["postgres-not-found"] = "No usable PostgreSQL server is installed: pgmahout explain UP-001.",
        ["postgres-not-taken"] = "A running server read its configuration files and did not take them, because of the "
            + "error shown. It runs on with the values it had; a restart might fail. `pgmahout doctor` explains it.",
        ["postgres-not-running"] = "Something was asked of a server that does not run. The agent observes it again and "
            + "decides anew.",
        ["postgres-query-failed"] =
            "The server did not carry out a command of its agent; the text after the code is the "
            + "server's own. The agent observes it again and decides anew.",
        ["postgres-running"] = "Something was asked that needs a stopped server, and it runs. Nothing was touched.",
        ["postgres-start-failed"] =
            "The server ended before it accepted connections; the lines shown are the end of its "
            + "log.",
        ["postgres-too-late"] = "The server did not reach the wanted state within the limit. It is observed again; the "
            + "work may still end well.",
        ["postgres-tool-failed"] =
            "One of PostgreSQL's programs (initdb, pg_rewind, pg_basebackup) failed; the lines shown "
            + "are its own. The next rung of the rejoin ladder is tried.",
        ["replication-login"] = "A server does not let the archiver in: the password, or its rules of access. "
            + "`pgmahout hba test --user pgmahout_replication --database replication` shows which rule decides.",
        ["replication-lost"] = "The connection through which WAL or a base backup is received broke. It is opened "
            + "again; the slot on the server keeps what was not received.",
        ["replication-protocol"] = "What answers at a server's address is no PostgreSQL, or of a version that is not "
            + "supported. Check who listens there.",
        ["replication-refused"] = "A server did not carry out a replication command; the text is its own. It is tried "
            + "again.",
        ["replication-slot-in-use"] = "Somebody else receives WAL through the slot: the archiver of another host, "
            + "which is as it should be, or one that has not noticed yet that its connection is dead. It is tried "
            + "again.",
        ["replication-unsupported"] = "A server asks for something that this program does not know, such as a kind of "
            + "login. Change its rules of access: pgmahout hba.",
        ["restored-server-failed"] = "A server on restored files did not come up; the lines shown are its own. The "
            + "cluster is not touched by that.",
        ["restored-server-short"] = "A server on restored files ended its replay before the address that it was to "
            + "reach. Some WAL in the repository is damaged: pgmahout backup verify names it.",
        ["secrets-unreadable"] =
            "The passwords in the home's directory secrets/ cannot be read or made. Make it accessible "
            + "for this user, or bring the missing file back from a copy.",
        ["server-account-refused"] = "Root could not become the owner of a host's home: pgmahout explain HST-003.",
        ["server-account-missing"] = "There is no account to run PostgreSQL as: pgmahout explain UP-002.",
        ["tablespace-in-use"] = "A clone would put files into the directory of a tablespace, and a server has files "
            + "there that do not belong to the member: its data directory does not link to them. Nothing was deleted. "
            + "If no server needs them, remove the directory PG_... there; the member tries again by itself.",
        ["tablespace-shared"] = "The primary has a tablespace outside its data directory, and another member is on "
            + "this machine. PostgreSQL uses the same path on every member, so a rewind, a clone or a replay would "
            + "overwrite that member's files. Move the tables to pg_default and drop the tablespace, or give each "
            + "member a machine of its own.",
        ["unknown-member"] =
            "A server was to follow a member that is not in its specification: it was removed a moment "
            + "ago. The agent decides anew.",
        ["wal-index-damaged"] = "An index of archived WAL does not match its checksum. It is made again from the WAL "
            + "itself, which is checked on its own.",
        ["wal-index-missing"] = "There is no index of a segment of WAL, and the segment is not in the archive, so what "
            + "happened in it cannot be told.",
        ["wal-unreadable"] = "The end of a stopped server's WAL could not be found, so it is not known whether it can "
            + "follow. A clone replaces it.",
        ["wal-unreadable-archived"] = "Archived WAL does not hold records that follow one another. Nothing behind it "
            + "can be restored from this archive: a full backup begins anew.",
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);
}
