using PgMahout.Agent.Home;

namespace PgMahout.Backups;

/// <summary>
/// Repositories that are to get a backup as soon as it can be made: after a restore in place, what they have leads to
/// another present. One name a line.
/// </summary>
internal static class BackupWanted
{
    public static void Ask(HomeLayout home, IEnumerable<string> repositories) =>
        File.WriteAllLines(home.BackupWanted, repositories);

    public static bool IsAsked(HomeLayout home, string repository) => Read(home).Contains(repository);

    /// <summary>It has one now; of the others nothing changes.</summary>
    public static void Done(HomeLayout home, string repository)
    {
        var left = Read(home);
        if (!left.Remove(repository))
            return;
        if (left.Count == 0)
            File.Delete(home.BackupWanted);
        else
            Ask(home, left);
    }

    private static List<string> Read(HomeLayout home) =>
        File.Exists(home.BackupWanted) ? [.. File.ReadAllLines(home.BackupWanted)] : [];
}
