using System.Collections.Immutable;
using System.Globalization;
using Npgsql;
using PgMahout.Configuring;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Doctor;

/// <summary>One server that is looked at, running or not.</summary>
/// <param name="Name">The member's, or the data directory of a server that pgmahout does not keep.</param>
/// <param name="Logs">Files in which its last failure may be, the one that is written first at a start last.</param>
/// <param name="Port">Null when nobody knows.</param>
/// <param name="Server">Null when nobody knows how to reach it.</param>
internal sealed record Patient(
    string Name, string DataDirectory, ImmutableArray<string> Logs, string Host, int? Port, MemberServer? Server)
{
    private const int PortLine = 3;
    private const int SocketLine = 4;

    public bool IsManaged { get; init; }

    public string File(string name) => Path.Combine(DataDirectory, name);

    /// <summary>The number in postmaster.pid; null when there is none.</summary>
    public int? LockedBy =>
        int.TryParse(LockLine(0), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;

    /// <summary>By the lock file, and a process of that number that is a postgres.</summary>
    public bool IsRunning => LockedBy is { } pid && NameOf(pid) is "postgres" or "postmaster";

    public static string? NameOf(int pid)
    {
        try
        {
            return System.IO.File.ReadAllText($"/proc/{pid}/comm").Trim();
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>A server that pgmahout does not keep, by what its lock file tells.</summary>
    public static Patient Plain(string directory, string? log)
    {
        var data = Path.GetFullPath(directory);
        var logs = Path.Combine(data, "log");
        ImmutableArray<string> found = log is not null ? [log]
            : System.IO.Directory.Exists(logs)
            ? [.. System.IO.Directory.GetFiles(logs).OrderByDescending(System.IO.File.GetLastWriteTimeUtc).Take(1)]
            : [];
        var patient = new Patient(data, data, found, "", null, null);
        if (!int.TryParse(patient.LockLine(PortLine), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return patient;
        var host = patient.LockLine(SocketLine) is { Length: > 0 } socket ? socket : "localhost";
        var member = new MemberSpec(new MemberName("server"), host, port, "unix:");
        return patient with { Host = host, Port = port, Server = new MemberServer(member, "") };
    }

    private string? LockLine(int number)
    {
        try
        {
            return System.IO.File.ReadLines(File("postmaster.pid")).Skip(number).FirstOrDefault()?.Trim();
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Rows of a query, each as text; the reason when it is not answered.</summary>
    public async Task<(List<string[]> Rows, string? Silence)> AskAsync(string sql, CancellationToken cancellation)
    {
        var rows = new List<string[]>();
        if (Server is null)
            return (rows, "it is not known how to reach it");
        var silence = await Server.EachAsync(sql, row => rows.Add(Texts(row)), cancellation);
        return (rows, silence);
    }

    private static string[] Texts(NpgsqlDataReader row) =>
    [
        .. Enumerable.Range(0, row.FieldCount).Select(column => row.IsDBNull(column)
            ? ""
            : Convert.ToString(row.GetValue(column), CultureInfo.InvariantCulture) ?? ""),
    ];
}
