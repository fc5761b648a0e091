using System.Globalization;
using System.IO.Enumeration;
using System.Text;

namespace PgMahout.Postgres.Processes;

/// <summary>Reads /proc. A process that ends while it is read counts as absent.</summary>
internal static unsafe class ProcessTable
{
    private const int LongestPath = 4096;

    private static readonly EnumerationOptions Everything = new()
    {
        AttributesToSkip = 0,
        IgnoreInaccessible = true,
        ReturnSpecialDirectories = false,
    };

    /// <summary>Every process, without a system call for each.</summary>
    public static IEnumerable<int> Pids() =>
        new FileSystemEnumerable<int>(
            "/proc",
            (ref FileSystemEntry entry) => int.Parse(entry.FileName, NumberStyles.None, CultureInfo.InvariantCulture),
            Everything)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) =>
                entry.FileName[0] is >= '1' and <= '9' && !entry.FileName.ContainsAnyExceptInRange('0', '9'),
        };

    /// <summary>
    /// Whether its working directory is <paramref name="directory"/>, or was, before the directory was removed. A
    /// zombie has none.
    /// </summary>
    public static bool WorksIn(int pid, ReadOnlySpan<byte> directory)
    {
        var buffer = stackalloc byte[LongestPath];
        var length = LibC.ReadLink($"/proc/{pid}/cwd", buffer, LongestPath);
        if (length < directory.Length)
            return false;
        var target = new ReadOnlySpan<byte>(buffer, (int)length);
        return target.StartsWith(directory)
            && (target.Length == directory.Length || target[directory.Length..].SequenceEqual(" (deleted)"u8));
    }

    public static ProcessStatus? Status(int pid)
    {
        try
        {
            return ProcessStatus.Parse(File.ReadAllText($"/proc/{pid}/stat"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Its real user; null when it is gone.</summary>
    public static uint? Owner(int pid)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal));
            return uint.Parse(line.Split('\t')[1], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Its children, without a scan of all processes; none when it is gone.</summary>
    public static int[] Children(int pid)
    {
        try
        {
            return [.. File.ReadAllText($"/proc/{pid}/task/{pid}/children")
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(child => int.Parse(child, CultureInfo.InvariantCulture))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>What it shows as its command line; null when it is gone.</summary>
    public static string? Title(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").TrimEnd('\0').Replace('\0', ' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static byte[] PathBytes(string directory) => Encoding.UTF8.GetBytes(directory);
}

/// <summary>The fields of /proc/PID/stat that identify a process.</summary>
/// <param name="Command">The program's name, cut to 15 characters.</param>
/// <param name="State">'Z' and 'X' are dead.</param>
/// <param name="Terminal">Zero without a controlling terminal.</param>
internal readonly record struct ProcessStatus(string Command, char State, int Terminal, ulong StartTicks)
{
    public bool IsDead => State is 'Z' or 'X';

    public static ProcessStatus Parse(string stat)
    {
        // The name is in parentheses and may itself hold parentheses and spaces: the last one closes it.
        var open = stat.IndexOf('(', StringComparison.Ordinal);
        var close = stat.LastIndexOf(')');
        var fields = stat[(close + 2)..].Split(' ');
        return new ProcessStatus(
            stat[(open + 1)..close],
            fields[0][0],
            int.Parse(fields[4], CultureInfo.InvariantCulture),
            ulong.Parse(fields[19], CultureInfo.InvariantCulture));
    }
}
