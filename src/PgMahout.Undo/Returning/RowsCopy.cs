using Npgsql;
using PgMahout.Core.Undo.Returning;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;

namespace PgMahout.Undo.Returning;

/// <summary>
/// A table as of some point that stands beside the one of now. A comment says what it is, so that whoever asks for the
/// same again does not wait for it again.
/// </summary>
/// <param name="live">Makes connections, not opened yet, of a superuser.</param>
/// <param name="table">By OID: its name may be another one by now.</param>
public sealed class RowsCopy(
    Func<NpgsqlConnection> live, uint table, WalPosition point, (string Schema, string Name) copy)
{
    private readonly string _name = SqlName.Qualified(copy.Schema, copy.Name);

    private string Mark => $"pgmahout undo rows: the table with OID {table} as of {point.Lsn} on timeline "
        + $"{point.Timeline}; it can be dropped";

    /// <summary>It is there, of that table and that point.</summary>
    public Task<Outcome<bool>> ExistsAsync(CancellationToken cancellation) => ReturnOutcome.OfAsync(async () =>
    {
        await using var connection = await Sql.OpenAsync(live, "SET search_path = ''", cancellation);
        var comments = await connection.RowsAsync(
            new Query("SELECT obj_description(to_regclass($1), 'pg_class')", _name), row => row.TextOrNull(0),
            cancellation);
        return comments is [var comment] && comment == Mark;
    });

    public Task<Outcome<bool>> MarkAsync(CancellationToken cancellation) =>
        RunAsync($"COMMENT ON TABLE {_name} IS {SqlName.Literal(Mark)}", cancellation);

    public Task<Outcome<bool>> DropAsync(CancellationToken cancellation) =>
        RunAsync($"DROP TABLE {_name}", cancellation);

    private Task<Outcome<bool>> RunAsync(
        string sql, CancellationToken cancellation) => ReturnOutcome.OfAsync(async () =>
    {
        // Past a trigger that keeps large tables: this one is ours.
        await using var connection = await Sql.OpenAsync(
            live,
            "SET search_path = ''; SET lock_timeout = '10s'; SET session_replication_role = replica",
            cancellation);
        await connection.RunAsync(sql, cancellation);
        return true;
    });
}
