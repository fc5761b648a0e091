using System.Collections.Immutable;
using PgMahout.Backup.Working;
using PgMahout.Core.Backup;
using PgMahout.Postgres;

namespace PgMahout.Backup.Restoring;

/// <summary>Makes directories, links to tablespaces and files, each of its size, and removes the rest.</summary>
internal sealed class RestoreTree(RestoreRequest request, BackupManifest manifest, RestoreLayout layout)
{
    private readonly bool[] _fresh = new bool[layout.Files.Length];

    /// <summary>The file has holes only: what is zero in it need not be written.</summary>
    public bool IsFresh(int file) => _fresh[file];

    /// <summary>Where a file is written; the control file gets its own name at the end.</summary>
    public string PlaceOf(int file) => layout.Files[file].Path == DataPath.Control
        ? Place(DataPath.Control) + RestoreTarget.UnfinishedEnding
        : Place(layout.Files[file].Path);

    /// <summary>Every directory with files of this restore: the data directory and tablespaces.</summary>
    public IEnumerable<string> Roots =>
        manifest.Tablespaces.Select(LocationOf).Prepend(request.Directory);

    /// <summary>Refuses a tablespace's place that holds something else.</summary>
    public void RequireUsableTablespaces()
    {
        foreach (var tablespace in manifest.Tablespaces)
        {
            var location = LocationOf(tablespace);
            var link = new DirectoryInfo(LinkOf(tablespace));
            if (!Path.IsPathFullyQualified(location))
                throw Refused(location, "it is no absolute path");
            if (link.LinkTarget != location && Directory.Exists(location)
                && Directory.EnumerateFileSystemEntries(location).Any())
                throw Refused(location, "it is not empty, and not the tablespace of the directory restored into");
        }
    }

    public async Task PrepareAsync(CancellationToken cancellation)
    {
        var emptied = EmptyAfterwards();
        RemoveSurplus(request.Directory, "");
        if (request.TablespacesBelow is { } below && !manifest.Tablespaces.IsEmpty)
            MakeDirectory(below, 0x1C0);
        foreach (var tablespace in manifest.Tablespaces)
            MakeTablespace(tablespace);
        foreach (var directory in manifest.Directories)
            MakeDirectory(Place(directory.Path), directory.Mode);
        // Making a file can take a millisecond, where many were deleted shortly before.
        var next = -1;
        await WorkerThreads.RunAsync(request.Workers, request.Polite, token =>
        {
            for (int number; (number = Interlocked.Increment(ref next)) < layout.Files.Length;)
            {
                token.ThrowIfCancellationRequested();
                if (layout.Files[number].Path != DataPath.Control && IsMade(layout.Files[number]))
                    MakeFile(number, emptied[number]);
            }
        }, cancellation);
    }

    public void MakeControl() =>
        MakeFile(layout.Files.IndexOf(manifest.Find(DataPath.Control)!), emptied: true);

    private bool IsMade(BackedFile file) => file.Size >= request.ShortestHole || request.Only(file.Path);

    private string Place(string path) => Path.Combine(request.Directory, path);

    private string LinkOf(BackedTablespace tablespace) => Place($"{DataPath.Tablespaces}/{tablespace.Oid}");

    private string LocationOf(BackedTablespace tablespace) =>
        request.Tablespaces.GetValueOrDefault(
            tablespace.Oid,
            request.TablespacesBelow is { } below ? Path.Combine(below, $"{tablespace.Oid}") : tablespace.Location);

    /// <summary>Files that chunks do not fill: what is not written in them must be zero.</summary>
    private bool[] EmptyAfterwards()
    {
        var written = new long[layout.Files.Length];
        foreach (var landing in layout.Uses.SelectMany(use => use.Landings))
            written[landing.File] += landing.Length;
        return [.. layout.Files.Index().Select(file => written[file.Index] < file.Item.Size)];
    }

    private void RemoveSurplus(string place, string path)
    {
        if (!Directory.Exists(place))
            return;
        foreach (var entry in new DirectoryInfo(place).EnumerateFileSystemInfos())
        {
            var own = path.Length == 0 ? entry.Name : $"{path}/{entry.Name}";
            if (own == DataPath.RestoreMark || IsKeptLink(own, entry))
                continue;
            if (entry.LinkTarget is not null || entry is FileInfo)
                RemoveUnlessWanted(own, entry);
            else if (manifest.Directories.Any(directory => directory.Path == own))
                RemoveSurplus(entry.FullName, own);
            else
                Directory.Delete(entry.FullName, recursive: true);
        }
    }

    private void RemoveUnlessWanted(string path, FileSystemInfo entry)
    {
        // A link in the place of a file would be written through.
        if (entry.LinkTarget is not null || manifest.Find(path) is null)
            entry.Delete();
    }

    private bool IsKeptLink(string path, FileSystemInfo entry)
    {
        var kept = manifest.Tablespaces
            .Where(tablespace => path == $"{DataPath.Tablespaces}/{tablespace.Oid}")
            .Any(tablespace => entry.LinkTarget == LocationOf(tablespace));
        if (kept)
            RemoveSurplus(entry.LinkTarget!, path);
        return kept;
    }

    private void MakeTablespace(BackedTablespace tablespace)
    {
        var (location, link) = (LocationOf(tablespace), LinkOf(tablespace));
        MakeDirectory(location, 0x1C0);
        MakeDirectory(Path.GetDirectoryName(link)!, 0x1C0);
        if (new DirectoryInfo(link).LinkTarget == location)
            return;
        Directory.CreateSymbolicLink(link, location);
        request.Owner.TakeOwnership(link);
    }

    private void MakeDirectory(string place, int mode)
    {
        if (!Directory.Exists(place))
            Directory.CreateDirectory(place, (UnixFileMode)mode);
        File.SetUnixFileMode(place, (UnixFileMode)mode);
        request.Owner.TakeOwnership(place);
    }

    private void MakeFile(int number, bool emptied)
    {
        var file = layout.Files[number];
        var place = PlaceOf(number);
        var existed = File.Exists(place);
        using (var handle = File.OpenHandle(
            place, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            var length = existed ? RandomAccess.GetLength(handle) : 0;
            _fresh[number] = emptied || length == 0;
            if (emptied && length > 0)
                RandomAccess.SetLength(handle, 0);
            if (emptied || length != file.Size)
                RandomAccess.SetLength(handle, file.Size);
            File.SetUnixFileMode(handle, (UnixFileMode)file.Mode);
        }
        request.Owner.TakeOwnership(place);
    }

    private static WorkFailedException Refused(string location, string why) => new(new Problem(
        "restore-refused",
        $"the tablespace in {location} was not restored",
        why,
        "nothing was changed",
        "name a directory for all of them: --tablespaces DIRECTORY"));
}
