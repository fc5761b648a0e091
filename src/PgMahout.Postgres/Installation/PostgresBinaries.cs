using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace PgMahout.Postgres.Installation;

/// <summary>The programs of one PostgreSQL installation.</summary>
/// <param name="Directory">Where <c>postgres</c>, <c>initdb</c>, <c>pg_rewind</c> and the others are.</param>
/// <param name="Major">Major version, such as 15.</param>
/// <param name="Version">As the server prints it, such as "15.18".</param>
public sealed partial record PostgresBinaries(string Directory, int Major, string Version)
{
    public const int OldestSupported = 14;
    public const int NewestSupported = 18;

    private const string DebianDirectory = "/usr/lib/postgresql";
    private const string RedHatDirectories = "/usr";
    private const string Everywhere = DebianDirectory + "/*/bin, /usr/pgsql-*/bin or on the PATH";

    private static readonly string[] Needed = ["postgres", "initdb", "pg_basebackup", "pg_rewind"];
    private static readonly TimeSpan VersionLimit = TimeSpan.FromSeconds(10);

    /// <summary>The full path of one of its programs.</summary>
    public string Tool(string name) => Path.Combine(Directory, name);

    /// <summary>
    /// Looks in <paramref name="directory"/> only, if it is given; otherwise for the newest supported version under
    /// /usr/lib/postgresql or /usr/pgsql-*, then where <c>pg_config</c> on the PATH points, then on the PATH itself.
    /// </summary>
    public static Outcome<PostgresBinaries> Find(string? directory = null)
    {
        var places = directory is null ? Places() : [directory];
        var refused = new List<string>();
        foreach (var place in places.Where(place => File.Exists(Path.Combine(place, "postgres"))))
            if (Inspect(place, out var why) is { } binaries)
                return new Outcome<PostgresBinaries>.Done(binaries);
            else
                refused.Add(why);
        return new Outcome<PostgresBinaries>.Failed(new Problem(
            "postgres-not-found",
            "no usable PostgreSQL server was found",
            refused.Count > 0 ? string.Join("; ", refused) : $"no 'postgres' program in {directory ?? Everywhere}",
            "nothing was changed",
            $"install PostgreSQL {OldestSupported} to {NewestSupported} with its client programs,"
            + " for example: apt-get install postgresql"));
    }

    /// <summary>Every usable installation in the places where <see cref="Find"/> looks, in its order.</summary>
    public static ImmutableArray<PostgresBinaries> FindAll() =>
    [
        .. Places().Distinct()
            .Where(place => File.Exists(Path.Combine(place, "postgres")))
            .Select(place => Inspect(place, out _))
            .OfType<PostgresBinaries>(),
    ];

    /// <summary>
    /// The version in what <c>postgres --version</c> prints, such as "postgres (PostgreSQL) 15.18 (Debian
    /// 15.18-0+deb12u1)".
    /// </summary>
    internal static (int Major, string Version)? ParseVersion(string printed)
    {
        var match = VersionPattern().Match(printed);
        return match.Success
            ? (int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture), match.Groups[1].Value)
            : null;
    }

    private static IEnumerable<string> Places()
    {
        var debian = System.IO.Directory.Exists(DebianDirectory)
            ? System.IO.Directory.GetDirectories(DebianDirectory)
                .Where(path => int.TryParse(Path.GetFileName(path), out _))
                .OrderByDescending(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))
                .Select(path => Path.Combine(path, "bin"))
            : [];
        // The packages of the PostgreSQL project for Red Hat and its kin.
        var redHat = System.IO.Directory.GetDirectories(RedHatDirectories, "pgsql-*")
            .OrderDescending(StringComparer.Ordinal)
            .Select(path => Path.Combine(path, "bin"));
        var search = Environment.GetEnvironmentVariable("PATH") ?? "";
        var onPath = search.Split(':', StringSplitOptions.RemoveEmptyEntries);
        var configured = onPath.Select(path => Path.Combine(path, "pg_config")).Where(File.Exists)
            .Select(config => Print(config, "--bindir")?.Trim() ?? "");
        return debian.Concat(redHat).Concat(configured).Concat(onPath);
    }

    private static PostgresBinaries? Inspect(string directory, out string why)
    {
        why = "";
        if (ParseVersion(Print(Path.Combine(directory, "postgres"), "--version") ?? "") is not var (major, version))
        {
            why = $"{directory}/postgres does not tell its version";
            return null;
        }
        if (major is < OldestSupported or > NewestSupported)
            why = $"{directory} is version {version}";
        else if (Needed.FirstOrDefault(tool => !File.Exists(Path.Combine(directory, tool))) is { } missing)
            why = $"{directory} has no {missing}";
        return why == "" ? new PostgresBinaries(directory, major, version) : null;
    }

    private static string? Print(string program, string argument)
    {
        try
        {
            var command = new ProcessStartInfo(program, argument) { RedirectStandardOutput = true };
            using var process = Process.Start(command)!;
            var line = process.StandardOutput.ReadLine();
            if (!process.WaitForExit(VersionLimit))
                process.Kill();
            return line;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    [GeneratedRegex(@"\b((\d+)(?:\.\d+|devel|beta\d+|rc\d+))\b")]
    private static partial Regex VersionPattern();
}
