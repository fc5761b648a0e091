using PgMahout.Agent.Home;
using PgMahout.Starting;

namespace PgMahout.Stopping;

/// <summary>
/// Deletes a home: only names that pgmahout makes, and of a symbolic link only the link, so that nothing outside is
/// ever reached.
/// </summary>
public static class HomeRemoval
{
    /// <summary>Names that were left because they are not ours; empty when the directory itself is gone.</summary>
    public static IReadOnlyList<string> Remove(HomeLayout home)
    {
        if (Path.GetDirectoryName(home.RunDirectory) != home.Root)
            Delete(home.RunDirectory);
        foreach (var name in HomeInspection.OwnNames(home).Where(name => name != "lost+found"))
            Delete(Path.Combine(home.Root, name));
        string[] left = [.. Directory.EnumerateFileSystemEntries(home.Root).Select(path => Path.GetFileName(path)!)];
        if (left.Length == 0)
            Directory.Delete(home.Root);
        return left;
    }

    private static void Delete(string path)
    {
        var entry = new FileInfo(path);
        if (entry.LinkTarget is not null || entry.Exists)
            entry.Delete();
        else if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }
}
