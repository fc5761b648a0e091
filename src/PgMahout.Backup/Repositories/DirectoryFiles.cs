using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Processes;

namespace PgMahout.Backup.Repositories;

/// <summary>
/// The files of a directory store. An object is written under a name in <c>.new</c>, and renamed when it is whole; what
/// a crash leaves there is removed by whoever opens the store an hour later. Throws what the system says.
/// </summary>
internal sealed class DirectoryFiles(string root, TimeProvider time)
{
    private const string Unfinished = ".new";
    private const int ReadBytes = 1 << 20;
    private const int NoSuchFile = 2;
    private const UnixFileMode FileMode0640 = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private const UnixFileMode DirectoryMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    private static readonly TimeSpan LeftoverAge = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, long> _unflushed = new();
    private readonly (uint Device, ulong Node, long MadeAt) _identity = Identity(root);
    private long _written;

    public string Path(string name) => System.IO.Path.Combine(root, name);

    /// <summary>An empty directory where a file system was mounted looks like the store, and is not.</summary>
    public bool IsStillThere => Directory.Exists(root) && Identity(root) == _identity;

    public void Put(string name, ReadOnlySpan<byte> content, Flushing flushing, StoreCall call)
    {
        var target = Path(name);
        var temporary = Write(content, flushing);
        try
        {
            call.ThrowIfLeft();
            MoveInto(target, () => File.Move(temporary, target, overwrite: true));
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        if (flushing == Flushing.Now)
            SyncParents(target);
        else
            _unflushed[name] = Interlocked.Increment(ref _written);
    }

    /// <returns>Whether it was made: false when there is one of this name.</returns>
    public bool Create(string name, ReadOnlySpan<byte> content, StoreCall call)
    {
        var target = Path(name);
        if (File.Exists(target))
            return false;
        var temporary = Write(content, Flushing.Now);
        try
        {
            var made = false;
            call.ThrowIfLeft();
            // A link, unlike a rename, never replaces.
            MoveInto(target, () => made = AtomicFile.TryLink(temporary, target));
            if (made)
                SyncParents(target);
            return made;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    public void Flush()
    {
        var waiting = _unflushed.ToArray();
        var paths = waiting.Select(one => Path(one.Key)).ToList();
        // One that was deleted or replaced since needs nothing.
        foreach (var path in paths.Concat(paths.SelectMany(Above).Distinct()))
            SyncIfThere(path);
        Sync(root);
        // Not before: whoever flushes again after a flush that failed, or hangs still, has all of it to do. What was
        // put again meanwhile has another number, and stays.
        foreach (var one in waiting)
            _unflushed.TryRemove(one);
    }

    public int Read(string name, long offset, Span<byte> into, StoreCall call)
    {
        using var file = File.OpenHandle(Path(name), share: FileShare.ReadWrite | FileShare.Delete);
        var piece = ArrayPool<byte>.Shared.Rent(Math.Min(into.Length, ReadBytes));
        try
        {
            var read = 0;
            while (read < into.Length)
            {
                var wanted = Math.Min(piece.Length, into.Length - read);
                var more = RandomAccess.Read(file, piece.AsSpan(0, wanted), offset + read);
                if (more == 0)
                    break;
                call.Copy(piece.AsSpan(0, more), into[read..]);
                read += more;
            }
            return read;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    public List<ObjectEntry> List(string prefix)
    {
        var below = prefix.LastIndexOf('/') is >= 0 and var slash ? Path(prefix[..slash]) : root;
        var found = new List<ObjectEntry>();
        if (!Directory.Exists(below))
            return found;
        foreach (var file in new DirectoryInfo(below).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            var name = System.IO.Path.GetRelativePath(root, file.FullName);
            if (name.StartsWith(prefix, StringComparison.Ordinal) && ObjectName.IsValid(name) && file.Exists)
                found.Add(new ObjectEntry(name, file.Length, file.LastWriteTimeUtc));
        }
        found.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        return found;
    }

    public void Delete(IEnumerable<string> names)
    {
        var directories = new HashSet<string>();
        foreach (var name in names.Where(name => File.Exists(Path(name))))
        {
            File.Delete(Path(name));
            directories.Add(System.IO.Path.GetDirectoryName(Path(name))!);
        }
        foreach (var directory in directories)
            RemoveIfEmpty(directory);
    }

    public void RemoveLeftovers()
    {
        var directory = System.IO.Path.Combine(root, Unfinished);
        if (!Directory.Exists(directory))
            return;
        var before = time.GetUtcNow().UtcDateTime - LeftoverAge;
        foreach (var file in Directory.EnumerateFiles(directory))
            if (File.GetLastWriteTimeUtc(file) < before)
                File.Delete(file);
    }

    private string Write(ReadOnlySpan<byte> content, Flushing flushing)
    {
        var directory = System.IO.Path.Combine(root, Unfinished);
        // The process id alone could be that of a process on another machine that shares the directory.
        var unique = $"{Environment.MachineName}-{Environment.ProcessId}-{time.GetTimestamp():x}";
        var path = System.IO.Path.Combine(directory, $"{unique}-{Interlocked.Increment(ref _written)}");
        if (!Directory.Exists(directory))
            Directory.CreateDirectory(directory, DirectoryMode);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            // Without a lock, which some network file systems do not have.
            Share = FileShare.ReadWrite | FileShare.Delete,
            UnixCreateMode = FileMode0640,
            BufferSize = 0,
        };
        try
        {
            using var file = new FileStream(path, options);
            file.Write(content);
            if (flushing == Flushing.Now)
                file.Flush(flushToDisk: true);
            return path;
        }
        catch (IOException)
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>
    /// Makes the directories that are missing. One may vanish again, and again, as long as others empty it by deleting.
    /// </summary>
    private static void MoveInto(string target, Action move)
    {
        const int Most = 100;
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                if (attempt > 0)
                    Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!, DirectoryMode);
                move();
                return;
            }
            catch (Exception e) when (
                e is DirectoryNotFoundException or FileNotFoundException && attempt < Most)
            {
                // The next attempt makes it.
            }
        }
    }

    /// <summary>A name is on disk when every directory above it is.</summary>
    private void SyncParents(string path)
    {
        foreach (var directory in Above(path))
            Sync(directory);
        Sync(root);
    }

    /// <summary>The directories between a file and the root of the store, the nearest first.</summary>
    private IEnumerable<string> Above(string path)
    {
        var directory = System.IO.Path.GetDirectoryName(path)!;
        for (; directory.Length > root.Length; directory = System.IO.Path.GetDirectoryName(directory)!)
            yield return directory;
    }

    private void RemoveIfEmpty(string directory)
    {
        SyncIfThere(directory);
        try
        {
            for (; directory.Length > root.Length; directory = System.IO.Path.GetDirectoryName(directory)!)
                Directory.Delete(directory);
        }
        catch (IOException)
        {
            // Not empty, or another one was faster.
        }
    }

    private static void SyncIfThere(string path)
    {
        try
        {
            Sync(path);
        }
        catch (FileNotFoundException)
        {
            // Deleted since, with whatever there was to flush.
        }
    }

    /// <summary>Unlike elsewhere, a failed flush must be heard of: the object may not be there after a crash.</summary>
    private static void Sync(string path)
    {
        var descriptor = LibC.Open(path, 0, 0);
        if (descriptor < 0)
            throw Failed("opening", path);
        try
        {
            if (LibC.Sync(descriptor) != 0)
                throw Failed("flushing", path);
        }
        finally
        {
            _ = LibC.Close(descriptor);
        }
    }

    private static IOException Failed(string what, string path)
    {
        var error = Marshal.GetLastPInvokeError();
        var message = $"{what} {path} failed: {Marshal.GetPInvokeErrorMessage(error)}";
        return error == NoSuchFile ? new FileNotFoundException(message) : new IOException(message, error);
    }

    /// <summary>With the time it was made: the number of a deleted directory is soon used again.</summary>
    private static unsafe (uint Device, ulong Node, long MadeAt) Identity(string path)
    {
        const int WorkingDirectory = -100;
        const uint WantNodeAndBirth = 0x100 | 0x800;
        const int NodeOffset = 32;
        const int BirthSecondsOffset = 80;
        const int BirthNanosecondsOffset = 88;
        const int MajorOffset = 136;
        const int MinorOffset = 140;
        var buffer = stackalloc byte[256];
        if (LibC.StatX(WorkingDirectory, path, 0, WantNodeAndBirth, buffer) != 0)
            throw Failed("looking at", path);
        var device = (*(uint*)(buffer + MajorOffset) << 20) | *(uint*)(buffer + MinorOffset);
        var made = *(long*)(buffer + BirthSecondsOffset) * 1_000_000_000 + *(uint*)(buffer + BirthNanosecondsOffset);
        return (device, *(ulong*)(buffer + NodeOffset), made);
    }
}
