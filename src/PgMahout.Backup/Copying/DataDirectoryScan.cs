using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Backup;

namespace PgMahout.Backup.Copying;

/// <summary>What there is to copy of a data directory.</summary>
internal sealed record DataDirectoryScan(
    ImmutableArray<FoundFile> Files,
    ImmutableArray<BackedDirectory> Directories,
    ImmutableArray<BackedTablespace> Tablespaces)
{
    /// <summary>
    /// Everything under <paramref name="root"/>, tablespaces included, sorted by path. What vanishes meanwhile is left
    /// out: the server goes on.
    /// </summary>
    /// <param name="major">Of a tablespace that several versions share, only this one's directory counts.</param>
    public static DataDirectoryScan Of(string root, int major)
    {
        var walk = new Walk(major);
        walk.Directory("", root);
        return new DataDirectoryScan(
            CopyPlanning.WithoutUnlogged(
                [.. walk.Files.OrderBy(file => file.Path, StringComparer.Ordinal)]),
            [.. walk.Directories.OrderBy(directory => directory.Path, StringComparer.Ordinal)],
            [.. walk.Tablespaces.OrderBy(tablespace => tablespace.Oid)]);
    }

    private sealed class Walk(int major)
    {
        public List<FoundFile> Files { get; } = [];
        public List<BackedDirectory> Directories { get; } = [];
        public List<BackedTablespace> Tablespaces { get; } = [];

        public void Directory(string path, string place)
        {
            try
            {
                foreach (var entry in new DirectoryInfo(place).EnumerateFileSystemInfos())
                    Entry(path.Length == 0 ? entry.Name : $"{path}/{entry.Name}", entry);
            }
            catch (DirectoryNotFoundException) when (path.Length > 0)
            {
                // A dropped database.
            }
        }

        private void Entry(string path, FileSystemInfo entry)
        {
            if (DataPath.IsOmitted(path))
                return;
            if (entry.LinkTarget is { } target && path.StartsWith(DataPath.Tablespaces + "/", StringComparison.Ordinal))
                Tablespace(path, entry.Name, target);
            else if (entry is DirectoryInfo || System.IO.Directory.Exists(entry.FullName))
                Subdirectory(path, entry.FullName);
            else if (entry is FileInfo file)
                File(path, file);
        }

        private void Subdirectory(string path, string place)
        {
            Directories.Add(new BackedDirectory(path, ModeOf(place)));
            if (path == "pg_wal")
                Directories.Add(new BackedDirectory("pg_wal/archive_status", ModeOf(place)));
            if (!DataPath.IsEmptied(path))
                Directory(path, place);
        }

        private void Tablespace(string path, string name, string target)
        {
            if (!uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var oid)
                || !System.IO.Directory.Exists(target))
                return;
            Tablespaces.Add(new BackedTablespace(oid, target));
            foreach (var own in new DirectoryInfo(target).EnumerateDirectories($"PG_{major}_*"))
                Subdirectory($"{path}/{own.Name}", own.FullName);
        }

        private void File(string path, FileInfo file)
        {
            try
            {
                Files.Add(new FoundFile(path, file.Length, file.LastWriteTimeUtc.Ticks, (int)file.UnixFileMode));
            }
            catch (FileNotFoundException)
            {
                // It was there when the directory was read.
            }
        }

        private static int ModeOf(string place) => (int)System.IO.File.GetUnixFileMode(place);
    }
}
