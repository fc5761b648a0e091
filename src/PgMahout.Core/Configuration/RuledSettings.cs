using System.Collections.Immutable;

namespace PgMahout.Core.Configuration;

/// <summary>
/// Settings that decide who follows whom, who waits for whom, how a server is reached and what survives a crash. They
/// follow from the cluster's specification; a value set by hand would break a promise.
/// </summary>
public static class RuledSettings
{
    private const string Address = "it is the member's address, which the others and the clients know";
    private const string Role = "it follows the member's role, which changes with every failover";
    private const string Crash = "without it a crash can lose or corrupt what was confirmed";
    private const string Speed = "it follows from --rto, so that a failover keeps its time";
    private const string Files = "it names a file that pgmahout writes";

    private static readonly ImmutableSortedDictionary<string, string> Reasons = new Dictionary<string, string>
    {
        ["listen_addresses"] = Address,
        ["port"] = Address,
        ["unix_socket_directories"] = Address,
        ["cluster_name"] = Address,
        ["data_directory"] = Files,
        ["config_file"] = Files,
        ["hba_file"] = Files,
        ["hot_standby"] = Role,
        ["primary_conninfo"] = Role,
        ["primary_slot_name"] = Role,
        ["synchronous_standby_names"] = Role,
        ["recovery_target_timeline"] = Role,
        ["promote_trigger_file"] = Role,
        ["restart_after_crash"] = Role,
        ["wal_log_hints"] = "pg_rewind needs it, which brings an old primary back in seconds",
        ["fsync"] = Crash,
        ["full_page_writes"] = Crash,
        ["wal_retrieve_retry_interval"] = Speed,
        ["wal_receiver_status_interval"] = Speed,
        ["wal_receiver_timeout"] = Speed,
        ["wal_sender_timeout"] = Speed,
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    public static IEnumerable<string> Names => Reasons.Keys;

    /// <summary>
    /// The settings of which a standby must have no less than its primary, or it refuses to run; with the values that
    /// PostgreSQL 14 to 18 are compiled with.
    /// </summary>
    public static readonly ImmutableSortedDictionary<string, int> StandbyMinimums = new Dictionary<string, int>
    {
        ["max_connections"] = 100,
        ["max_locks_per_transaction"] = 64,
        ["max_prepared_transactions"] = 0,
        ["max_wal_senders"] = 10,
        ["max_worker_processes"] = 8,
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <summary>Why this value cannot be asked for; null when it can.</summary>
    public static string? WhyNot(string name, string value) => name switch
    {
        "wal_level" when value is not ("replica" or "logical") =>
            $"wal_level = {value} would end replication; replica and logical are possible",
        "synchronous_commit" when value is not ("on" or "remote_apply") =>
            $"synchronous_commit = {value} for everybody would confirm commits that a failover can lose; "
            + "on and remote_apply are possible, and a single transaction or role may still set what it likes",
        _ => Reasons.TryGetValue(name, out var reason) ? $"{name} is ruled by pgmahout: {reason}" : null,
    };
}
