using System.Globalization;

namespace PgMahout.LiveTests.Harness;

/// <summary>Processes of this machine by what the kernel says about them.</summary>
internal static class Processes
{
    /// <summary>Those that work inside a directory (also a deleted one) or name it among their arguments.</summary>
    public static IReadOnlyList<int> Of(string directory) =>
        [.. All().Where(pid => !IsZombie(pid) && (WorksIn(pid, directory) || Names(pid, directory)))];

    /// <summary>Those whose working directory is this one or below it: every process of a PostgreSQL server.</summary>
    public static IReadOnlyList<int> In(string directory) =>
        [.. All().Where(pid => !IsZombie(pid) && WorksIn(pid, directory))];

    public static bool IsAlive(int pid) => !IsZombie(pid);

    public static string Describe(int pid) => $"{pid} {Text($"/proc/{pid}/cmdline").Replace('\0', ' ')}";

    private static IEnumerable<int> All() =>
        Directory.EnumerateDirectories("/proc")
            .Select(Path.GetFileName)
            .Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 1 && pid != Environment.ProcessId);

    private static bool WorksIn(int pid, string directory)
    {
        try
        {
            var at = File.ResolveLinkTarget($"/proc/{pid}/cwd", returnFinalTarget: false)?.FullName ?? "";
            return at == directory || at.StartsWith(directory + "/", StringComparison.Ordinal)
                || at == directory + " (deleted)";
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool Names(int pid, string directory) =>
        Text($"/proc/{pid}/cmdline").Split('\0')
            .Any(part => part == directory || part.StartsWith(directory + "/", StringComparison.Ordinal));

    private static bool IsZombie(int pid)
    {
        var stat = Text($"/proc/{pid}/stat");
        return stat.Length == 0 || stat[(stat.LastIndexOf(')') + 2)..][0] is 'Z' or 'X';
    }

    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
