using System.Collections.Immutable;
using System.Net.Sockets;
using Npgsql;
using PgMahout.Core.Catalog;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Catalog;

/// <summary>
/// Reads what all databases of a server have, without being in anybody's way: in read-only transactions that touch
/// nothing but catalogs, lock no relation of users, and end by themselves. Sizes are those of the last vacuum: asking
/// for the present ones would wait for whoever holds a lock.
/// </summary>
public static class CatalogReader
{
    public const string UnreadableCode = "catalog-unreadable";

    private const string Bounds =
        "SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '120s'; "
        + "SET LOCAL idle_in_transaction_session_timeout = '120s'; SET LOCAL jit = off";

    /// <summary>The position at which whatever was committed before is visible.</summary>
    private const string Position = """
        (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END - '0/0')::int8
        """;

    /// <summary>
    /// The control file of a promoted server tells its former timeline until its first checkpoint ends.
    /// </summary>
    private const string Timeline = """
        (CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())
              ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int END)
        """;

    private const string Server = $"""
        SELECT {Position}, {Timeline},
               current_setting('server_version_num')::int, clock_timestamp()
        """;

    private const string Databases = """
        SELECT oid, datname::text, dattablespace, pg_get_userbyid(datdba)::text, datallowconn, datconnlimit
          FROM pg_database ORDER BY oid
        """;

    private const string Roles = "SELECT oid, rolname::text FROM pg_roles ORDER BY oid";

    private const string Tablespaces = "SELECT oid, spcname::text FROM pg_tablespace ORDER BY oid";

    private const string Relations = """
        SELECT c.oid, COALESCE(NULLIF(c.relfilenode, 0), pg_relation_filenode(c.oid), 0), c.reltablespace,
               n.nspname::text, c.relname::text, c.relkind, c.relpersistence, pg_get_userbyid(c.relowner)::text,
               c.relpages, c.reltuples, COALESCE(i.indrelid, t.oid, 0),
               CASE WHEN c.relispartition THEN COALESCE(p.inhparent, 0) ELSE 0 END
          FROM pg_class AS c
          JOIN pg_namespace AS n ON n.oid = c.relnamespace
          LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
          LEFT JOIN pg_class AS t ON c.relkind = 't' AND t.reltoastrelid = c.oid
          LEFT JOIN pg_inherits AS p ON p.inhrelid = c.oid AND c.relispartition
         WHERE c.relkind <> 'c'
         ORDER BY c.oid
        """;

    private const string Columns = """
        SELECT a.attrelid, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull
          FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
         WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid >= 16384 AND c.relkind IN ('r', 'p', 'm', 'f')
         ORDER BY a.attrelid, a.attnum
        """;

    /// <param name="connectionText">Of a superuser, to any database of the server.</param>
    /// <param name="limit">For all of it.</param>
    public static async Task<Outcome<CatalogSnapshot>> ReadAsync(
        string connectionText, TimeSpan limit, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(limit);
        try
        {
            return new Outcome<CatalogSnapshot>.Done(await ReadAllAsync(connectionText, bound.Token));
        }
        catch (Exception e) when (IsFromServer(e)
            || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return new Outcome<CatalogSnapshot>.Failed(new Problem(
                UnreadableCode, "the catalogs of the server could not be read", e.Message, "nothing was changed",
                "it is tried again; until then, WAL since the last snapshot has numbers for names"));
        }
    }

    private static bool IsFromServer(Exception e) =>
        e is NpgsqlException or IOException or SocketException or TimeoutException;

    private static async Task<CatalogSnapshot> ReadAllAsync(string connectionText, CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(connectionText, null, cancellation);
        var (from, timeline, version, at) = await OneAsync(connection, Server, row => (
            new Lsn((ulong)row.GetInt64(0)), new TimelineId((uint)row.GetInt32(1)), row.GetInt32(2),
            new DateTimeOffset(row.GetFieldValue<DateTime>(3))), cancellation);
        var listed = await RowsAsync(connection, Databases, row => (
            Oid: row.GetFieldValue<uint>(0), Name: row.GetString(1), Tablespace: row.GetFieldValue<uint>(2),
            Owner: row.GetString(3), Open: row.GetBoolean(4), Limit: row.GetInt32(5)), cancellation);
        var databases = ImmutableArray.CreateBuilder<CatalogDatabase>();
        foreach (var (oid, name, tablespace, owner, open, connections) in listed)
        {
            var unread = !open ? "it does not allow connections"
                : connections < -1 ? "its removal was begun and never ended"
                : null;
            var relations = ImmutableArray<CatalogRelation>.Empty;
            try
            {
                if (unread is null)
                    relations = await DatabaseAsync(connectionText, name, cancellation);
            }
            catch (PostgresException e)
            {
                // It may be gone by now, or be full; the others are read all the same.
                unread = e.MessageText;
            }
            databases.Add(new CatalogDatabase(oid, name, tablespace, owner, unread, relations));
        }
        return new CatalogSnapshot(
            timeline, from, await OneAsync(connection, Server, row => new Lsn((ulong)row.GetInt64(0)), cancellation),
            at, version, databases.ToImmutable(),
            [.. await RowsAsync(connection, Roles, Object, cancellation)],
            [.. await RowsAsync(connection, Tablespaces, Object, cancellation)]);
    }

    private static CatalogObject Object(NpgsqlDataReader row) => new(row.GetFieldValue<uint>(0), row.GetString(1));

    private static async Task<ImmutableArray<CatalogRelation>> DatabaseAsync(
        string connectionText, string database, CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(connectionText, database, cancellation);
        await ExecuteAsync(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; " + Bounds, cancellation);
        var columns = new Dictionary<uint, ImmutableArray<CatalogColumn>.Builder>();
        var words = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (relation, column) in await RowsAsync(connection, Columns, row => (
            row.GetFieldValue<uint>(0),
            new CatalogColumn(Once(words, row.GetString(1)), Once(words, row.GetString(2)), row.GetBoolean(3))),
            cancellation))
        {
            if (!columns.TryGetValue(relation, out var list))
                columns[relation] = list = ImmutableArray.CreateBuilder<CatalogColumn>();
            list.Add(column);
        }
        var relations = await RowsAsync(connection, Relations, row => Relation(row, columns, words), cancellation);
        await ExecuteAsync(connection, "COMMIT", cancellation);
        return [.. relations];
    }

    private static CatalogRelation Relation(
        NpgsqlDataReader row,
        Dictionary<uint, ImmutableArray<CatalogColumn>.Builder> columns,
        Dictionary<string, string> words)
    {
        var oid = row.GetFieldValue<uint>(0);
        return new CatalogRelation(
            oid, row.GetFieldValue<uint>(1), row.GetFieldValue<uint>(2), Once(words, row.GetString(3)),
            row.GetString(4), row.GetChar(5), row.GetChar(6), Once(words, row.GetString(7)), row.GetInt32(8),
            row.GetFloat(9), row.GetFieldValue<uint>(10), row.GetFieldValue<uint>(11),
            columns.TryGetValue(oid, out var list) ? list.ToImmutable() : []);
    }

    /// <summary>A hundred thousand tables have few different types, owners and schemas.</summary>
    private static string Once(Dictionary<string, string> words, string word) =>
        words.TryGetValue(word, out var known) ? known : words[word] = word;

    private static async Task<NpgsqlConnection> OpenAsync(
        string connectionText, string? database, CancellationToken cancellation)
    {
        var text = new NpgsqlConnectionStringBuilder(connectionText) { Pooling = false };
        if (database is not null)
            text.Database = database;
        var connection = new NpgsqlConnection(text.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task<T> OneAsync<T>(
        NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellation) =>
        (await RowsAsync(connection, sql, read, cancellation))[0];

    private static async Task<List<T>> RowsAsync<T>(
        NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellation))
            rows.Add(read(reader));
        return rows;
    }
}
