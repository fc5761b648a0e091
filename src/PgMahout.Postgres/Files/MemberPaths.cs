using PgMahout.Postgres.Instance;

namespace PgMahout.Postgres.Files;

/// <summary>Where the files of one member are.</summary>
internal static class MemberPaths
{
    public const string Configuration = "pgmahout.conf";
    public const string HostBasedAuthentication = "pg_hba.conf";
    public const string OperatorAuthentication = "pg_hba.local.conf";

    /// <summary>
    /// There only where a server was adopted, and in copies of it: what pgmahout would choose, included before the
    /// operator's own lines, which win.
    /// </summary>
    public const string Defaults = "pgmahout.defaults.conf";

    /// <summary>There only where a server was adopted, and in copies of it: its pg_hba.conf as it was.</summary>
    public const string FormerAuthentication = "pg_hba.adopted.conf";

    /// <summary>For the WAL receiver: the replication role only.</summary>
    public static string ReplicationPassFile(InstanceSettings settings) =>
        Path.Combine(settings.MemberDirectory, "replication.pgpass");

    /// <summary>For pg_rewind and pg_basebackup: both roles.</summary>
    public static string ToolPassFile(InstanceSettings settings) =>
        Path.Combine(settings.MemberDirectory, "tools.pgpass");

    /// <summary>Outside the data directory: a clone must neither copy nor lose them.</summary>
    public static string Logs(InstanceSettings settings) => Path.Combine(settings.MemberDirectory, "log");

    /// <summary>Of an empty server that is started to try a configuration; removed afterwards.</summary>
    public static string Trial(InstanceSettings settings) => Path.Combine(settings.MemberDirectory, "trial");

    public static string Salvage(InstanceSettings settings) => Path.Combine(settings.MemberDirectory, "salvage");

    /// <summary>
    /// An initdb or a clone until it is whole; ours to remove whenever nothing of ours is writing it.
    /// </summary>
    public static string Unfinished(InstanceSettings settings) => settings.DataDirectory + ".unfinished";

    /// <summary>The directory that a finished clone replaces, until it is removed.</summary>
    public static string Replaced(InstanceSettings settings) => settings.DataDirectory + ".replaced";

    /// <summary>There while a clone is made: one line for each tablespace whose files are the clone's.</summary>
    public static string ClonedTablespaces(InstanceSettings settings) =>
        Path.Combine(settings.MemberDirectory, "cloned.tablespaces");
}
