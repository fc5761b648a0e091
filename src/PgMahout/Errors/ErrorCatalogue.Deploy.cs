using PgMahout.CommandLine;

namespace PgMahout.Errors;

/// <summary>Bringing a cluster to several hosts.</summary>
public static partial class ErrorCatalogue
{
    public static readonly ErrorKind ClusterFileWrong = new("DEP-001", ExitCode.Usage,
        "cluster.yml has mistakes. All of them are shown, each with its line and column; a key that is not known is "
        + "one, because it would otherwise be passed over in silence. No host was looked at.");

    public static readonly ErrorKind ClusterFileMissing = new("DEP-002", ExitCode.NotFound,
        "cluster.yml, which says what hosts a cluster is to be on, cannot be read. The least that it holds is a name "
        + "and a list of hosts: cluster: orders, hosts: [{ name: db1, address: 10.0.0.1 }, ...].");

    public static readonly ErrorKind HostsRefuse = new("DEP-003", ExitCode.Refused,
        "At least one host cannot take what it is to have, so no host was changed. Every reason on every host is "
        + "shown. Correct them, and run the same command again.");

    public static readonly ErrorKind SecretsUnusable = new("DEP-004", ExitCode.Failed,
        "The directory CLUSTER.secrets beside cluster.yml holds the key of the cluster's authority, the hosts' "
        + "certificates and the passwords. It cannot be read or written. Without it hosts can be neither added nor "
        + "renewed, so keep a copy of it in a safe place.");

    public static readonly ErrorKind DeployStepFailed = new("DEP-005", ExitCode.Failed,
        "A step on a host failed; what it said is shown. The steps before it are done. Every step can be repeated: "
        + "when the reason is gone, run the same command again, and it does what is left.");

    public static readonly ErrorKind DeployStoreSilent = new("DEP-006", ExitCode.Unreachable,
        "etcd was started and did not become ready, which takes more than half of its hosts. Most often a firewall is "
        + "between them: it needs TCP ports 2379 and 2380 from host to host; --open-firewall opens them on the hosts. "
        + "An etcd that you keep yourself (etcd: { endpoints: ... } in cluster.yml) must be reached from every host, "
        + "and let it in with the certificate, user and password that the file names.");

    public static readonly ErrorKind DeployDiffers = new("DEP-007", ExitCode.Conflict,
        "The store holds a cluster under this name already, and its members are others than those of cluster.yml. An "
        + "existing cluster is never overwritten. `pgmahout status` on one of its hosts shows it.");

    public static readonly ErrorKind NoSuchHost = new("DEP-009", ExitCode.NotFound,
        "cluster.yml has no host of that name. A host is described there before it is added, and taken out of it "
        + "after it was removed. Nothing was changed.");

    public static readonly ErrorKind ServersRefuse = new("DEP-010", ExitCode.Refused,
        "Servers that run already were to become members (adopt: in cluster.yml), and at least one cannot as it is: it "
        + "is of another cluster, does not stream from the primary, or lacks something that a member needs. Every "
        + "reason on every host is shown. No host was changed, and every server goes on as before.");

    public static readonly ErrorKind RestartNotAllowed = new("DEP-011", ExitCode.Refused,
        "Servers that run already can become members, and some must then be started anew, for settings that PostgreSQL "
        + "takes only then. With --allow-restart that is done at the end: standbys first, then a switchover, after "
        + "which the former primary is started as a standby. No host was changed.");

    public static readonly ErrorKind RepositoryUnready = new("DEP-012", ExitCode.Refused,
        "The repository of cluster.yml cannot be used as it is: its credentials or key cannot be read here, or a host "
        + "that holds data does not get into it, or hosts do not see each other's objects in it, which a directory "
        + "that is not shared would be. No member was started for it, and a cluster that runs goes on as it was.");

    public static readonly ErrorKind CannotBeFollowed = new("DEP-013", ExitCode.Refused,
        "cluster.yml says follows:, and the cluster of that file was not deployed from here, or this one was made on "
        + "its own before: a cluster that follows begins as a copy, with the passwords of the other one, which are in "
        + "CLUSTER.secrets beside the other file. No host was changed.");

    public static readonly ErrorKind DeployNotYet = new("DEP-008", ExitCode.Refused,
        "What was asked for is not possible with this version. Nothing was changed; the text says what is possible "
        + "instead.");
}
