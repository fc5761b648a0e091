using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Instance;

namespace PgMahout.Postgres.Rejoin;

/// <param name="Location">A directory with the same path on every member: PostgreSQL has that path in its WAL.</param>
internal sealed record Tablespace(uint Oid, string Location)
{
    /// <summary>One line for each: the OID, a space and the path.</summary>
    public const string Query = """
        SELECT coalesce(string_agg(oid || ' ' || pg_tablespace_location(oid), E'\n' ORDER BY oid), '')
          FROM pg_tablespace WHERE pg_tablespace_location(oid) LIKE '/%'
        """;

    public static ImmutableArray<Tablespace> Parse(string lines) =>
        [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', 2))
            .Select(pair => new Tablespace(uint.Parse(pair[0], CultureInfo.InvariantCulture), pair[1]))];
}

/// <summary>
/// The tablespaces of the server that a member is rebuilt from, whose files come to the same paths here. On a machine
/// of its own the member's former files there make room; on the source's machine those are the source's own files,
/// which a rewind or a replay would overwrite.
/// </summary>
internal sealed class CopiedTablespaces(InstanceSettings settings, ImmutableArray<Tablespace> tablespaces)
{
    private string Versions => $"PG_{settings.Binaries.Major}_*";

    // Whose files are removed is known by the links of a data directory, which goes first: this outlives it.
    private string Mark => MemberPaths.ClonedTablespaces(settings);

    /// <summary>Null when a rebuild from that server writes to no files but this member's.</summary>
    public Problem? WhyNot(MemberSpec source)
    {
        if (tablespaces.IsEmpty)
            return null;
        // Also beside a third member: its files are at that path, whoever is copied.
        if (settings.Others.Append(source).FirstOrDefault(other => other.Host == settings.Host) is { } neighbour)
            return Problems.SharedTablespace(neighbour.Name, tablespaces[0].Location);
        var mark = Marked();
        return tablespaces
            .Where(one => Files(one).Any() && !mark.Contains(one.Location) && !IsOwn(one))
            .Select(one => Problems.TablespaceInUse(one.Location))
            .FirstOrDefault();
    }

    /// <summary>
    /// The member's present files go where the source has files too, and with them the data directory, which is of no
    /// use without them. To be called when <see cref="WhyNot"/> has nothing to say.
    /// </summary>
    public void MakeRoom()
    {
        var filled = tablespaces.Where(one => Files(one).Any()).ToList();
        if (!tablespaces.IsEmpty)
            AtomicFile.Write(Mark, string.Join('\n', tablespaces.Select(one => one.Location)), settings.Account);
        if (filled.Count == 0)
            return;
        if (Directory.Exists(settings.DataDirectory))
        {
            // In one step: a server that has lost a part of its files must never be started.
            var replaced = MemberPaths.Replaced(settings);
            Remove(replaced);
            Directory.Move(settings.DataDirectory, replaced);
            AtomicFile.SyncDirectory(Path.GetDirectoryName(replaced)!);
            Remove(replaced);
        }
        foreach (var files in filled.SelectMany(Files).ToList())
            Directory.Delete(files, recursive: true);
    }

    /// <summary>The copy is in its place.</summary>
    public void Done() => AtomicFile.Remove(Mark);

    /// <summary>Directories on the file systems that a copy is written to, besides the data directory's.</summary>
    public IEnumerable<string> Roots => tablespaces.Select(one => NearestThere(one.Location)).Distinct();

    private ImmutableArray<string> Marked() => File.Exists(Mark) ? [.. File.ReadAllLines(Mark)] : [];

    private bool IsOwn(Tablespace one) =>
        new[] { settings.DataDirectory, MemberPaths.Replaced(settings) }.Any(data =>
            new DirectoryInfo(Path.Combine(data, DataPath.Tablespaces, $"{one.Oid}")).LinkTarget == one.Location);

    private IEnumerable<string> Files(Tablespace one) =>
        Directory.Exists(one.Location) ? Directory.EnumerateDirectories(one.Location, Versions) : [];

    private static string NearestThere(string path)
    {
        while (!Directory.Exists(path))
            path = Path.GetDirectoryName(path)!;
        return path;
    }

    private static void Remove(string directory)
    {
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
    }
}
