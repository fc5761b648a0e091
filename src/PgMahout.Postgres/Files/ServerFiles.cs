using System.Globalization;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Instance;

namespace PgMahout.Postgres.Files;

/// <summary>Writes the files of one data directory, each as a whole, for the server account alone to read.</summary>
internal sealed class ServerFiles(InstanceSettings settings)
{
    private const string MainConfiguration = "postgresql.conf";
    private const string SystemConfiguration = "postgresql.auto.conf";
    private const string StandbySignal = "standby.signal";
    private const string RecoverySignal = "recovery.signal";

    /// <summary>What the configuration says now; alone when it was never written.</summary>
    public AssignedRole ReadAssignedRole() =>
        ServerConfiguration.ReadAssignedRole(AtomicFile.ReadIfPresent(Path(MemberPaths.Configuration)));

    /// <summary>
    /// Everything a start or a reload reads, for this role; not the password files, which are a sealed member's gate.
    /// </summary>
    /// <returns>Whether anything of it was different before.</returns>
    public bool Write(AssignedRole standing)
    {
        settings.Account.CreateDirectory(MemberPaths.Logs(settings), OwnerDirectory);
        var defaults = IsAdopted
            && Put(MemberPaths.Defaults, ServerConfiguration.RenderDefaults(settings, Disk));
        var role = WriteRole(standing);
        var access = Put(
            MemberPaths.HostBasedAuthentication, AuthenticationRules.Render(settings, LocalRules, FormerRules));
        var included = Include();
        return defaults || role || access || included;
    }

    /// <summary>The operator's lines of pg_hba.conf; null: there is no such file.</summary>
    public string? LocalRules => AtomicFile.ReadIfPresent(Path(MemberPaths.OperatorAuthentication));

    /// <summary>Those of the server before it was adopted; null: it was not.</summary>
    public string? FormerRules => AtomicFile.ReadIfPresent(Path(MemberPaths.FormerAuthentication));

    /// <summary>Its own lines were there before pgmahout, and win over what is only suggested.</summary>
    private bool IsAdopted => File.Exists(Path(MemberPaths.Defaults));

    private ByteSize Disk => new(new DriveInfo(settings.DataDirectory).TotalSize);

    /// <summary>
    /// The part that follows the role: one small file, for the moments in which every millisecond counts.
    /// </summary>
    public bool WriteRole(AssignedRole standing) => AtomicFile.Replace(
        Path(MemberPaths.Configuration),
        ServerConfiguration.Render(settings, standing, Disk, apart: IsAdopted),
        settings.Account);

    /// <summary>For a stopped server: whether its next start is in recovery, following.</summary>
    public void StartAsStandby(bool standby)
    {
        if (standby)
            Put(StandbySignal, "");
        else
            AtomicFile.Remove(Path(StandbySignal));
        AtomicFile.Remove(Path(RecoverySignal));
    }

    /// <summary>For a stopped server: takes out of postgresql.auto.conf what would win over our settings.</summary>
    public void DropReservedSystemSettings()
    {
        var path = Path(SystemConfiguration);
        if (AtomicFile.ReadIfPresent(path) is not { } text)
            return;
        var kept = text.Split('\n').Where(line => !IsReserved(line));
        Put(SystemConfiguration, string.Join('\n', kept));
    }

    /// <summary>
    /// Only where no process of the server is left: its last postmaster may be a zombie that nobody has reaped yet, or
    /// the host has started anew and its number belongs to another process of the account, an agent maybe. Either
    /// postgres takes for alive. A socket's lock that names another data directory is that server's.
    /// </summary>
    public void RemoveLockFiles()
    {
        File.Delete(Path("postmaster.pid"));
        if (settings.SocketDirectory is not { } directory)
            return;
        var socket = System.IO.Path.Combine(
            directory, string.Create(CultureInfo.InvariantCulture, $".s.PGSQL.{settings.Port}.lock"));
        if (AtomicFile.ReadIfPresent(socket)?.Split('\n') is [_, var data, ..] && data == settings.DataDirectory)
            File.Delete(socket);
    }

    public void WritePassFiles()
    {
        var replication = SecretFiles.PassFileLine(
            "*", "*", "*", InstanceSettings.ReplicationRole, settings.Secrets.ReplicationPassword);
        var superuser = SecretFiles.PassFileLine(
            "*", "*", "*", InstanceSettings.Superuser, settings.Secrets.SuperuserPassword);
        AtomicFile.Replace(MemberPaths.ReplicationPassFile(settings), replication, settings.Account);
        AtomicFile.Replace(MemberPaths.ToolPassFile(settings), replication + superuser, settings.Account);
    }

    public const UnixFileMode OwnerDirectory =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>A line of postgresql.auto.conf is NAME = 'VALUE', written by the server itself.</summary>
    internal static bool IsReserved(string line)
    {
        var end = line.IndexOf('=', StringComparison.Ordinal);
        return end > 0 && ServerConfiguration.Reserved.Contains(line[..end].Trim(), StringComparer.OrdinalIgnoreCase);
    }

    private bool Include()
    {
        var text = AtomicFile.ReadIfPresent(Path(MainConfiguration)) ?? "";
        var last = text.Split('\n').LastOrDefault(line => !string.IsNullOrWhiteSpace(line))?.Trim();
        if (last == ServerConfiguration.IncludeLine)
            return false;
        var separator = text.Length == 0 || text.EndsWith('\n') ? "" : "\n";
        return Put(MainConfiguration, text + separator + ServerConfiguration.IncludeLine + "\n");
    }

    private bool Put(string name, string content) => AtomicFile.Write(Path(name), content, settings.Account);

    private string Path(string name) => System.IO.Path.Combine(settings.DataDirectory, name);
}
