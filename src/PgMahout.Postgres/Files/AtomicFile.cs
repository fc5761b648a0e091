using System.Runtime.InteropServices;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Processes;

namespace PgMahout.Postgres.Files;

/// <summary>Files of which a reader, and the disk after a power loss, has either the old or the new content.</summary>
internal static class AtomicFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Mode 0600, owned by <paramref name="owner"/>. Unchanged content is not written again.</summary>
    /// <returns>Whether it was written.</returns>
    public static bool Write(string path, string content, ServerAccount owner)
    {
        if (ReadIfPresent(path) == content)
            return false;
        var temporary = Prepare(path, content, owner);
        Sync(temporary);
        File.Move(temporary, path, overwrite: true);
        SyncDirectory(Path.GetDirectoryName(path)!);
        return true;
    }

    /// <summary>
    /// Without waiting for the disk: for what is written anew before every start, so that a power loss cannot matter.
    /// </summary>
    /// <returns>Whether it was written.</returns>
    public static bool Replace(string path, string content, ServerAccount owner)
    {
        if (ReadIfPresent(path) == content)
            return false;
        File.Move(Prepare(path, content, owner), path, overwrite: true);
        return true;
    }

    /// <summary>Null when there is no such file.</summary>
    public static string? ReadIfPresent(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public static void Remove(string path)
    {
        if (!File.Exists(path))
            return;
        File.Delete(path);
        SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>
    /// Gives a file a second name that nothing has yet, in one step: unlike <see cref="File.Move(string, string)"/>,
    /// which looks first and then replaces whatever came in between.
    /// </summary>
    /// <returns>False, with nothing changed, when the name is taken.</returns>
    /// <exception cref="IOException">A <see cref="DirectoryNotFoundException"/> when either is missing.</exception>
    public static bool TryLink(string existing, string created)
    {
        const int NoSuchFile = 2;
        const int Exists = 17;
        if (LibC.Link(existing, created) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        if (error == Exists)
            return false;
        var message = $"linking {created} failed: {Marshal.GetPInvokeErrorMessage(error)}";
        throw error == NoSuchFile ? new DirectoryNotFoundException(message) : new IOException(message, error);
    }

    /// <summary>Makes renames and removals in it survive a power loss.</summary>
    public static void SyncDirectory(string directory) => Sync(directory);

    /// <summary>Flushes a file or directory to disk.</summary>
    public static void Sync(string path)
    {
        var descriptor = LibC.Open(path, 0, 0);
        if (descriptor < 0)
            throw new IOException($"cannot open {path} to flush it");
        _ = LibC.Sync(descriptor);
        _ = LibC.Close(descriptor);
    }

    private static string Prepare(string path, string content, ServerAccount owner)
    {
        var temporary = path + ".new";
        File.Delete(temporary);
        using var file = new FileStream(temporary, Creation);
        // Before the content: a secret is never readable by the wrong owner, not even for a moment.
        owner.TakeOwnership(temporary);
        using var writer = new StreamWriter(file);
        writer.Write(content);
        return temporary;
    }

    private static FileStreamOptions Creation => new()
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        UnixCreateMode = OwnerOnly,
    };
}
