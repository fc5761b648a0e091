using PgMahout.CommandLine;

namespace PgMahout.Errors;

/// <summary>Repositories, backups, the archive, and restoring.</summary>
public static partial class ErrorCatalogue
{
    public static readonly ErrorKind RepositoryRefused = new("REP-001", ExitCode.Refused,
        "The place cannot become a repository of this cluster: it cannot be written and read back, it belongs to "
        + "another cluster, or the key does not fit. The settings of the cluster were not changed.");

    public static readonly ErrorKind UnknownRepository = new("REP-002", ExitCode.NotFound,
        "There is no repository of that name. `pgmahout repo list` shows them.");

    public static readonly ErrorKind NoRepository = new("REP-003", ExitCode.NotFound,
        "The cluster has no repository, so nothing is backed up and nothing can be brought back. Give it one, best on "
        + "another disk or machine: pgmahout repo add main DIRECTORY.");

    public static readonly ErrorKind RepositoryFailed = new("REP-004", ExitCode.Unreachable,
        "A repository did not do what was asked. What is in it stays as it is; whole objects are never changed. Look "
        + "at the storage, then run the command again.");

    public static readonly ErrorKind BackupFailed = new("BAK-001", ExitCode.Failed,
        "A backup was not finished. A backup exists only when its last object is written, so the older ones are as "
        + "good as before. The next one takes over what is still right of this one.");

    public static readonly ErrorKind BackupBusy = new("BAK-002", ExitCode.Conflict,
        "Another backup, expiry or restore of this cluster is under way. Two would read the same disks and could "
        + "remove what the other needs. Wait for it to end; one whose process died gives way by itself.");

    public static readonly ErrorKind UnknownBackup = new("BAK-003", ExitCode.NotFound,
        "There is no backup of that name in the repository. `pgmahout backup list` shows them.");

    public static readonly ErrorKind BackupDamaged = new("BAK-004", ExitCode.Failed,
        "Objects of the repository are not what was written: their checksums do not fit, or they are gone. What needs "
        + "them does not restore. Make a new full backup, and look at the storage before trusting it again.");

    public static readonly ErrorKind NothingExpires = new("BAK-005", ExitCode.Refused,
        "The expiry was not carried out, because what is in the repository could not be read completely: what looks "
        + "superfluous may be needed. Nothing was deleted.");

    public static readonly ErrorKind RestoreOutside = new("RST-001", ExitCode.Refused,
        "The point lies outside of what the repository can restore. The windows that are shown are restorable to any "
        + "commit. Nothing was changed.");

    public static readonly ErrorKind RestoreRefused = new("RST-002", ExitCode.Refused,
        "The target cannot take the restore: it is not empty and not an older restore of this cluster, a server runs "
        + "on it, or the space does not suffice. Nothing was changed.");

    public static readonly ErrorKind RestoreFailed = new("RST-003", ExitCode.Failed,
        "A restore did not come to its end. What was written stays, without the file that would let a server start on "
        + "it; the same command carries on and reuses what is right.");

    public static readonly ErrorKind TargetNotUnderstood = new("RST-004", ExitCode.Usage,
        "The point to restore to is not understood, or could be misunderstood. Nothing was begun.");

    public static readonly ErrorKind RestoreUnfinished = new("RST-005", ExitCode.Conflict,
        "A restore of the whole cluster was begun and did not come to its end, so nobody starts its members: one of "
        + "them is half restored, and another would bring the old data back. Run the restore again, to the same point "
        + "or to another one: the archive has everything that the cluster had.");

    public static readonly ErrorKind ArchiveIncomplete = new("RST-006", ExitCode.Refused,
        "The cluster was not taken back, because the archive lacks the end of what it has: that would be lost for "
        + "good. Nothing was destroyed, and the cluster runs as before. See why WAL does not arrive: pgmahout status.");

    public static readonly ErrorKind ArchiverSilent = new("ARC-001", ExitCode.Ok,
        "The archiver does not run, or has not said anything for a while: WAL is not archived. The supervisor restarts "
        + "a dead one; `pgmahout logs` shows what it said last.");

    public static readonly ErrorKind ArchiveStuck = new("ARC-002", ExitCode.Ok,
        "WAL does not get into a repository. The primary keeps it, up to the limit that its disk allows; what is lost "
        + "with the primary meanwhile cannot be restored from there. The reason is shown.");

    public static readonly ErrorKind ArchiveGapFound = new("ARC-003", ExitCode.Ok,
        "WAL was removed before it was archived, so nothing behind the gap can be restored until a new backup is "
        + "there. The cluster makes one by itself.");

    public static readonly ErrorKind NeverBackedUp = new("ARC-004", ExitCode.Ok,
        "There is no backup from which the present could be restored. The cluster makes one by itself when it has a "
        + "repository and a schedule; `pgmahout backup now` makes one at once.");

    public static readonly ErrorKind RepositoryFills = new("ARC-006", ExitCode.Ok,
        "At the pace at which WAL comes in, measured over some minutes and as if it were not compressed, the disk of "
        + "the repository is full within a day. Then nothing is archived any more. `pgmahout backup expire --dry-run` "
        + "shows what could go, and `pgmahout backup settings` how long things are kept.");

    public static readonly ErrorKind NotProven = new("ARC-005", ExitCode.Ok,
        "No restore has been proven lately: backups that were never restored are hopes. `pgmahout drill restore` does "
        + "it now, without touching the cluster.");
}
