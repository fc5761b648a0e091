using System.Collections.Immutable;
using System.Globalization;
using System.Net.Sockets;
using Npgsql;
using PgMahout.Core.Cluster;
using PgMahout.Core.Configuration;
using PgMahout.Postgres.Instance;

namespace PgMahout.Configuring;

/// <summary>
/// One member's server, asked as superuser. A connection for each question: the server may have been restarted since
/// the last one.
/// </summary>
internal sealed class MemberServer(MemberSpec member, string password)
{
    private const string Settings = """
        WITH files AS MATERIALIZED (SELECT * FROM pg_file_settings),
             beneath AS (
                 SELECT DISTINCT ON (lower(name)) lower(name) AS name, setting FROM files
                  WHERE sourcefile NOT LIKE '%/pgmahout.conf' AND sourcefile NOT LIKE '%/postgresql.auto.conf'
                  ORDER BY lower(name), seqno DESC),
             by_system AS (
                 SELECT lower(name) AS name, setting FROM files WHERE sourcefile LIKE '%/postgresql.auto.conf')
        SELECT s.name, s.vartype, s.context, s.unit, s.min_val, s.max_val, s.enumvals, s.boot_val, s.short_desc,
               s.setting, beneath.setting, by_system.setting, s.pending_restart,
               CASE WHEN s.sourcefile IS NULL THEN s.source ELSE s.sourcefile || ' line ' || s.sourceline END
          FROM pg_settings s
          LEFT JOIN beneath ON beneath.name = lower(s.name)
          LEFT JOIN by_system ON by_system.name = lower(s.name)
        """;

    private readonly string _connection = new NpgsqlConnectionStringBuilder
    {
        Host = member.Host,
        Port = member.Port,
        Username = InstanceSettings.Superuser,
        Password = password,
        Database = "postgres",
        ApplicationName = "pgmahout_config",
        Pooling = false,
        Timeout = 3,
        CommandTimeout = 10,
    }.ConnectionString;

    public MemberSpec Member => member;

    /// <summary>Every setting of the server by its name in lower case; the reason when it does not answer.</summary>
    public Task<(ImmutableSortedDictionary<string, ObservedSetting>? Settings, string Silence)> ReadAsync(
        CancellationToken cancellation) =>
        AskAsync(Settings, async reader =>
        {
            var found = ImmutableSortedDictionary.CreateBuilder<string, ObservedSetting>(StringComparer.Ordinal);
            while (await reader.ReadAsync(cancellation))
            {
                var setting = Setting(reader);
                found[setting.Parameter.Name.ToLowerInvariant()] = setting;
            }
            return found.ToImmutable();
        }, cancellation);

    /// <summary>How many clients are connected, without pgmahout's own.</summary>
    public async Task<long?> CountSessionsAsync(CancellationToken cancellation) =>
        (await AskAsync(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            + " AND application_name NOT LIKE 'pgmahout%'",
            async reader => await reader.ReadAsync(cancellation) ? new Counted(reader.GetInt64(0)) : null,
            cancellation)).Item1?.Count;

    /// <summary>Runs one statement; the reason when it was not carried out.</summary>
    public async Task<string?> RunAsync(string sql, CancellationToken cancellation)
    {
        var (done, silence) = await AskAsync(sql, _ => Task.FromResult("done")!, cancellation);
        return done is null ? silence : null;
    }

    /// <summary>
    /// Makes a checkpoint, which may take long on a busy server, and tells the end of the WAL after it, as the server
    /// prints it; null when it was not made in time.
    /// </summary>
    public async Task<string?> CheckpointAsync(TimeSpan limit, CancellationToken cancellation)
    {
        const string EndOfWal = "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
            + " ELSE pg_current_wal_insert_lsn() END::text";
        var (end, _) = await AskAsync(
            $"CHECKPOINT; {EndOfWal}",
            async reader => await reader.ReadAsync(cancellation) ? reader.GetString(0) : null,
            cancellation,
            limit);
        return end;
    }

    /// <summary>Of a standby: whether it has replayed to this place of the WAL.</summary>
    public async Task<bool> HasReplayedAsync(string lsn, CancellationToken cancellation) =>
        (await AskAsync(
            $"SELECT (pg_last_wal_replay_lsn() >= '{lsn}')::text",
            async reader => await reader.ReadAsync(cancellation) ? reader.GetString(0) : null,
            cancellation)).Item1 == "true";

    /// <summary>Runs one query and hands over its rows; the reason when it was not answered.</summary>
    public async Task<string?> EachAsync(string sql, Action<NpgsqlDataReader> take, CancellationToken cancellation)
    {
        var (done, silence) = await AskAsync<string>(
            sql,
            async reader =>
            {
                while (await reader.ReadAsync(cancellation))
                    take(reader);
                return "done";
            },
            cancellation);
        return done is null ? silence : null;
    }

    private sealed record Counted(long Count);

    private async Task<(T?, string)> AskAsync<T>(
        string sql,
        Func<NpgsqlDataReader, Task<T?>> read,
        CancellationToken cancellation,
        TimeSpan? limit = null) where T : class
    {
        try
        {
            await using var connection = new NpgsqlConnection(_connection);
            await connection.OpenAsync(cancellation);
            await using var command = new NpgsqlCommand(sql, connection);
            if (limit is { } longer)
                command.CommandTimeout = (int)Math.Ceiling(longer.TotalSeconds);
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            return (await read(reader), "");
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or IOException or TimeoutException)
        {
            return (null, e.Message);
        }
    }

    private static ObservedSetting Setting(NpgsqlDataReader row)
    {
        var parameter = new Parameter(
            row.GetString(0),
            Type(row.GetString(1)),
            Context(row.GetString(2)),
            Text(row, 3),
            Number(Text(row, 4)),
            Number(Text(row, 5)),
            row.IsDBNull(6) ? [] : [.. row.GetFieldValue<string[]>(6)],
            Text(row, 7) ?? "",
            row.GetString(8));
        return new ObservedSetting(
            parameter,
            row.GetString(9),
            Text(row, 10) ?? parameter.BuiltIn,
            Text(row, 13) ?? "default",
            row.GetBoolean(12),
            Text(row, 11));
    }

    private static ParameterType Type(string name) => name switch
    {
        "bool" => ParameterType.Switch,
        "integer" => ParameterType.Integer,
        "real" => ParameterType.Real,
        "enum" => ParameterType.Word,
        _ => ParameterType.Text,
    };

    private static ParameterContext Context(string name) => name switch
    {
        "internal" => ParameterContext.Fixed,
        "postmaster" => ParameterContext.Restart,
        "sighup" => ParameterContext.Reload,
        "backend" or "superuser-backend" => ParameterContext.NewSessions,
        _ => ParameterContext.Sessions,
    };

    private static string? Text(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);

    private static decimal? Number(string? text) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}
