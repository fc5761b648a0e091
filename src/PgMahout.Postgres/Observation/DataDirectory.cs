using System.Globalization;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Processes;

namespace PgMahout.Postgres.Observation;

/// <summary>What a data directory without a postmaster is.</summary>
internal static class DataDirectory
{
    private const UnixFileMode OthersOrGroupWrite = UnixFileMode.GroupWrite
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <param name="end">Where its WAL ends, if somebody has looked since it stopped.</param>
    public static PostgresState Inspect(InstanceSettings settings, int processesLeft, WalPosition? end)
    {
        var directory = settings.DataDirectory;
        try
        {
            if (!Directory.Exists(directory) || !Directory.EnumerateFileSystemEntries(directory).Any())
                return new PostgresState.Uninitialized();
            if (Objection(settings) is { } why)
                return new PostgresState.Foreign(why);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new PostgresState.Foreign($"{directory} cannot be read: {e.Message}");
        }
        if (ControlFile.Read(directory) is not { } control)
            return new PostgresState.Foreign($"{directory}/global/pg_control is missing or not of a supported version");
        var standby = IsStandby(directory);
        var timeline = end?.Timeline ?? control.Timeline;
        return new PostgresState.Stopped(
            control.SystemIdentifier, timeline, control.Clean, standby, end, processesLeft);
    }

    /// <summary>Whether the server on it is in recovery, or would come up in it.</summary>
    public static bool IsStandby(string directory) => File.Exists(Path.Combine(directory, "standby.signal"));

    /// <summary>
    /// Why this directory is not ours to touch; null when it is. The server itself would refuse the same ones.
    /// </summary>
    private static string? Objection(InstanceSettings settings)
    {
        var directory = settings.DataDirectory;
        var versionFile = Path.Combine(directory, "PG_VERSION");
        if (!File.Exists(versionFile))
            return $"{directory} is not empty and not a PostgreSQL data directory (no PG_VERSION)";
        var version = File.ReadAllText(versionFile).Trim();
        if (version != settings.Binaries.Major.ToString(CultureInfo.InvariantCulture))
            return $"{directory} belongs to PostgreSQL {version}, the programs are version {settings.Binaries.Version}";
        var owner = LibC.OwnerOf(directory);
        if (owner != settings.Account.Uid)
            return $"{directory} belongs to user id {owner}, the server runs as {settings.Account.Name}";
        var mode = File.GetUnixFileMode(directory);
        return (mode & OthersOrGroupWrite) != 0
            ? $"{directory} has mode {Convert.ToString((int)mode, 8)}, and PostgreSQL accepts 0700 or 0750 only"
            : null;
    }
}
