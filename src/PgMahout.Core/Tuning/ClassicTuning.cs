using System.Collections.Immutable;
using System.Globalization;

namespace PgMahout.Core.Tuning;

/// <summary>
/// The formula that most guides and running servers carry: PGTune's as it was from September 2021 to October 2022, for
/// Linux. It is the same for every version of PostgreSQL that is supported. Today's PGTune gives other numbers: a
/// smaller <c>work_mem</c>, and no parallel settings below four processors.
/// </summary>
public static class ClassicTuning
{
    private const long KilobytesPerMegabyte = 1L << 10;
    private const long KilobytesPerGigabyte = 1L << 20;

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
            SetMemory("shared_buffers", shared, $"1/{SharedBuffersPart(workload)} of the memory"),
            SetMemory("effective_cache_size", CacheSize(memory, workload), "what the kernel and PostgreSQL will cache"),
            SetMemory("maintenance_work_mem", MaintenanceMemory(memory, workload), "at most 2 GB"),
            Set("checkpoint_completion_target", "0.9", "spreads a checkpoint over most of its interval"),
            SetMemory("wal_buffers", WalBuffers(shared), "3 % of shared_buffers, at most one WAL segment"),
            Set("default_statistics_target", StatisticsTarget(workload), $"usual for {Title(workload)}"),
            Set("random_page_cost", RandomPageCost(machine.Storage), $"a random page on {Title(machine.Storage)}"),
            Set("effective_io_concurrency", IoConcurrency(machine.Storage), $"usual for {Title(machine.Storage)}"),
            SetMemory("work_mem", WorkMemory(machine, workload, clients), "three sorts in every connection and worker"),
            SetMemory("min_wal_size", minimumWal, $"usual for {Title(workload)}"),
            SetMemory("max_wal_size", maximumWal, $"usual for {Title(workload)}: checkpoints by time, not by size"),
            .. Parallelism(machine.Processors, workload),
        ];
    }

    /// <summary>As PostgreSQL's files have it: in the largest unit that keeps the number whole.</summary>
    internal static string FormatMemory(long kilobytes) => kilobytes switch
    {
        _ when kilobytes % KilobytesPerGigabyte == 0 => Text(kilobytes / KilobytesPerGigabyte) + "GB",
        _ when kilobytes % KilobytesPerMegabyte == 0 => Text(kilobytes / KilobytesPerMegabyte) + "MB",
        _ => Text(kilobytes) + "kB",
    };

    internal static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

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

    private static int Connections(WorkloadType workload) => workload switch
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
        Math.Min(2 * KilobytesPerGigabyte, memory / (workload == WorkloadType.DataWarehouse ? 8 : 16));

    private static long WalBuffers(long sharedBuffers) => (3 * sharedBuffers / 100) switch
    {
        // Just below a whole segment is rounded up to it.
        > 14 * KilobytesPerMegabyte => 16 * KilobytesPerMegabyte,
        < 32 => 32,
        var proportional => proportional,
    };

    private static int StatisticsTarget(WorkloadType workload) => workload == WorkloadType.DataWarehouse ? 500 : 100;

    private static string RandomPageCost(StorageType storage) => storage switch
    {
        StorageType.Hdd => "4",
        StorageType.Ssd or StorageType.San => "1.1",
    };

    private static int IoConcurrency(StorageType storage) => storage switch
    {
        StorageType.Hdd => 2,
        StorageType.Ssd => 200,
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
            Set("max_worker_processes", processors, "one for each processor"),
            Set("max_parallel_workers_per_gather", gather, "half the processors for one query"),
            Set("max_parallel_workers", processors, "one for each processor"),
            Set("max_parallel_maintenance_workers", maintenance, "half the processors for one command, at most 4"),
        ];
    }

    private static int WorkersPerGather(int processors, WorkloadType workload)
    {
        var half = (processors + 1) / 2;
        return workload == WorkloadType.DataWarehouse ? half : Math.Min(4, half);
    }

    private static TuningSetting Set(string name, string value, string reason) =>
        new(name, value, TuningRule.Classic, reason);

    private static TuningSetting Set(string name, long value, string reason) => Set(name, Text(value), reason);

    private static TuningSetting SetMemory(string name, long kilobytes, string reason) =>
        Set(name, FormatMemory(kilobytes), reason);

    private static string Title(WorkloadType workload) => workload switch
    {
        WorkloadType.Web => "a web workload",
        WorkloadType.Oltp => "an OLTP workload",
        WorkloadType.DataWarehouse => "a data warehouse",
        WorkloadType.Desktop => "a workstation",
        WorkloadType.Mixed => "a mixed workload",
    };

    private static string Title(StorageType storage) => storage switch
    {
        StorageType.Hdd => "a rotating disk",
        StorageType.Ssd => "an SSD",
        StorageType.San => "a SAN",
    };
}
