using System.Collections.Immutable;
using System.Globalization;

namespace PgMahout.Core.Diagnosis;

/// <summary>Settings of the past that guides still name, and what took their place.</summary>
public static class FormerSettings
{
    private const string Recovery =
        "recovery.conf went with PostgreSQL 12: an empty file standby.signal beside postgresql.conf makes a standby";

    private const string Promotion = "a promotion is asked for by pg_promote(), or `pgmahout switchover` in a cluster";

    private static readonly ImmutableSortedDictionary<string, (string Why, string? Instead)> All =
        new Dictionary<string, (string, string?)>
        {
            ["wal_keep_segments"] = (
                "it went with PostgreSQL 13; wal_keep_size takes its place, with 16MB for each segment",
                "wal_keep_size"),
            ["checkpoint_segments"] = ("it went with PostgreSQL 9.5; max_wal_size bounds the WAL now", "max_wal_size"),
            ["standby_mode"] = (Recovery, null),
            ["recovery_target_action_file"] = (Recovery, null),
            ["trigger_file"] = (Recovery + "; " + Promotion, null),
            ["promote_trigger_file"] = ("it went with PostgreSQL 16; " + Promotion, null),
            ["promot_trigger_file"] = ("promote_trigger_file was its name, and it went with PostgreSQL 16; "
                + Promotion, null),
            ["hot_standby_mode"] = ("hot_standby is the name, and it is on by default", "hot_standby"),
            ["stats_temp_directory"] = ("it went with PostgreSQL 15, which needs no such directory", null),
            ["vacuum_defer_cleanup_age"] = ("it went with PostgreSQL 16; hot_standby_feedback does it better", null),
            ["force_parallel_mode"] = ("it is called debug_parallel_query since PostgreSQL 16", "debug_parallel_query"),
            ["db_user_namespace"] = ("it went with PostgreSQL 17", null),
            ["old_snapshot_threshold"] = ("it went with PostgreSQL 17", null),
            ["ssl_ecdh_curve"] = ("it is called ssl_groups since PostgreSQL 18", "ssl_groups"),
            ["operator_precedence_warning"] = ("it went with PostgreSQL 14", null),
            ["vacuum_cleanup_index_scale_factor"] = ("it went with PostgreSQL 14", null),
            ["replication_timeout"] = ("it is called wal_sender_timeout since PostgreSQL 9.3", "wal_sender_timeout"),
            ["sql_inheritance"] = ("it went with PostgreSQL 10", null),
            ["default_with_oids"] = ("it went with PostgreSQL 12", null),
        }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <summary>Why there is no such setting any more; null when there never was one.</summary>
    public static string? WhyNot(string name) =>
        All.TryGetValue(name.ToLowerInvariant(), out var known) ? known.Why : null;

    /// <summary>The whole line that takes the place of an old one; null when nothing does.</summary>
    /// <param name="value">As it was written, without quotes.</param>
    public static string? Instead(string name, string value)
    {
        if (!All.TryGetValue(name.ToLowerInvariant(), out var known) || known.Instead is not { } next)
            return null;
        return name.ToLowerInvariant() is "wal_keep_segments" or "checkpoint_segments"
            ? int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var segments)
                ? string.Create(CultureInfo.InvariantCulture, $"{next} = {Megabytes(name, segments)}MB")
                : null
            : $"{next} = {value}";
    }

    // PostgreSQL's release notes: max_wal_size = (3 * checkpoint_segments) * 16MB.
    private static int Megabytes(string name, int segments) =>
        name.StartsWith("wal", StringComparison.OrdinalIgnoreCase) ? segments * 16 : segments * 48;
}
