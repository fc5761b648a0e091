using System.Globalization;
using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Starting;

/// <summary>This machine as the tuning formula needs it, within the limits of this process's control group.</summary>
public static class HostMachine
{
    /// <param name="path">Where the data will be; it need not exist yet.</param>
    public static Machine Measure(string path)
    {
        var existing = NearestExisting(path);
        return new Machine(
            new ByteSize(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes),
            Environment.ProcessorCount,
            StorageOf(existing),
            FreeSpace(existing));
    }

    public static ByteSize FreeSpace(string path) => new(new DriveInfo(NearestExisting(path)).AvailableFreeSpace);

    public static string NearestExisting(string path)
    {
        var at = path;
        while (!Directory.Exists(at) && Path.GetDirectoryName(at) is { } above)
            at = above;
        return at;
    }

    /// <summary>By the kernel's word on the device; what it does not know counts as one without moving parts.</summary>
    private static StorageType StorageOf(string path)
    {
        try
        {
            if (DeviceOf(path, File.ReadLines("/proc/self/mountinfo")) is not { } device)
                return StorageType.Ssd;
            string[] places =
                [$"/sys/dev/block/{device}/queue/rotational", $"/sys/dev/block/{device}/../queue/rotational"];
            return places.FirstOrDefault(File.Exists) is { } place && File.ReadAllText(place).Trim() == "1"
                ? StorageType.Hdd
                : StorageType.Ssd;
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
        {
            return StorageType.Ssd;
        }
    }

    /// <summary>
    /// Major and minor number of the file system that holds <paramref name="path"/>, such as <c>8:1</c>.
    /// </summary>
    public static string? DeviceOf(string path, IEnumerable<string> mountInfo) => mountInfo
        .Select(line => line.Split(' '))
        .Where(fields => fields.Length > 4 && IsWithin(path, fields[4]))
        .MaxBy(fields => fields[4].Length)?[2];

    private static bool IsWithin(string path, string mount) =>
        mount == "/" || path == mount || path.StartsWith(mount + "/", false, CultureInfo.InvariantCulture);
}
