using System.Collections.Immutable;
using PgMahout.Agent.Home;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Hosts;
using PgMahout.Processes;
using PgMahout.Status;
using PgMahout.Store;
using PgMahout.Store.Records;
using PgMahout.Store.Sqlite;

namespace PgMahout.Starting;

/// <summary>Looks at a home without changing anything.</summary>
public static class HomeInspection
{
    public const string UpLock = "up.lock";

    /// <summary>Held by whoever brings a configuration to the members.</summary>
    public const string ConfigurationLock = "config.lock";

    private static readonly TimeSpan StoreLimit = TimeSpan.FromSeconds(5);

    public static async Task<HomeFinding> LookAsync(HomeLayout home, CancellationToken cancellation)
    {
        var (place, names) = Names(home.Root);
        var strangers = names.Except(OwnNames(home)).Order(StringComparer.Ordinal).ToImmutableArray();
        if (place != HomePlace.Occupied)
            return new HomeFinding(place, strangers, new StoreFinding.Missing(), [], null);
        return new HomeFinding(
            place,
            strangers,
            await LookAtStoreAsync(home, cancellation),
            [.. HomeMembers.In(home).Select(member => member.Name).Where(name => HasData(home, name))],
            SupervisorProcess.Find(home))
        {
            BeingRestored = File.Exists(home.RestoreMark),
            KeptByUnits = HostHome.Is(home),
        };
    }

    /// <summary>The names that pgmahout makes directly in a home.</summary>
    public static ImmutableArray<string> OwnNames(HomeLayout home) =>
    [
        .. SqliteClusterStore.FilesOf(home.StoreFile).Select(file => Path.GetFileName(file)!),
        .. new[]
        {
            home.SupervisorLock, home.ArchiverLock, home.SecretsDirectory, home.LogDirectory, home.MembersDirectory,
            home.DefaultRepository, home.BackupLock, home.DrillDirectory, home.UndoDirectory,
            home.RestoreMark, home.BackupWanted, home.ProxyLock, home.HostFile, home.CertificateDirectory,
        }.Select(path => Path.GetFileName(path)!),
        "run",
        UpLock,
        ConfigurationLock,
        "lost+found",
    ];

    private static (HomePlace, string[]) Names(string root)
    {
        if (File.Exists(root))
            return (HomePlace.NotADirectory, []);
        if (!Directory.Exists(root))
            return (HomePlace.Missing, []);
        try
        {
            string[] names = [.. Directory.EnumerateFileSystemEntries(root).Select(path => Path.GetFileName(path)!)];
            // A lock file alone is an `up` that got no further, perhaps this one.
            return (names.All(name => name == UpLock) ? HomePlace.Empty : HomePlace.Occupied, names);
        }
        catch (UnauthorizedAccessException)
        {
            return (HomePlace.Unreadable, []);
        }
    }

    private static bool HasData(HomeLayout home, MemberName name)
    {
        try
        {
            return Directory.Exists(home.DataDirectory(name))
                && Directory.EnumerateFileSystemEntries(home.DataDirectory(name)).Any();
        }
        catch (UnauthorizedAccessException)
        {
            // Somebody's directory that we may not read is not ours to call empty.
            return true;
        }
    }

    private static async Task<StoreFinding> LookAtStoreAsync(HomeLayout home, CancellationToken cancellation)
    {
        var opening = HomeStore.Open(home);
        if (opening is StoreOpening.Failed { Reason: var unread })
            return new StoreFinding.Unreadable(unread);
        if (opening is not StoreOpening.Ready { Store: var store })
            return new StoreFinding.Missing();
        await using var closing = store;
        return await store.ReadAsync(StoreLimit, cancellation) switch
        {
            StoreRead.Unreachable unreachable => new StoreFinding.Unreadable(unreachable.Reason),
            StoreRead.Content content => Of(ClusterRecords.Decode(content, ClusterRecords.None)),
            var other => throw new InvalidOperationException($"unknown result {other}"),
        };
    }

    private static StoreFinding Of(RecordsRead read) => read switch
    {
        RecordsRead.Decoded { Records: { Spec: { } spec } records } =>
            new StoreFinding.Holds(spec.Value, records.SystemIdentifier?.Value)
            {
                Backup = records.Backup?.Value ?? BackupSettings.None,
                Proxy = records.Proxy?.Value,
            },
        RecordsRead.Decoded => new StoreFinding.Blank(),
        RecordsRead.Unreadable unreadable => new StoreFinding.Unreadable(unreadable.Reason),
        _ => throw new InvalidOperationException($"unknown result {read}"),
    };
}
