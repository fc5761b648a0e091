using System.Collections.Immutable;
using PgMahout.CommandLine;

namespace PgMahout.Errors;

/// <summary>Every code that pgmahout can show. Codes are never reused for something else.</summary>
public static partial class ErrorCatalogue
{
    public static readonly ErrorKind Internal = new("PGM-001", ExitCode.Failed,
        "pgmahout met a situation that its authors held to be impossible. Nothing is retried, because what "
        + "happened is not known. Run the command again with PGMAHOUT_DEBUG=1 for the stack trace, and report it.");

    public static readonly ErrorKind Usage = new("PGM-002", ExitCode.Usage,
        "The command line is not understood. Nothing was begun. `pgmahout VERB --help` shows what the verb takes.");

    public static readonly ErrorKind ConsentNeeded = new("PGM-003", ExitCode.Usage,
        "What was asked for cannot be undone or may lose data, and nobody is there to be asked. Say --yes to agree "
        + "beforehand.");

    public static readonly ErrorKind Declined = new("PGM-004", ExitCode.Cancelled,
        "The question before a destructive step was not answered with yes. Nothing was changed.");

    public static readonly ErrorKind NoBinaries = new("UP-001", ExitCode.Refused,
        "No supported PostgreSQL server (14 to 18) was found under /usr/lib/postgresql, by pg_config or on the PATH. "
        + "On Debian and Ubuntu: apt-get install postgresql-15. Set `create_main_cluster = false` in "
        + "/etc/postgresql-common/createcluster.conf first, or the package starts a server of its own on port 5432.");

    public static readonly ErrorKind NoAccount = new("UP-002", ExitCode.Refused,
        "PostgreSQL refuses to run as root, so root lends it the account 'postgres', and there is none. The server's "
        + "package creates it; `useradd --system postgres` does too. Or run pgmahout as an ordinary user.");

    public static readonly ErrorKind PortTaken = new("UP-003", ExitCode.Refused,
        "Each member needs a TCP port of its own: the first takes --port, the others the ones after it. The proxy "
        + "takes two more, from --proxy-port on. Another process listens on one of them. Stop that process or choose "
        + "other ports.");

    public static readonly ErrorKind NoSpace = new("UP-004", ExitCode.Refused,
        "A member takes about 100 MB before the first row, and its WAL up to 1 GB more. The file system of the home "
        + "has less than is prudent. Free some space, or choose another place with --home.");

    public static readonly ErrorKind HomeNotUsable = new("UP-005", ExitCode.Refused,
        "The home cannot be used: it is not a directory, it cannot be written, or the account that PostgreSQL runs as "
        + "cannot reach it, because a directory above it denies passage. Choose another --home or correct the mode.");

    public static readonly ErrorKind HomeNotOurs = new("UP-006", ExitCode.Refused,
        "The directory holds something, and no pgmahout cluster. It could be somebody's data, so nothing in it is "
        + "touched. Choose an empty directory or one that does not exist.");

    public static readonly ErrorKind StoreMissing = new("UP-007", ExitCode.Refused,
        "The home holds data directories of members, but its store cluster.db, which says who leads and who has every "
        + "confirmed commit, is gone. A new store would have to guess, and a wrong guess loses commits. Bring the file "
        + "back from a copy; or, if the data is not needed, destroy the home.");

    public static readonly ErrorKind StoreDamaged = new("UP-008", ExitCode.Refused,
        "The store cluster.db is there and cannot be read. It is never repaired by guessing. Bring it back from a copy "
        + "(with its -wal file); or, if the data is not needed, destroy the home.");

    public static readonly ErrorKind ContradictsSpec = new("UP-009", ExitCode.Refused,
        "The home holds a cluster already, and an option asks for something else than it was made with. `up` brings a "
        + "cluster up; it does not change it. Leave the option away, use `member add` or `member remove`, or take "
        + "another --home for another cluster.");

    public static readonly ErrorKind UpInProgress = new("UP-010", ExitCode.Conflict,
        "Another `pgmahout up` or `down` is at work on the same home. One of them wins, so that the two do not "
        + "interleave. Wait for it to end and run the command again.");

    public static readonly ErrorKind DataOfAnotherVersion = new("UP-011", ExitCode.Refused,
        "A member's data directory was written by another major version of PostgreSQL than the programs that were "
        + "found. It is not touched. Install the programs of that version.");

    public static readonly ErrorKind DataOfAnotherCluster = new("UP-012", ExitCode.Refused,
        "A member's data directory has another system identifier than the cluster: it is another cluster's data. It is "
        + "not touched. Move it away, and the member will be cloned from the leader.");

    public static readonly ErrorKind SupervisorDidNotStart = new("UP-013", ExitCode.Failed,
        "The supervisor, which keeps one agent per member running, ended at once or never took its lock. Its log says "
        + "why. Running `pgmahout up` again is safe.");

    public static readonly ErrorKind NotHealthyInTime = new("UP-014", ExitCode.Unreachable,
        "The members were started, and the cluster did not become healthy within the limit. It goes on trying by "
        + "itself: `pgmahout status -w` shows how far it is, `pgmahout logs` why not.");

    public static readonly ErrorKind CreationFailed = new("UP-015", ExitCode.Failed,
        "A file or directory of the home could not be created. `up` can be run again: it carries on where it stopped.");

    public static readonly ErrorKind NoCluster = new("HOME-001", ExitCode.NotFound,
        "There is no cluster in this home. Name another home with --home or $PGMAHOUT_HOME, or make one: pgmahout up.");

    public static readonly ErrorKind NoAnswer = new("HOME-002", ExitCode.Unreachable,
        "Neither the store nor the agents that are needed answered in time. `pgmahout status` shows who does.");

    public static readonly ErrorKind NotYourHome = new("HOME-003", ExitCode.Refused,
        "The home belongs to another user of this machine, and what is in it is for that user alone: the store, the "
        + "passwords. Nothing is wrong with it. Run the command as that user, or as root.");

    public static readonly ErrorKind UnknownMember = new("MEM-001", ExitCode.NotFound,
        "There is no member of that name in this cluster. `pgmahout status` lists them.");

    public static readonly ErrorKind MemberExists = new("MEM-002", ExitCode.Refused,
        "A member of that name is in the cluster already. Choose another name, or none: the next free one is taken.");

    public static readonly ErrorKind MemberLeads = new("MEM-003", ExitCode.Refused,
        "The member leads the cluster, and what was asked for would take the service down or its data away. Move the "
        + "leadership first: pgmahout switchover.");

    public static readonly ErrorKind LastMember = new("MEM-004", ExitCode.Refused,
        "It is the cluster's only member; removing it would leave nothing. To end the cluster: "
        + "pgmahout down --destroy.");

    public static readonly ErrorKind NotDoneInTime = new("MEM-005", ExitCode.Unreachable,
        "The member was told, and the result was not seen within the limit. It may still come: pgmahout status -w.");

    public static readonly ErrorKind SwitchoverRefused = new("SW-001", ExitCode.Refused,
        "The leader looked at the request and refused it, because it would lose data or could not work. The cluster is "
        + "as it was. The reason names what is in the way; `pgmahout explain` shows every candidate.");

    public static readonly ErrorKind SwitchoverBusy = new("SW-002", ExitCode.Conflict,
        "Another switchover was asked for and is not finished. Wait for it, then ask again if it is still wanted.");

    public static readonly ErrorKind SwitchoverTimedOut = new("SW-003", ExitCode.Unreachable,
        "Nobody carried the request out within the limit; it was withdrawn if it was still there. If the leader is "
        + "dead, the cluster elects another one by itself; `pgmahout explain` says why it has not.");

    public static readonly ErrorKind NothingToSwitch = new("SW-004", ExitCode.Refused,
        "There is no leader to take the leadership from, or no other member to give it to.");

    public static readonly ErrorKind StoreWrite = new("STO-001", ExitCode.Unreachable,
        "The store did not say whether the change was made. Look with `pgmahout status` before asking again.");

    public static readonly ErrorKind StoreConflict = new("STO-002", ExitCode.Conflict,
        "Somebody else changed the same record in the same moment, so the change was not made. Run the command again.");

    public static readonly ErrorKind NotPaused = new("STO-003", ExitCode.Refused,
        "The cluster is not paused, or the pause has run out, so there is nothing to resume. Nothing was changed.");

    public static readonly ErrorKind StillRunning = new("DOWN-001", ExitCode.Unreachable,
        "Some processes of the cluster did not end within the limit. Nothing was deleted. Run `pgmahout down` again; "
        + "if it does not help, the processes that are named can be killed by hand.");

    public static readonly ErrorKind NotAHome = new("DOWN-002", ExitCode.Refused,
        "Only a directory that pgmahout made is destroyed, and this one holds something else. Nothing was deleted.");

    public static readonly ErrorKind DestroyFailed = new("DOWN-003", ExitCode.Failed,
        "The cluster is stopped, and a part of the home could not be deleted. Running the command again carries on.");

    public static readonly ErrorKind NoHistoryEntry = new("HIS-001", ExitCode.NotFound,
        "The journal has no entry of that number: it was never written, or it is older than the newest 2,000.");

    public static readonly ErrorKind NothingToExplain = new("EXP-001", ExitCode.NotFound,
        "There is no rule and no code of that name. `pgmahout explain list` prints all of them.");

    public static readonly ErrorKind NoPsql = new("SQL-001", ExitCode.NotFound,
        "The program psql was found neither beside the server's programs nor on the PATH. On Debian and Ubuntu: "
        + "apt-get install postgresql-client.");

    public static readonly ErrorKind MachineUnknown = new("TUN-001", ExitCode.Failed,
        "How much memory this machine has could not be read, and no advice is better than a wrong one. Say it: --ram.");

    public static readonly ErrorKind AdviceRefused = new("TUN-002", ExitCode.Failed,
        "The server's own program refuses a value that would have been advised, so nothing is advised. That must never "
        + "happen: report it with the output of `pgmahout tune -o json`.");

    public static readonly ErrorKind MeasurementFailed = new("TUN-003", ExitCode.Failed,
        "`tune --measure` runs pgbench on a server of its own in a temporary directory, and one of the two failed. "
        + "Nothing outside of that directory was touched, and it is gone.");

    public static readonly ErrorKind NotReadyForDrill = new("DRL-001", ExitCode.Refused,
        "A drill breaks something on purpose, so it begins only on a healthy cluster with somebody to take over. See "
        + "`pgmahout status` for what is missing.");

    public static readonly ErrorKind DrillFailed = new("DRL-002", ExitCode.VerificationFailed,
        "The drill lost an acknowledged commit, or two members acknowledged writes at once. That must never happen. "
        + "Keep the logs (`pgmahout logs`) and the history, and report it.");

    public static readonly ErrorKind DrillUnfinished = new("DRL-003", ExitCode.Unreachable,
        "The cluster did not take writes again, or did not get back to full redundancy, within the limit.");

    public static readonly ErrorKind DrillWriter = new("DRL-004", ExitCode.Failed,
        "The drill's own writer could not prepare its table or connect. The fault was not injected.");

    public static readonly ErrorKind NoPackageManager = new("INS-001", ExitCode.Refused,
        "`pgmahout install` knows apt-get, dnf and yum. Where none of them is, install a PostgreSQL server of version "
        + "14 to 18 in the system's own way; `pgmahout up` finds it.");

    public static readonly ErrorKind NeedsRoot = new("INS-002", ExitCode.Refused,
        "Packages and systemd units belong to the whole system. `--dry-run` prints the exact commands for whoever may "
        + "run them. Everything else of pgmahout works for an ordinary user too.");

    public static readonly ErrorKind InstallStepFailed = new("INS-003", ExitCode.Failed,
        "One step of the installation failed; the lines shown are its own. The steps before it are done, and all of "
        + "them may be repeated: run the same command again when the cause is removed.");

    public static readonly ErrorKind SurprisingCluster = new("INS-004", ExitCode.VerificationFailed,
        "Debian's server package made a cluster of its own although that was switched off beforehand; something on "
        + "this host overrides the switch. It takes port 5432 and memory. If nobody needs it, drop it with the command "
        + "shown.");

    public static readonly ErrorKind ConfigurationRefused = new("CFG-001", ExitCode.Refused,
        "The value, line or file would not be taken by a server, or would break what pgmahout promises. No member was "
        + "touched. The error names the setting and what would be right; `pgmahout config explain NAME` says more.");

    public static readonly ErrorKind ConfigurationBusy = new("CFG-002", ExitCode.Conflict,
        "Another `pgmahout config` is bringing a configuration to the members. Two at once would interleave. Wait for "
        + "it to end.");

    public static readonly ErrorKind ConfigurationUnfinished = new("CFG-003", ExitCode.Refused,
        "An earlier change ended in the middle, because its command was interrupted: some members have the new "
        + "configuration, others not. Nothing breaks by waiting. Finish it or take it back.");

    public static readonly ErrorKind ConfigurationUntried = new("CFG-004", ExitCode.Failed,
        "Before any member gets a configuration, an empty server of the same version is started with it. "
        + "That server could not be made, so nothing is known about the configuration, and nothing was changed.");

    public static readonly ErrorKind ConfigurationNotTaken = new("CFG-005", ExitCode.Failed,
        "A member did not come up with the new configuration in time, or its server did not take it. Every member "
        + "returns to what it had, by itself; the new configuration is kept as draft.");

    public static readonly ErrorKind ConfigurationUnknown = new("CFG-006", ExitCode.NotFound,
        "There is no such setting in the cluster's configuration, or no such version of it in its history. "
        + "`pgmahout config get` and `pgmahout config history` list them.");

    public static readonly ErrorKind ConfigurationDrift = new("CFG-007", ExitCode.Ok,
        "Somebody set a value by ALTER SYSTEM on one member. It wins there over the cluster's configuration, and the "
        + "other members do not have it. Take it over for all members with `pgmahout config set`, or take it back with "
        + "`pgmahout config unset NAME --drift`.");

    public static readonly ErrorKind RestartPending = new("CFG-008", ExitCode.Ok,
        "A server has read a value that it takes only when it is started again. `pgmahout restart NAME` does that; "
        + "`pgmahout config plan` shows the order that interrupts clients least.");

    public static readonly ErrorKind AccessRefused = new("HBA-001", ExitCode.Refused,
        "PostgreSQL would not take the line, and refuses its whole pg_hba.conf for one such line. No member was "
        + "touched. The error has the column and what was probably meant; docs/access.md has the form of a line.");

    public static readonly ErrorKind AccessLockout = new("HBA-002", ExitCode.Refused,
        "With the change, somebody could not log in any more: a session that is connected now, or the cluster itself. "
        + "Nothing was changed. --force accepts it for sessions, never for the cluster's own logins.");

    public static readonly ErrorKind AccessUnknown = new("HBA-003", ExitCode.NotFound,
        "There is no such rule in the cluster's configuration. `pgmahout hba list` numbers those that can be removed; "
        + "lines of pg_hba.local.conf are edited there, and the cluster's own lines stay.");

    public static readonly ErrorKind NoLeader = new("CLU-001", ExitCode.Down,
        "No member may take writes now: nobody holds the lease, or its holder's PostgreSQL is not up. It is settled by "
        + "itself in most cases. `pgmahout explain` says what each member waits for.");

    public static readonly ErrorKind AgentSilent = new("CLU-002", ExitCode.Degraded,
        "An agent does not answer on its socket. Its PostgreSQL may run on until the lease ends. The supervisor "
        + "restarts a dead agent; if the supervisor is dead too, `pgmahout up` restarts both.");

    public static readonly ErrorKind NotStreaming = new("CLU-003", ExitCode.Degraded,
        "A standby runs and receives no WAL. It reconnects by itself, and after a while climbs the rejoin ladder. Its "
        + "log says what the connection to the leader failed with.");

    public static readonly ErrorKind SynchronousSetDiffers = new("CLU-004", ExitCode.Degraded,
        "Commits wait for fewer or other standbys than they would if everybody were well. In `quorum` mode that keeps "
        + "the service up while standbys are missing; it goes back by itself when they return.");

    public static readonly ErrorKind ClusterPaused = new("CLU-005", ExitCode.Ok,
        "An operator has paused the cluster: nothing is started, stopped, promoted or rebuilt. A dead primary stays "
        + "dead. The pause ends by itself, or with `pgmahout resume`.");

    public static readonly ErrorKind StoreUnreadable = new("CLU-006", ExitCode.Unknown,
        "The store cannot be read. The leader goes on only while every other promotable member promises not to take "
        + "over; nobody else can take over meanwhile.");

    public static readonly ErrorKind NoSupervisor = new("CLU-007", ExitCode.Ok,
        "The process that restarts dead agents is not running. The cluster works, and would not survive the loss of "
        + "its agents. `pgmahout up` starts it again without touching PostgreSQL.");

    public static readonly ErrorKind ForeignDataDirectory = new("CLU-008", ExitCode.Degraded,
        "A member's data directory is not of this cluster, version or owner. It is left alone for ever. Move it away, "
        + "and the member will be cloned from the leader.");

    public static readonly ErrorKind OperationRunning = new("CLU-009", ExitCode.Ok,
        "Long work is running on a member: a start, promotion, rewind or clone. It is shown until it ends.");

    public static readonly ErrorKind MemberStopped = new("CLU-010", ExitCode.Degraded,
        "PostgreSQL does not run on a member. The rule in brackets says what its agent waits for or does about it: "
        + "`pgmahout explain RULE`.");

    public static readonly ErrorKind Unresponsive = new("CLU-011", ExitCode.Degraded,
        "A postmaster runs and answers nothing. It gets a limited time, then it is killed so that a standby can take "
        + "over or it can recover.");

    public static readonly ErrorKind DiskFails = new("CLU-013", ExitCode.Ok,
        "The disk of a member's data or WAL is nearly full, cannot be written to, or takes no write. A leader with "
        + "such a disk hands over to a standby that has room, if there is one; where there is none, PostgreSQL ends "
        + "when it can write no more. `pgmahout doctor` shows what takes the room.");

    public static readonly ErrorKind TablespaceShared = new("CLU-014", ExitCode.Ok,
        "A tablespace outside the data directory has the same path on every member, and members are on one machine: "
        + "each replays its WAL into the same files, and a page of one may overwrite a newer one of another. "
        + "PostgreSQL cannot give members different paths. Rewinds and clones there are refused. Move the tables to "
        + "pg_default and drop the tablespace, or give each member a machine of its own.");

    public static readonly ErrorKind SwitchoverPending = new("CLU-012", ExitCode.Ok,
        "An operator asked for a switchover, and the leader has not carried it out or refused it yet.");

    public static readonly ErrorKind NoWal = new("WAL-001", ExitCode.NotFound,
        "There is no write-ahead log to look into. `pgmahout wal` reads a repository, or with --from-dir a directory "
        + "of WAL files such as a server's pg_wal.");

    public static readonly ErrorKind NotInWal = new("WAL-002", ExitCode.NotFound,
        "What was looked for did not happen in the WAL that is there. Earlier WAL may have expired; the last segment "
        + "is only there when it is whole.");

    public static readonly ErrorKind WalUnreadable = new("WAL-003", ExitCode.Failed,
        "WAL or its index could not be read; the text in brackets is the code of the reason. Nothing was changed.");

    /// <summary>Sorted by code.</summary>
    public static ImmutableArray<ErrorKind> All => Listing.All;

    /// <summary>Apart, because the kinds stand in several files, and all of them must have been made before.</summary>
    private static class Listing
    {
        public static readonly ImmutableArray<ErrorKind> All =
        [
            .. typeof(ErrorCatalogue)
                .GetFields(System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.Static)
                .Where(field => field.FieldType == typeof(ErrorKind))
                .Select(field => (ErrorKind)field.GetValue(null)!)
                .OrderBy(kind => kind.Code, StringComparer.Ordinal),
        ];
    }
}
