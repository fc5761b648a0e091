using System.Collections.Immutable;
using PgMahout.Core.Configuration;

namespace PgMahout.Core.Tuning;

/// <summary>
/// The one place that knows how versions of PostgreSQL differ in what is tuned. The tests that start real servers
/// compare it with what each version says about itself.
/// </summary>
public static class ServerSettings
{
    public const int Oldest = 14;
    public const int Newest = 18;

    private const long Backends = 262143;
    private const long Blocks = 1073741823;
    private const long Most = int.MaxValue;
    private const long BlockKilobytes = 8;
    private const long MegabyteKilobytes = 1024;

    /// <summary>
    /// A standby that has less of one of these than its primary stops replaying: all members get the same.
    /// </summary>
    public static readonly ImmutableSortedSet<string> Shared = ImmutableSortedSet.Create(
        StringComparer.Ordinal, [.. RuledSettings.StandbyMinimums.Keys]);

    /// <summary>What the instance layer sets by itself, because replication and failover depend on it.</summary>
    public static readonly ImmutableSortedSet<string> Owned = ImmutableSortedSet.Create(
        StringComparer.Ordinal,
        "wal_level", "max_wal_senders", "max_replication_slots", "hot_standby", "fsync", "full_page_writes",
        "synchronous_commit");

    public static readonly ImmutableArray<ServerSetting> All =
    [
        new("max_connections", Effect.Restart, Whole(1, Backends), "100"),
        new("superuser_reserved_connections", Effect.Restart, Whole(0, Backends), "3"),
        new("shared_buffers", Effect.Restart, Memory(BlockKilobytes, 16, Blocks), "128MB"),
        new("huge_pages", Effect.Restart, Choice("off", "on", "try"), "try"),
        new("effective_cache_size", Effect.Reload, Memory(BlockKilobytes, 1, Most), "4GB"),
        new("maintenance_work_mem", Effect.Reload, Memory(1, 1024, Most), "64MB", Until: 16),
        new("maintenance_work_mem", Effect.Reload, Memory(1, 64, Most), "64MB", Since: 17),
        new("autovacuum_work_mem", Effect.Reload, Memory(1, -1, Most), "-1"),
        new("checkpoint_completion_target", Effect.Reload, Real(0, 1), "0.9"),
        new("wal_buffers", Effect.Restart, Memory(BlockKilobytes, -1, Backends), "-1"),
        new("default_statistics_target", Effect.Reload, Whole(1, 10000), "100"),
        new("random_page_cost", Effect.Reload, Real(0, 1.79769e+308), "4"),
        new("effective_io_concurrency", Effect.Reload, Whole(0, 1000), "1", Until: 17),
        new("effective_io_concurrency", Effect.Reload, Whole(0, 1000), "16", Since: 18),
        new("work_mem", Effect.Reload, Memory(1, 64, Most), "4MB"),
        new("min_wal_size", Effect.Reload, Memory(MegabyteKilobytes, 2, Most), "80MB"),
        new("max_wal_size", Effect.Reload, Memory(MegabyteKilobytes, 2, Most), "1GB"),
        new("max_worker_processes", Effect.Restart, Whole(0, Backends), "8"),
        new("max_parallel_workers_per_gather", Effect.Reload, Whole(0, 1024), "2"),
        new("max_parallel_workers", Effect.Reload, Whole(0, 1024), "8"),
        new("max_parallel_maintenance_workers", Effect.Reload, Whole(0, 1024), "2"),
        new("jit", Effect.Reload, Choice("on", "off"), "on"),
        new("wal_compression", Effect.Reload, Choice("on", "off"), "off", Until: 14),
        new("wal_compression", Effect.Reload, Choice(["on", "off", "pglz"], "lz4", "zstd"), "off", Since: 15),
        new("default_toast_compression", Effect.Reload, Choice(["pglz"], "lz4"), "pglz"),
        new("autovacuum_max_workers", Effect.Restart, Whole(1, Backends), "3", Until: 17),
        new("autovacuum_max_workers", Effect.Reload, Whole(1, Backends), "3", Since: 18),
        new("autovacuum_vacuum_cost_limit", Effect.Reload, Whole(-1, 10000), "-1"),
        new("io_method", Effect.Restart, Choice(["sync", "worker"], "io_uring"), "worker", Since: 18),
        new("io_workers", Effect.Reload, Whole(1, 32), "3", Since: 18),
        new("wal_level", Effect.Restart, Choice("minimal", "replica", "logical"), "replica"),
        new("max_wal_senders", Effect.Restart, Whole(0, Backends), "10"),
        new("max_prepared_transactions", Effect.Restart, Whole(0, Backends), "0"),
        new("max_locks_per_transaction", Effect.Restart, Whole(10, Most), "64"),
    ];

    /// <summary>Null when that version has no such setting.</summary>
    public static ServerSetting? Find(string name, int major) =>
        All.FirstOrDefault(setting => setting.Name == name && setting.IsIn(major));

    /// <summary>A server of that version and build starts with it.</summary>
    public static bool Takes(ServerFeatures server, string name, string value) =>
        Find(name, server.Major) is { } setting
        && (setting.Range.Holds(value)
            || setting.Range is SettingRange.Choice choice
            && choice.IfBuilt.Contains(value)
            && server.Accepts(name, value));

    private static SettingRange.Whole Whole(long minimum, long maximum) => new(minimum, maximum);

    private static SettingRange.Real Real(double minimum, double maximum) => new(minimum, maximum);

    private static SettingRange.Memory Memory(long unit, long minimum, long maximum) => new(unit, minimum, maximum);

    private static SettingRange.Choice Choice(params string[] values) => new([.. values], []);

    private static SettingRange.Choice Choice(string[] values, params string[] ifBuilt) =>
        new([.. values], [.. ifBuilt]);
}
