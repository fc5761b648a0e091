using Npgsql;

namespace PgMahout.Undo.Returning;

/// <summary>Connections to both databases, set up so that a row reads the same in both.</summary>
internal sealed class Sessions(ReturnRequest request)
{
    private const string Common = """
        SET search_path = ''; SET statement_timeout = 0; SET lock_timeout = 0; SET jit = off;
        SET idle_in_transaction_session_timeout = 0; SET client_min_messages = error; SET row_security = off;
        SET datestyle = 'ISO'; SET intervalstyle = 'postgres'; SET timezone = 'UTC'; SET extra_float_digits = 3;
        SET bytea_output = 'hex'; SET xmloption = content; SET lc_monetary = 'C';
        SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout'
        """;

    // Triggers on DDL are for what people do, and one that guards tables would refuse to let staged copies go. Every
    // commit before the last one may be lost: then nothing has happened.
    private const string LiveOnly = """
        ; SET session_replication_role = replica; SET synchronous_commit = local;
        SET default_transaction_read_only = off
        """;

    // The files of indexes may be holes there.
    private const string NoIndexes =
        "; SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off";

    /// <summary>In bytes, of each connection: rows come and go in few calls.</summary>
    private const int Buffer = 128 << 10;

    /// <summary>For catalogs, which are whole.</summary>
    public Task<NpgsqlConnection> SideCatalogsAsync(CancellationToken cancellation) =>
        Sql.OpenAsync(() => request.Source.Server.Connect(request.Source.Database), Common, cancellation);

    /// <summary>For rows.</summary>
    public Task<NpgsqlConnection> SideRowsAsync(CancellationToken cancellation) =>
        Sql.OpenAsync(
            () => Wide(request.Source.Server.Connect(request.Source.Database)), Common + NoIndexes, cancellation);

    public Task<NpgsqlConnection> LiveAsync(CancellationToken cancellation) =>
        Sql.OpenAsync(() => Wide(request.Live()), Common + LiveOnly, cancellation);

    private static NpgsqlConnection Wide(NpgsqlConnection connection)
    {
        connection.ConnectionString = new NpgsqlConnectionStringBuilder(connection.ConnectionString)
        {
            ReadBufferSize = Buffer,
            WriteBufferSize = Buffer,
        }.ConnectionString;
        return connection;
    }
}
