using Npgsql;
using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Advising;

/// <summary>The counters that evidence rules look at; version 17 gave checkpoints a view of their own.</summary>
internal static class ServerCounters
{
    private const int OwnView = 17;

    private const string Until16 =
        "select greatest(extract(epoch from now() - stats_reset), 0)::float8, checkpoints_timed, checkpoints_req, "
        + "buffers_backend, buffers_backend + buffers_clean + buffers_checkpoint from pg_stat_bgwriter";

    private const string Since17 =
        "select greatest(extract(epoch from now() - c.stats_reset), 0)::float8, num_timed, num_requested, own.writes, "
        + "own.writes + buffers_clean + buffers_written from pg_stat_checkpointer c, pg_stat_bgwriter, "
        + "(select coalesce(sum(writes), 0)::bigint as writes from pg_stat_io "
        + "where backend_type = 'client backend' and context = 'normal') own";

    private const string Rest =
        "select coalesce(sum(temp_files), 0)::bigint, coalesce(sum(temp_bytes), 0)::bigint, "
        + "(select count(*)::int from pg_stat_activity where backend_type = 'client backend'), "
        + "(select count(*)::int from pg_stat_activity where backend_type = 'client backend' and state = 'idle'), "
        + "(select count(*)::int from pg_stat_user_tables where n_dead_tup > 1000 "
        + "and n_dead_tup > 0.4 * greatest(n_live_tup, 1)), "
        + "(select count(*)::int from pg_stat_activity where backend_type = 'autovacuum worker') "
        + "from pg_stat_database";

    public static async Task<ServerEvidence?> ReadAsync(
        NpgsqlConnection connection, int major, CancellationToken cancellation)
    {
        var checkpoints = await RowAsync(connection, major >= OwnView ? Since17 : Until16, cancellation);
        var rest = await RowAsync(connection, Rest, cancellation);
        if (checkpoints is null || rest is null || checkpoints[0] is not double seconds)
            return null;
        return new ServerEvidence(
            TimeSpan.FromSeconds(seconds),
            (long)checkpoints[1], (long)checkpoints[2], (long)checkpoints[3], (long)checkpoints[4],
            (long)rest[0], new ByteSize((long)rest[1]),
            (int)rest[2], (int)rest[3], (int)rest[4], (int)rest[5]);
    }

    private static async Task<object[]?> RowAsync(
        NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation))
            return null;
        var row = new object[reader.FieldCount];
        reader.GetValues(row);
        return row;
    }
}
