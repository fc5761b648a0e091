using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;
using static PgMahout.Core.Tuning.MemoryText;

namespace PgMahout.Core.Tuning;

/// <summary>
/// The formula that most guides and running servers carry: PGTune's as it was from September 2021 to October 2022, for
/// Linux. It is the same for every version of PostgreSQL that is supported. Today's PGTune gives other numbers: a
/// smaller <c>work_mem</c>, and no parallel settings below four processors.
/// </summary>
public static class ClassicTuning
{
    // PostgreSQL's own max_parallel_workers_per_gather, in force when the formula sets none.
    private const int DefaultWorkersPerGather = 2;

    /// <param name="connections">The wanted <c>max_connections</c>; null for what the formula thinks the workload
    /// needs.</param>
    /// <returns>In the order in which such files are usually written.</returns>
    public static ImmutableArray<TuningSetting> For(Machine machine, WorkloadType workload, int? connections)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(machine.Processors, 1);
        var memory = machine.Memory.Bytes >> 10;
        var shared = SharedBuffers(memory, workload);
        var clients = connections ?? Connections(workload);
        var (minimumWal, maximumWal) = WalSizes(workload);
        return
        [
            Set("max_connections", clients, connections is null ? $"usual for {Title(workload)}" : "as asked"),
            SetMemory("shared_buffers", shared, $"1/{SharedBuffersPart(workload)} of {machine.Memory} of memory"),
            SetMemory("effective_cache_size", CacheSize(memory, workload), CacheReason(machine, workload)),
            SetMemory(
                "maintenance_work_mem", MaintenanceMemory(memory, workload),
                $"1/{MaintenancePart(workload)} of {machine.Memory} of memory, at most 2 GB"),
            Set("checkpoint_completion_target", "0.9", "spreads a checkpoint over most of its interval"),
            SetMemory("wal_buffers", WalBuffers(shared), "3 % of shared_buffers, at most one WAL segment"),
            Set("default_statistics_target", StatisticsTarget(workload), $"usual for {Title(workload)}"),
            Set("random_page_cost", RandomPageCost(machine.Storage), $"a random page on {Title(machine.Storage)}"),
            Set("effective_io_concurrency", IoConcurrency(machine.Storage), $"usual for {Title(machine.Storage)}"),
            SetMemory("work_mem", WorkMemory(machine, workload, clients), WorkReason(machine, shared, clients)),
            SetMemory("min_wal_size", minimumWal, $"usual for {Title(workload)}"),
            SetMemory("max_wal_size", maximumWal, $"usual for {Title(workload)}: checkpoints by time, not by size"),
            .. Parallelism(machine.Processors, workload),
        ];
    }

    internal static long WorkMemory(Machine machine, WorkloadType workload, int clients)
    {
        var memory = machine.Memory.Bytes >> 10;
        var gather = machine.Processors < 2 ? DefaultWorkersPerGather : WorkersPerGather(machine.Processors, workload);
        var part = workload switch
        {
            WorkloadType.Web or WorkloadType.Oltp => 1,
            WorkloadType.DataWarehouse or WorkloadType.Mixed => 2,
            WorkloadType.Desktop => 6,
        };
        return Math.Max(64, (memory - SharedBuffers(memory, workload)) / (3L * clients * gather * part));
    }

    internal static (long Minimum, long Maximum) WalSizes(WorkloadType workload) => workload switch
    {
        WorkloadType.Web or WorkloadType.Mixed => (1 * KilobytesPerGigabyte, 4 * KilobytesPerGigabyte),
        WorkloadType.Oltp => (2 * KilobytesPerGigabyte, 8 * KilobytesPerGigabyte),
        WorkloadType.DataWarehouse => (4 * KilobytesPerGigabyte, 16 * KilobytesPerGigabyte),
        WorkloadType.Desktop => (100 * KilobytesPerMegabyte, 2 * KilobytesPerGigabyte),
    };

    internal static int Connections(WorkloadType workload) => workload switch
    {
        WorkloadType.Web => 200,
        WorkloadType.Oltp => 300,
        WorkloadType.DataWarehouse => 40,
        WorkloadType.Desktop => 20,
        WorkloadType.Mixed => 100,
    };

    private static long SharedBuffers(long memory, WorkloadType workload) => memory / SharedBuffersPart(workload);

    private static int SharedBuffersPart(WorkloadType workload) => workload == WorkloadType.Desktop ? 16 : 4;

    private static long CacheSize(long memory, WorkloadType workload) =>
        workload == WorkloadType.Desktop ? memory / 4 : memory * 3 / 4;

    private static long MaintenanceMemory(long memory, WorkloadType workload) =>
        Math.Min(2 * KilobytesPerGigabyte, memory / MaintenancePart(workload));

    private static long WalBuffers(long sharedBuffers) => (3 * sharedBuffers / 100) switch
    {
        // Just below a whole segment is rounded up to it.
        > 14 * KilobytesPerMegabyte => 16 * KilobytesPerMegabyte,
        < 32 => 32,
        var proportional => proportional,
    };

    private static int MaintenancePart(WorkloadType workload) => workload == WorkloadType.DataWarehouse ? 8 : 16;

    private static string CacheReason(Machine machine, WorkloadType workload) =>
        $"{(workload == WorkloadType.Desktop ? 1 : 3)}/4 of {machine.Memory}: what PostgreSQL and the kernel cache";

    private static string WorkReason(Machine machine, long sharedBuffers, int clients) =>
        $"three sorts in each of {clients} connections share the {Rest(machine, sharedBuffers)} beside shared_buffers";

    private static ByteSize Rest(Machine machine, long sharedBuffers) =>
        new(machine.Memory.Bytes - ByteSize.Kilobytes(sharedBuffers).Bytes);

    private static int StatisticsTarget(WorkloadType workload) => workload == WorkloadType.DataWarehouse ? 500 : 100;

    private static string RandomPageCost(StorageType storage) => storage switch
    {
        StorageType.Hdd => "4",
        StorageType.Ssd or StorageType.San or StorageType.Nvme => "1.1",
    };

    private static int IoConcurrency(StorageType storage) => storage switch
    {
        StorageType.Hdd => 2,
        // The formula is older than the distinction.
        StorageType.Ssd or StorageType.Nvme => 200,
        StorageType.San => 300,
    };

    private static ImmutableArray<TuningSetting> Parallelism(int processors, WorkloadType workload)
    {
        if (processors < 2)
            return [];
        var gather = WorkersPerGather(processors, workload);
        var maintenance = Math.Min(4, (processors + 1) / 2);
        return
        [
            Set("max_worker_processes", processors, $"one for each of {processors} processors"),
            Set("max_parallel_workers_per_gather", gather, $"half of {processors} processors for one query"),
            Set("max_parallel_workers", processors, $"one for each of {processors} processors"),
            Set("max_parallel_maintenance_workers", maintenance, HalfForOneCommand(processors)),
        ];
    }

    private static string HalfForOneCommand(int processors) =>
        $"half of {processors} processors for one command, at most 4";

    private static int WorkersPerGather(int processors, WorkloadType workload)
    {
        var half = (processors + 1) / 2;
        return workload == WorkloadType.DataWarehouse ? half : Math.Min(4, half);
    }

    private static TuningSetting Set(string name, string value, string reason) =>
        new(name, value, TuningRule.Classic, reason);

    private static TuningSetting Set(string name, long value, string reason) =>
        Set(name, MemoryText.Number(value), reason);

    private static TuningSetting SetMemory(string name, long kilobytes, string reason) =>
        Set(name, MemoryText.Of(kilobytes), reason);

    internal static string Title(WorkloadType workload) => workload switch
    {
        WorkloadType.Web => "a web workload",
        WorkloadType.Oltp => "an OLTP workload",
        WorkloadType.DataWarehouse => "a data warehouse",
        WorkloadType.Desktop => "a workstation",
        WorkloadType.Mixed => "a mixed workload",
    };

    internal static string Title(StorageType storage) => storage switch
    {
        StorageType.Hdd => "a rotating disk",
        StorageType.Ssd => "an SSD",
        StorageType.San => "a SAN",
        StorageType.Nvme => "NVMe flash",
    };
}
