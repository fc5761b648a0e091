using System.Globalization;

namespace PgMahout.Starting;

/// <summary>Finds the process that holds a socket open.</summary>
public static class PortOwner
{
    /// <summary>Such as <c>postgres (pid 812)</c>; null when it is not ours to see.</summary>
    public static string? Of(long inode)
    {
        var wanted = string.Create(CultureInfo.InvariantCulture, $"socket:[{inode}]");
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
                continue;
            if (Descriptors(process).Any(descriptor => LinkOf(descriptor) == wanted))
                return $"{NameOf(process)} (pid {pid})";
        }
        return null;
    }

    private static string[] Descriptors(string process)
    {
        try
        {
            return Directory.GetFileSystemEntries(Path.Combine(process, "fd"));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string? LinkOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string NameOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "comm")).Trim();
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "a process";
        }
    }
}
