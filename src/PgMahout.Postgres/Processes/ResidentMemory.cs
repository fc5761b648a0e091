using System.Runtime;

namespace PgMahout.Postgres.Processes;

/// <summary>
/// Gives back what starting up has used and waiting does not need: garbage, free memory of the C library, and pages of
/// program files. The last cost nothing while the kernel has them cached: they are unmapped, not read again, and each
/// that is used comes back by itself, some microseconds later.
/// </summary>
public static unsafe class ResidentMemory
{
    private const int Unneeded = 4; // MADV_DONTNEED

    public static void GiveBack()
    {
        // Found first: finding them uses much of what is given back then.
        var intact = FileMapping.Parse(File.ReadLines("/proc/self/smaps"))
            .Where(mapping => mapping.IsIntactCode)
            .ToArray();
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _ = LibC.TrimHeap(0);
        foreach (var mapping in intact)
            _ = LibC.AdviseMemory((void*)mapping.Begin, (nuint)(mapping.End - mapping.Begin), Unneeded);
    }
}
