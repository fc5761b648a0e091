using System.Security.Cryptography;
using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Postgres.Installation;
using PgMahout.Undo.Past;

namespace PgMahout.Undoing;

/// <summary>
/// A place for one server of the past, locked for as long as this process lives, and removed when it is disposed. What
/// a killed process left is removed by the next one.
/// </summary>
internal sealed class UndoPlace : IDisposable
{
    private const string LockEnding = ".lock";
    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly HomeLayout _home;
    private readonly PidLock _lock;

    private UndoPlace(HomeLayout home, string id, PidLock held)
    {
        _home = home;
        _lock = held;
        Id = id;
        Past = new PastPlace(Path.Combine(home.UndoDirectory, id), home.UndoSockets(id));
    }

    /// <summary>Eight hexadecimal digits.</summary>
    public string Id { get; }

    public PastPlace Past { get; }

    /// <exception cref="IOException">The home cannot be written.</exception>
    public static UndoPlace Take(HomeLayout home, ServerAccount account)
    {
        account.CreateDirectory(home.UndoDirectory, OwnerOnly);
        ClearLeftovers(home);
        while (true)
        {
            var id = RandomNumberGenerator.GetHexString(8, lowercase: true);
            if (PidLock.TryTake(LockOf(home, id)) is not { } held)
                continue;
            // Somebody who was clearing up may have removed the file between its making and its locking.
            if (PidLock.IsOurs(LockOf(home, id)))
                return new UndoPlace(home, id, held);
            held.Dispose();
        }
    }

    /// <summary>Removes places whose process is gone: their names.</summary>
    public static IReadOnlyList<string> ClearLeftovers(HomeLayout home)
    {
        var cleared = new List<string>();
        if (!Directory.Exists(home.UndoDirectory))
            return cleared;
        var ids = Directory.EnumerateFileSystemEntries(home.UndoDirectory)
            .Select(path => Path.GetFileName(path).Split('.')[0])
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToList();
        foreach (var id in ids)
        {
            using var held = PidLock.TryTake(LockOf(home, id));
            if (held is null)
                continue;
            Remove(home, id);
            cleared.Add(id);
        }
        return cleared;
    }

    public void Dispose()
    {
        Remove(_home, Id);
        _lock.Dispose();
    }

    private static string LockOf(HomeLayout home, string id) => Path.Combine(home.UndoDirectory, id + LockEnding);

    private static void Remove(HomeLayout home, string id)
    {
        foreach (var directory in (string[])[Path.Combine(home.UndoDirectory, id), home.UndoSockets(id)])
            if (Directory.Exists(directory))
                Directory.Delete(directory, recursive: true);
        File.Delete(LockOf(home, id));
    }
}
