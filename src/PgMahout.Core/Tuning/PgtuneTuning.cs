using System.Collections.Immutable;
using static PgMahout.Core.Tuning.MemoryText;

namespace PgMahout.Core.Tuning;

/// <summary>
/// What the PGTune website prints in 2026, for comparison. It is not fit for a cluster as it is: on a workstation it
/// switches replication off, and on PostgreSQL 18 it asks for <c>io_uring</c>, which many builds do not have.
/// </summary>
public static class PgtuneTuning
{
    private const int DefaultWorkers = 8;
    private const int LeastProcessorsForParallelism = 4;
    private const long LeastWorkMemory = 4 * KilobytesPerMegabyte;
    private const long MostMemoryOnWindows = 2047 * KilobytesPerMegabyte;
    private const int MostIoWorkers = 32;
    private const int DefaultIoWorkers = 3;

    /// <param name="major">Version 10 to 18.</param>
    /// <param name="system">The website asks for it; pgmahout itself is for Linux.</param>
    public static ImmutableArray<TuningSetting> For(
        TuningQuestion question, int major, PgtuneSystem system = PgtuneSystem.Linux)
    {
        var machine = question.Machine;
        var shared = machine.Memory.Bytes / 1024 / (question.Workload == WorkloadType.Desktop ? 16 : 4);
        var clients = question.Connections ?? ClassicTuning.Connections(question.Workload);
        var maintenance = Maintenance(question, major, system);
        (string Name, string? Value)[] printed =
        [
            ("max_connections", Number(clients)),
            ("shared_buffers", Of(shared)),
            ("effective_cache_size", Of(Cache(question))),
            ("maintenance_work_mem", Of(maintenance)),
            ("checkpoint_completion_target", "0.9"),
            ("wal_buffers", Of(WalBuffers(shared))),
            ("default_statistics_target", question.Workload == WorkloadType.DataWarehouse ? "500" : "100"),
            ("random_page_cost", RandomPageCost(question)),
            ("effective_io_concurrency", system == PgtuneSystem.Linux ? IoConcurrency(machine.Storage) : null),
            ("work_mem", Of(WorkMemory(question, clients, shared, OldWindows(major, system)))),
            ("huge_pages",
                system != PgtuneSystem.Mac && shared >= 2 * KilobytesPerGigabyte ? "try" : "off"),
            .. ByVersion(question.Workload, major),
            .. Autovacuum(machine.Processors, maintenance),
            .. Io(machine.Processors, major, system),
            .. Wal(question.Workload),
            .. Parallelism(machine.Processors, question.Workload),
        ];
        return
        [
            .. printed.Where(setting => setting.Value is not null).Select(setting =>
                new TuningSetting(setting.Name, setting.Value!, TuningRule.Pgtune, "as the website prints it")),
        ];
    }

    private static bool OldWindows(int major, PgtuneSystem system) => system == PgtuneSystem.Windows && major <= 17;

    private static long Cache(TuningQuestion question)
    {
        var memory = question.Machine.Memory.Bytes / 1024;
        return question.Workload == WorkloadType.Desktop ? memory / 4 : memory * 3 / 4;
    }

    private static long Maintenance(TuningQuestion question, int major, PgtuneSystem system)
    {
        var part = question.Workload == WorkloadType.DataWarehouse ? 8 : 16;
        var memory = Math.Min(8 * KilobytesPerGigabyte, question.Machine.Memory.Bytes / 1024 / part);
        return OldWindows(major, system) && memory >= 2 * KilobytesPerGigabyte ? MostMemoryOnWindows : memory;
    }

    private static long WalBuffers(long shared) => (3 * shared / 100) switch
    {
        > 14 * KilobytesPerMegabyte => 16 * KilobytesPerMegabyte,
        < 32 => 32,
        var proportional => proportional,
    };

    private static string RandomPageCost(TuningQuestion question)
    {
        if (question.Size == DatabaseSize.LessThanMemory)
            return "1.1";
        return question.Workload == WorkloadType.DataWarehouse || question.Machine.Storage == StorageType.Hdd
            ? "4"
            : "1.1";
    }

    private static string IoConcurrency(StorageType storage) => storage switch
    {
        StorageType.Hdd => "2",
        StorageType.Ssd => "200",
        StorageType.San => "300",
        StorageType.Nvme => "1000",
    };

    private static long WorkMemory(TuningQuestion question, int clients, long shared, bool oldWindows)
    {
        var machine = question.Machine;
        var workers = machine.Processors >= LeastProcessorsForParallelism ? machine.Processors : DefaultWorkers;
        var part = question.Workload switch
        {
            WorkloadType.Web or WorkloadType.Oltp => 1,
            WorkloadType.DataWarehouse or WorkloadType.Mixed => 2,
            WorkloadType.Desktop => 6,
        };
        var share = (machine.Memory.Bytes / 1024 - shared) / ((clients + workers) * 3L) / part;
        var sized = question.Size switch
        {
            DatabaseSize.LessThanMemory => share * 13 / 10,
            DatabaseSize.AroundMemory => share,
            DatabaseSize.GreaterThanMemory => share * 9 / 10,
        };
        var bounded = oldWindows ? Math.Min(sized, MostMemoryOnWindows) : sized;
        return Math.Max(LeastWorkMemory, bounded);
    }

    private static (string, string?)[] ByVersion(WorkloadType workload, int major)
    {
        var shortQueries = workload is WorkloadType.Web or WorkloadType.Oltp or WorkloadType.Mixed;
        return
        [
            ("jit", major >= 12 && shortQueries ? "off" : null),
            ("wal_compression", major >= 15 ? "lz4" : "on"),
        ];
    }

    private static (string, string?)[] Autovacuum(int processors, long maintenance) =>
    [
        ("autovacuum_max_workers", processors switch { >= 32 => "5", >= 16 => "4", _ => null }),
        ("autovacuum_work_mem", maintenance >= 2 * KilobytesPerGigabyte ? "2GB" : null),
    ];

    private static (string, string?)[] Io(int processors, int major, PgtuneSystem system)
    {
        if (major < 18)
            return [];
        if (system == PgtuneSystem.Linux)
            return [("io_method", "io_uring")];
        var workers = Math.Clamp(processors / 4, DefaultIoWorkers, MostIoWorkers);
        return [("io_method", "worker"), ("io_workers", workers > DefaultIoWorkers ? Number(workers) : null)];
    }

    private static (string, string?)[] Wal(WorkloadType workload)
    {
        var (minimum, maximum) = ClassicTuning.WalSizes(workload);
        (string, string?)[] sizes = [("min_wal_size", Of(minimum)), ("max_wal_size", Of(maximum))];
        return workload == WorkloadType.Desktop
            ? [.. sizes, ("wal_level", "minimal"), ("max_wal_senders", "0")]
            : sizes;
    }

    private static (string, string?)[] Parallelism(int processors, WorkloadType workload)
    {
        if (processors < LeastProcessorsForParallelism)
            return [];
        var half = (processors + 1) / 2;
        return
        [
            ("max_worker_processes", Number(processors)),
            ("max_parallel_workers_per_gather",
                Number(workload == WorkloadType.DataWarehouse ? half : Math.Min(4, half))),
            ("max_parallel_workers", Number(processors)),
            ("max_parallel_maintenance_workers", Number(Math.Min(4, half))),
        ];
    }
}

/// <summary>What the website is asked about.</summary>
public enum PgtuneSystem
{
    Linux,
    Windows,
    Mac,
}
