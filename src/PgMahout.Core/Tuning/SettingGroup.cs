namespace PgMahout.Core.Tuning;

/// <summary>What is tried together, because its parts make little sense alone.</summary>
public enum SettingGroup
{
    Memory,
    WriteAheadLog,
    PlannerAndReading,
    Parallelism,
}

public static class SettingGroups
{
    /// <summary>Null for what is not tried: connections and what a benchmark cannot show.</summary>
    public static SettingGroup? Of(string setting) => setting switch
    {
        "shared_buffers" or "work_mem" or "effective_cache_size" or "maintenance_work_mem" or "autovacuum_work_mem"
            or "autovacuum_max_workers" or "huge_pages" => SettingGroup.Memory,
        "wal_buffers" or "min_wal_size" or "max_wal_size" or "wal_compression" or "checkpoint_completion_target" =>
            SettingGroup.WriteAheadLog,
        "random_page_cost" or "effective_io_concurrency" or "default_statistics_target" or "jit" or "io_method"
            or "io_workers" => SettingGroup.PlannerAndReading,
        "max_worker_processes" or "max_parallel_workers" or "max_parallel_workers_per_gather"
            or "max_parallel_maintenance_workers" => SettingGroup.Parallelism,
        _ => null,
    };
}
