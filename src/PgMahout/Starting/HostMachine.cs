using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Probing;

namespace PgMahout.Starting;

/// <summary>This machine as the tuning formula needs it, within the limits of this process's control group.</summary>
public static class HostMachine
{
    /// <param name="path">Where the data will be; it need not exist yet.</param>
    public static Machine Measure(string path)
    {
        var existing = NearestExisting(path);
        return MachineProbe.Look(existing).Machine ?? new Machine(
            new ByteSize(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes),
            Environment.ProcessorCount,
            StorageType.Ssd,
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
}
