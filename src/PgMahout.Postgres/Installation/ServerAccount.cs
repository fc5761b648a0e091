using System.Runtime.InteropServices;
using PgMahout.Postgres.Processes;

namespace PgMahout.Postgres.Installation;

/// <summary>
/// The operating-system user that PostgreSQL runs as. PostgreSQL refuses to run as root, so root lends it another
/// account; anybody else runs it as themselves.
/// </summary>
/// <param name="IsBorrowed">This process is root and the account is another's.</param>
public sealed record ServerAccount(string Name, uint Uid, uint Gid, bool IsBorrowed)
{
    private const int EntryBytes = 16 << 10;
    private const int FromWorkingDirectory = -100;
    private const uint AskForOwner = 0x8;
    private const int StatXBytes = 256;
    private const int OwnerOffset = 20;

    /// <summary>The present user, or the account <paramref name="name"/> when the present user is root.</summary>
    public static Outcome<ServerAccount> Find(string name = "postgres")
    {
        if (LibC.EffectiveUserId() != 0)
            return new Outcome<ServerAccount>.Done(
                new ServerAccount(Environment.UserName, LibC.EffectiveUserId(), 0, IsBorrowed: false));
        return Lookup(name) is var (uid, gid)
            ? new Outcome<ServerAccount>.Done(new ServerAccount(name, uid, gid, IsBorrowed: true))
            : new Outcome<ServerAccount>.Failed(new Problem(
                "server-account-missing",
                $"there is no operating-system user '{name}' to run PostgreSQL as",
                "PostgreSQL refuses to run as root, and the user database has no such entry",
                "nothing was changed",
                "install the package postgresql, which creates it, or run as an ordinary user"));
    }

    /// <summary>
    /// Root becomes whoever owns <paramref name="path"/>, for good and with that account's groups.
    /// </summary>
    public static unsafe Outcome BecomeOwnerOf(string path)
    {
        if (OwnerOf(path) is not { } owner)
            return Refused($"the owner of {path} cannot be seen");
        if (owner == 0)
            return Outcome.Success;
        var buffer = stackalloc byte[EntryBytes];
        LibC.PasswordEntry entry;
        LibC.PasswordEntry* found;
        if (LibC.FindPassword(owner, &entry, buffer, EntryBytes, &found) != 0 || found == null)
            return Refused($"{path} belongs to the user {owner}, whom the user database does not know");
        var name = Marshal.PtrToStringUTF8((nint)entry.Name)!;
        // Programs that it starts, or becomes, would look for certificates in root's directory, and fail.
        var directory = Marshal.PtrToStringUTF8((nint)entry.Home)!;
        Environment.SetEnvironmentVariable("HOME", directory);
        _ = LibC.SetEnvironment("HOME", directory, 1);
        // The groups first: whoever has given up root may not change them.
        return LibC.TakeGroups(name, entry.Gid) == 0
            && LibC.SetGroup(entry.Gid, entry.Gid, entry.Gid) == 0
            && LibC.SetUser(owner, owner, owner) == 0
            ? Outcome.Success
            : Refused($"the system refused: error {Marshal.GetLastPInvokeError()}");

        static Outcome Refused(string why) => new Outcome.Failed(new Problem(
            "server-account-refused",
            "this process could not become the owner of the home",
            why,
            "nothing was changed",
            "run the command as that user"));
    }

    /// <summary>Gives a file or directory to the account; does nothing when it is not borrowed.</summary>
    public void TakeOwnership(string path)
    {
        if (IsBorrowed && LibC.ChangeOwner(path, Uid, Gid) != 0)
            throw new IOException($"cannot give {path} to {Name}: error {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>Creates a directory with this mode, if it is missing, and gives it to the account.</summary>
    public void CreateDirectory(string path, UnixFileMode mode)
    {
        if (!Directory.Exists(path))
            Directory.CreateDirectory(path, mode);
        TakeOwnership(path);
    }

    /// <summary>The uid that a file or directory belongs to; null when that cannot be seen.</summary>
    public static unsafe uint? OwnerOf(string path)
    {
        var buffer = stackalloc byte[StatXBytes];
        return LibC.StatX(FromWorkingDirectory, path, 0, AskForOwner, buffer) == 0
            ? *(uint*)(buffer + OwnerOffset)
            : null;
    }

    private static unsafe (uint Uid, uint Gid)? Lookup(string name)
    {
        var buffer = stackalloc byte[EntryBytes];
        LibC.PasswordEntry entry;
        LibC.PasswordEntry* found;
        return LibC.FindPassword(name, &entry, buffer, EntryBytes, &found) == 0 && found != null
            ? (entry.Uid, entry.Gid)
            : null;
    }
}
