using System.Collections.Immutable;
using Npgsql;

namespace PgMahout.Postgres.Observation;

/// <summary>What a running server says of itself that no decision about leading needs.</summary>
/// <param name="PendingRestart">Settings whose new value waits for a start of the server.</param>
/// <param name="BySystem">What ALTER SYSTEM has set, as <c>name = value</c>.</param>
/// <param name="ReplayPaused">
/// A standby does not replay what it receives: on request, or because its primary was given more than it has.
/// </param>
public sealed record ServerNotes(
    ImmutableArray<string> PendingRestart,
    ImmutableArray<string> BySystem,
    bool ReplayPaused,
    ImmutableSortedDictionary<string, int> StandbyMinimums,
    ImmutableArray<SeenLogin> Logins)
{
    /// <summary>Directories of tablespaces outside the data directory: the same paths on every member.</summary>
    public ImmutableArray<string> Tablespaces { get; init; } = [];

    private const string Questions = """
        SELECT name, setting FROM pg_settings WHERE pending_restart ORDER BY name;
        SELECT lower(name), setting FROM pg_file_settings WHERE sourcefile LIKE '%/postgresql.auto.conf' ORDER BY 1;
        SELECT name, setting FROM pg_settings
         WHERE name IN ('max_connections', 'max_locks_per_transaction', 'max_prepared_transactions',
                        'max_wal_senders', 'max_worker_processes');
        SELECT DISTINCT usename::text, datname::text, host(client_addr) FROM pg_stat_activity
         WHERE backend_type IN ('client backend', 'walsender') AND usename IS NOT NULL
           AND application_name NOT LIKE 'pgmahout%';
        SELECT CASE WHEN pg_is_in_recovery() THEN pg_get_wal_replay_pause_state() ELSE '' END = 'paused';
        SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE pg_tablespace_location(oid) LIKE '/%' ORDER BY 1
        """;

    internal static async Task<ServerNotes> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Questions, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var pending = await RowsAsync(reader, row => row.GetString(0), cancellation);
        var drift = await RowsAsync(reader, row => $"{row.GetString(0)} = {row.GetString(1)}", cancellation);
        var has = await RowsAsync(
            reader,
            row => (row.GetString(0), int.Parse(row.GetString(1), System.Globalization.CultureInfo.InvariantCulture)),
            cancellation);
        var logins = await RowsAsync(
            reader, row => new SeenLogin(row.GetString(0), TextOrNull(row, 1), TextOrNull(row, 2)), cancellation);
        var paused = await RowsAsync(reader, row => row.GetBoolean(0), cancellation);
        var tablespaces = await RowsAsync(reader, row => row.GetString(0), cancellation);
        return new ServerNotes(
            pending,
            drift,
            paused is [true],
            has.ToImmutableSortedDictionary(one => one.Item1, one => one.Item2, StringComparer.Ordinal),
            logins)
        {
            Tablespaces = tablespaces,
        };
    }

    private static async Task<ImmutableArray<T>> RowsAsync<T>(
        NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read, CancellationToken cancellation)
    {
        var rows = ImmutableArray.CreateBuilder<T>();
        while (await reader.ReadAsync(cancellation))
            rows.Add(read(reader));
        await reader.NextResultAsync(cancellation);
        return rows.ToImmutable();
    }

    private static string? TextOrNull(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);
}

/// <summary>A client that was seen connected.</summary>
/// <param name="Database">Null for physical replication.</param>
/// <param name="Address">Null for the unix socket.</param>
public sealed record SeenLogin(string User, string? Database, string? Address);
