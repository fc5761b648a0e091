using System.Security.Cryptography;
using System.Text;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Agent.Home;

/// <summary>Where everything of one home is. A home holds one cluster's members on this machine.</summary>
/// <param name="Root">Absolute path of the home directory.</param>
public sealed record HomeLayout(string Root)
{
    private const int LongestRootForSockets = 70;

    /// <summary><paramref name="given"/>, else <c>$PGMAHOUT_HOME</c>, else the default of the present user.</summary>
    public static HomeLayout Find(string? given)
    {
        var chosen = given ?? Environment.GetEnvironmentVariable("PGMAHOUT_HOME");
        if (string.IsNullOrEmpty(chosen))
            chosen = Environment.IsPrivilegedProcess
                ? "/var/lib/pgmahout"
                : Path.Combine(
                    Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local/share/pgmahout");
        return new HomeLayout(Path.TrimEndingDirectorySeparator(Path.GetFullPath(chosen)));
    }

    public string StoreFile => Path.Combine(Root, "cluster.db");
    public string SupervisorLock => Path.Combine(Root, "supervisor.lock");
    public string SecretsDirectory => Path.Combine(Root, "secrets");
    /// <summary>
    /// Of a host of a cluster on several: <c>ca.crt</c>, <c>host.crt</c>, and <c>host.key</c>, which only its owner
    /// reads.
    /// </summary>
    public string CertificateDirectory => Path.Combine(Root, "certs");

    /// <summary>
    /// Of a host whose cluster has a twin in another region: where the store of that one is, and a certificate of its
    /// authority, in the form of a home in which nothing runs.
    /// </summary>
    public string TwinHome => Path.Combine(Root, "region");

    /// <summary>What this home is of a cluster on several hosts; not there where a home holds all of one.</summary>
    public string HostFile => Path.Combine(Root, "host.json");
    public string PassFile => Path.Combine(SecretsDirectory, "pgpass");
    public string LogDirectory => Path.Combine(Root, "log");
    public string SupervisorLog => Path.Combine(LogDirectory, "supervisor.log");
    public string ArchiverLog => Path.Combine(LogDirectory, "archiver.log");

    /// <summary>Locked by the archiver for as long as it lives; holds its pid.</summary>
    public string ArchiverLock => Path.Combine(Root, "archiver.lock");

    /// <summary>Of a restore that is only done to prove that it works; removed afterwards.</summary>
    public string DrillDirectory => Path.Combine(Root, "drill");

    /// <summary>Servers of the past, each in a directory of its own while somebody uses it.</summary>
    public string UndoDirectory => Path.Combine(Root, "undo");

    /// <summary>The sockets of one of them; beside its directory if the kernel takes a path of that length.</summary>
    public string UndoSockets(string id) => Root.Length <= LongestRootForSockets
        ? Path.Combine(UndoDirectory, id + ".run")
        : Path.Combine(RunDirectory, "undo-" + id);

    /// <summary>Held by whoever makes, expires or restores a backup.</summary>
    public string BackupLock => Path.Combine(Root, "backup.lock");

    /// <summary>
    /// There from the moment at which a restore in place may destroy something until it is done: no supervisor keeps
    /// the
    /// members of this home meanwhile.
    /// </summary>
    public string RestoreMark => Path.Combine(Root, "restore.json");

    /// <summary>Somebody asks the archiver for backups as soon as they can be made, into these repositories.</summary>
    public string BackupWanted => Path.Combine(Root, "backup.wanted");

    /// <summary>Which backup a command of this host began last: of several hosts, each goes on with its own.</summary>
    public string BackupBegun => Path.Combine(RunDirectory, "backup.begun");

    /// <summary>What the archiver said last of itself, as JSON; replaced every second.</summary>
    public string ArchiverReport => Path.Combine(RunDirectory, "archiver.json");

    public string ProxyLog => Path.Combine(LogDirectory, "proxy.log");

    /// <summary>Locked by the proxy that listens for as long as it does; holds its pid.</summary>
    public string ProxyLock => Path.Combine(Root, "proxy.lock");

    /// <summary>What the proxy said last of itself, as JSON; replaced every second.</summary>
    public string ProxyReport => Path.Combine(RunDirectory, "proxy.json");

    /// <summary>
    /// Where one proxy process answers. Each has its own: one that has handed its clients' address over still has
    /// clients, and what concerns them concerns it.
    /// </summary>
    public string ProxySocket(int pid) => Path.Combine(RunDirectory, $"proxy.{pid}.sock");

    /// <summary>Where that process awaits the one that takes its place; there only meanwhile.</summary>
    public string ProxyHandover(int pid) => Path.Combine(RunDirectory, $"proxy.{pid}.next");

    /// <summary>Of all proxy processes, and perhaps of some that were killed.</summary>
    public IEnumerable<string> ProxySockets() =>
        Directory.Exists(RunDirectory) ? Directory.EnumerateFiles(RunDirectory, "proxy.*.sock") : [];

    /// <summary>Locked for as long as it lives by the process that keeps the virtual address; holds its pid.</summary>
    public string AddressLock => Path.Combine(Root, "address.lock");

    /// <summary>What that process said last of the address, as JSON; replaced every second.</summary>
    public string AddressReport => Path.Combine(RunDirectory, "address.json");

    /// <summary>The repository that a cluster has when nobody chose another place.</summary>
    public string DefaultRepository => Path.Combine(Root, "backup");
    public string MembersDirectory => Path.Combine(Root, "members");

    /// <summary>
    /// Unix sockets. The kernel takes 107 bytes of path; a deep home has its sockets under /tmp instead, in a directory
    /// named after the home.
    /// </summary>
    public string RunDirectory =>
        Root.Length <= LongestRootForSockets
            ? Path.Combine(Root, "run")
            : "/tmp/pgmahout-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Root)))[..12];

    /// <summary>Whether a member is in this home, whether it runs or not: all of them, but on several hosts.</summary>
    public bool Holds(MemberSpec member) =>
        member.Api == ApiAddress(member.Name) || Directory.Exists(MemberDirectory(member.Name));

    public string MemberDirectory(MemberName member) => Path.Combine(MembersDirectory, member.Text);

    /// <summary>
    /// Absolute, without symbolic links: in the home, or where a server had its data before it was adopted, to which a
    /// link in the home points then.
    /// </summary>
    public string DataDirectory(MemberName member) => new FileInfo(DataPlace(member)).LinkTarget ?? DataPlace(member);

    /// <summary>The data directory as the home names it: a directory, or a link to one elsewhere.</summary>
    public string DataPlace(MemberName member) => Path.Combine(MemberDirectory(member), "data");

    /// <summary>How the member's server was found when it was adopted; not there when pgmahout made it.</summary>
    public string AdoptionFile(MemberName member) => Path.Combine(MemberDirectory(member), "adopted.json");

    /// <summary>What an adoption replaced, as it was.</summary>
    public string BeforeAdoption(MemberName member) => Path.Combine(MemberDirectory(member), "before-adoption");

    public string ApiSocket(MemberName member) => Path.Combine(RunDirectory, member.Text + ".sock");
    public string ApiAddress(MemberName member) => "unix:" + ApiSocket(member);
    public string AgentLog(MemberName member) => Path.Combine(LogDirectory, $"agent-{member}.log");
    public string TuningFile(MemberName member) => Path.Combine(MemberDirectory(member), "tuning.conf");
    public string StartLog(MemberName member) => Path.Combine(MemberDirectory(member), "postgres-start.log");

    /// <summary>Where an operator wants the next copy of the data from.</summary>
    public string CopyOriginFile(MemberName member) => Path.Combine(MemberDirectory(member), "copy.from");

    /// <summary>Of the server that a copy is recovered with.</summary>
    public string CopySockets(MemberName member) => Path.Combine(RunDirectory, $"copy-{member}");

    /// <summary>The lease deadline that the agent writes and the guard obeys.</summary>
    public string DeadlineFile(MemberName member) => Path.Combine(MemberDirectory(member), "lease.deadline");

    /// <summary>How far the leader had written when this member last promised it anything.</summary>
    public string HeardFile(MemberName member) => Path.Combine(MemberDirectory(member), "leader.written");

    /// <summary>Locked by the guard for as long as it lives; holds its pid.</summary>
    public string GuardLock(MemberName member) => Path.Combine(MemberDirectory(member), "guard.lock");

    /// <summary>Locked by the agent for as long as it lives; holds its pid.</summary>
    public string AgentLock(MemberName member) => Path.Combine(MemberDirectory(member), "agent.lock");
}
