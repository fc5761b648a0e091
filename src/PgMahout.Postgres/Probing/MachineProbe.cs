using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Probing;

/// <summary>This machine as tuning needs it, with the evidence for each figure.</summary>
/// <param name="Machine">Null when the memory is not known.</param>
public sealed record MachineProbe(Machine? Machine, ImmutableArray<Looked> Evidence)
{
    public static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(300);

    /// <param name="directory">Exists, and lies where the data does or will.</param>
    /// <param name="wal">Where WAL lies, if elsewhere.</param>
    public static MachineProbe Look(string directory, string? wal = null)
    {
        var files = new HostFiles(Read);
        var (memory, memoryLooked) = files.Memory();
        // The runtime counts those that the affinity allows.
        var (processors, processorsLooked) = files.Processors(Environment.ProcessorCount);
        var (pages, pagesLooked) = files.Pages();
        var (read, flush, why) = LatencyProbe.Measure(directory, Limit);
        var (device, rotational) = files.Disk(DeviceOf(directory), Resolve);
        var (storage, storageWhy) = new StorageEvidence(device, rotational, read, flush).Verdict;
        var (free, freeLooked) = Disk(wal ?? directory);
        return new MachineProbe(
            memory is { } known ? new Machine(known, processors, storage, free, pages) : null,
            [
                memoryLooked, processorsLooked,
                new Looked("storage", storage.ToString(), why is null ? storageWhy : $"{storageWhy} ({why})"),
                freeLooked, pagesLooked,
            ]);
    }

    /// <summary>
    /// Major and minor number of the file system that holds <paramref name="path"/>, such as <c>8:1</c>; of an overlay
    /// there is none.
    /// </summary>
    public static string? DeviceOf(string path, IEnumerable<string> mountInfo) => mountInfo
        .Select(line => line.Split(' '))
        .Where(fields => fields.Length > 4 && IsWithin(path, fields[4]))
        .MaxBy(fields => fields[4].Length)?[2];

    private static string? DeviceOf(string path) =>
        Read("/proc/self/mountinfo") is { } mounts ? DeviceOf(path, mounts.Split('\n')) : null;

    private static bool IsWithin(string path, string mount) =>
        mount == "/" || path == mount || path.StartsWith(mount + "/", false, CultureInfo.InvariantCulture);

    private static (ByteSize?, Looked) Disk(string path)
    {
        try
        {
            var drive = new DriveInfo(path);
            var (free, size) = (new ByteSize(drive.AvailableFreeSpace), new ByteSize(drive.TotalSize));
            return (free, new Looked("WAL volume", $"{free} free", $"of {size}, the file system of {path}"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return (null, new Looked("WAL volume", null, failure.Message));
        }
    }

    private static string? Read(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Resolve(string link) =>
        new DirectoryInfo(link) is { Exists: true } place
            ? place.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? place.FullName
            : null;
}
