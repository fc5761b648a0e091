using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Instance;

namespace PgMahout.Postgres.Files;

/// <summary>
/// The directory <c>secrets/</c>: 0700, with one 0600 file per password and a libpq password file for people.
/// </summary>
public static class SecretFiles
{
    private const string SuperuserFile = "superuser.password";
    private const string ReplicationFile = "replication.password";
    private const int PasswordBytes = 24;

    /// <summary>
    /// Reads the passwords; generates the missing ones (24 random bytes, base64url), created exclusively so that of two
    /// processes one wins and the other reads. Idempotent.
    /// </summary>
    public static Outcome<ClusterSecrets> LoadOrCreate(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory, ServerFiles.OwnerDirectory);
            return new Outcome<ClusterSecrets>.Done(new ClusterSecrets(
                ReadOrCreate(Path.Combine(directory, SuperuserFile)),
                ReadOrCreate(Path.Combine(directory, ReplicationFile))));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Outcome<ClusterSecrets>.Failed(new Problem(
                "secrets-unreadable",
                $"the passwords in {directory} cannot be read or created",
                e.Message,
                "no password was changed",
                "make the directory accessible for this user, or restore the missing file from another copy"));
        }
    }

    /// <summary>Null where one of them is missing. Makes nothing.</summary>
    /// <exception cref="IOException">They are there and cannot be read.</exception>
    public static ClusterSecrets? Find(string directory) =>
        AtomicFile.ReadIfPresent(Path.Combine(directory, SuperuserFile))?.TrimEnd('\n') is { Length: > 0 } superuser
        && AtomicFile.ReadIfPresent(Path.Combine(directory, ReplicationFile))?.TrimEnd('\n') is { Length: > 0 } other
            ? new ClusterSecrets(superuser, other)
            : null;

    /// <summary>Of a cluster whose data is a copy of another one's: its roles have that one's passwords.</summary>
    /// <exception cref="IOException">They cannot be written.</exception>
    public static void Adopt(string directory, ClusterSecrets secrets)
    {
        Directory.CreateDirectory(directory, ServerFiles.OwnerDirectory);
        AtomicFile.Write(Path.Combine(directory, SuperuserFile), secrets.SuperuserPassword + "\n", Caller);
        AtomicFile.Write(Path.Combine(directory, ReplicationFile), secrets.ReplicationPassword + "\n", Caller);
    }

    /// <summary>
    /// Writes <c>pgpass</c> (0600, owned by the caller) with the superuser's password for each address; returns its
    /// path.
    /// </summary>
    public static string WritePassFile(
        string directory, ClusterSecrets secrets, IEnumerable<(string Host, int Port)> addresses) => WritePassFile(
            directory,
            secrets,
            addresses.Select(address => (address.Host, address.Port.ToString(CultureInfo.InvariantCulture))));

    /// <summary>
    /// The same for hosts of a cluster on several, at whatever port: those that proxies listen at change with a command
    /// on one host, and the file of every other host has to hold all the same.
    /// </summary>
    public static string WritePassFile(string directory, ClusterSecrets secrets, IEnumerable<string> hosts) =>
        WritePassFile(directory, secrets, hosts.Distinct().Select(host => (host, "*")));

    private static string WritePassFile(
        string directory, ClusterSecrets secrets, IEnumerable<(string Host, string Port)> addresses)
    {
        var path = Path.Combine(directory, "pgpass");
        var lines = addresses.Select(address => PassFileLine(
            address.Host, address.Port, "*", InstanceSettings.Superuser, secrets.SuperuserPassword));
        AtomicFile.Write(path, string.Concat(lines), Caller);
        return path;
    }

    /// <summary>One line of a libpq password file; a colon or backslash within a field is escaped.</summary>
    internal static string PassFileLine(string host, string port, string database, string user, string password) =>
        string.Join(':', new[] { host, port, database, user, password }.Select(Escape)) + "\n";

    private static string Escape(string field) =>
        field.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal);

    private static readonly ServerAccount Caller = new("", 0, 0, IsBorrowed: false);

    private static string ReadOrCreate(string path)
    {
        if (!File.Exists(path))
            CreateExclusively(path);
        var password = File.ReadAllText(path).TrimEnd('\n');
        // An empty one would be a password anybody can guess, and PostgreSQL takes it as "no password".
        return password != "" ? password : throw new IOException($"{path} is empty");
    }

    private static void CreateExclusively(string path)
    {
        var password = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(PasswordBytes));
        // Whole before it has its name, and a hard link never replaces: the loser of a race reads the winner's.
        var temporary = $"{path}.{Environment.ProcessId}";
        AtomicFile.Write(temporary, password + "\n", Caller);
        _ = AtomicFile.TryLink(temporary, path);
        File.Delete(temporary);
    }
}
