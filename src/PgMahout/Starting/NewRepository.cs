using System.Collections.Immutable;
using PgMahout.Agent.Home;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Errors;

namespace PgMahout.Starting;

/// <summary>The repository that a cluster has from its first moment.</summary>
public static class NewRepository
{
    /// <summary>Asked for instead of a place: nothing is backed up.</summary>
    public const string Nowhere = "none";

    private const string Name = "main";

    public static BackupSettings At(string place, ImmutableSortedDictionary<string, string> options) =>
        place == Nowhere
            ? BackupSettings.None
            : BackupSettings.None with
            {
                Repositories = [new RepositorySettings(Name, place, CompressionKind.Zstd, null, null, options)],
            };

    /// <summary>Whether a cluster that has these settings already does what is asked for.</summary>
    public static bool Fits(string place, BackupSettings present) =>
        place == Nowhere
            ? present.Repositories.IsEmpty
            : present.Repositories.Any(repository => repository.Address == place);

    public static string Text(BackupSettings settings) =>
        settings.Repositories.IsEmpty
            ? "no repository"
            : string.Join(", ", settings.Repositories.Select(repository => repository.Address));

    /// <summary>One sentence for whoever has just made the cluster: what the place is good for.</summary>
    public static string Advice(HomeLayout home, BackupSettings settings)
    {
        if (settings.Repositories.IsEmpty)
            return "backups: NONE, as asked; a dropped table is gone on every member (pgmahout repo add main DIR)";
        var address = settings.Repositories[0].Address;
        var text = $"backups: every byte of WAL goes to {address}; the first backup follows by itself";
        return IsOnDiskOf(home, address)
            ? $"{text}\n      THE SAME DISK AS THE DATA: it protects from mistakes, not from loss of the disk"
            : text;
    }

    public static bool IsOnDiskOf(HomeLayout home, string address) =>
        !IsBucket(address) && MountOf(address) == MountOf(home.Root);

    /// <summary>Before anything is made. The archiver says what goes wrong later.</summary>
    public static Failure? WhyNot(HomeLayout home, BackupSettings settings)
    {
        foreach (var repository in settings.Repositories)
        {
            if (IsBucket(repository.Address))
            {
                if (S3Settings.Parse(repository.Address, repository.Options).Failure is { } unreadable)
                    return new Failure(ErrorCatalogue.RepositoryRefused, unreadable.What).Because(unreadable.Why)
                        .Try(unreadable.Next);
                continue;
            }
            if (WhyNot(home, repository.Address) is { } refused)
                return refused;
        }
        return null;
    }

    /// <summary>A directory for its owner alone.</summary>
    public static void Make(BackupSettings settings)
    {
        foreach (var repository in settings.Repositories.Where(repository => !IsBucket(repository.Address)))
            Directory.CreateDirectory(
                repository.Address, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static Failure? WhyNot(HomeLayout home, string address)
    {
        if (Directory.Exists(address))
            return Directory.EnumerateFileSystemEntries(address).Any(entry => !entry.EndsWith("/lost+found"))
                ? Refused(address, "it is not empty; what an earlier cluster left there is still restorable from it")
                    .Try($"mv {address} {address}.old", "pgmahout up --repository OTHER|none")
                : null;
        if (File.Exists(address))
            return Refused(address, "it is a file").Try("pgmahout up --repository DIRECTORY");
        // The home is made a moment later. A parent that is missing elsewhere is a mount that is missing.
        return address == home.DefaultRepository || Directory.Exists(Path.GetDirectoryName(address))
            ? null
            : Refused(address, $"{Path.GetDirectoryName(address)} does not exist").Try("mount it, then: pgmahout up");
    }

    private static Failure Refused(string address, string because) =>
        new Failure(ErrorCatalogue.RepositoryRefused, $"{address} cannot become the repository of a new cluster")
            .Because(because);

    private static bool IsBucket(string address) => address.StartsWith(S3Settings.Scheme, StringComparison.Ordinal);

    /// <summary>Where the file system of <paramref name="path"/> is mounted.</summary>
    public static string? MountOf(string path) => DriveInfo.GetDrives()
        .Select(drive => drive.RootDirectory.FullName)
        .Where(root => root == "/" || path == root || path.StartsWith(root + "/", StringComparison.Ordinal))
        .MaxBy(root => root.Length);
}
