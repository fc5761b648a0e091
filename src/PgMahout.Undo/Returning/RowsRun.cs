using System.Collections.Immutable;
using Npgsql;
using PgMahout.Backup.Working;
using PgMahout.Core.Undo.Returning;
using PgMahout.Postgres;

namespace PgMahout.Undo.Returning;

/// <summary>How a row differs between then and now; told apart by the primary key.</summary>
[Flags]
public enum RowClasses
{
    None = 0,

    /// <summary>There then, and not now.</summary>
    Missing = 1,

    /// <summary>There both times, with other values.</summary>
    Changed = 2,

    /// <summary>There now, and not then.</summary>
    New = 4,
}

/// <summary>Numbers of rows.</summary>
/// <param name="Examples">Keys of some, as text: of missing, changed and new ones.</param>
public sealed record RowsDiff(
    long Missing,
    long Changed,
    long New,
    long Same,
    (ImmutableArray<string> Missing, ImmutableArray<string> Changed, ImmutableArray<string> New) Examples)
{
    /// <summary>
    /// Foreign keys by which the removal of rows reaches into other tables: <c>items (items_order_fkey, ON DELETE
    /// CASCADE)</c>.
    /// </summary>
    public ImmutableArray<string> Reaches { get; init; } = [];

    public long Of(RowClasses classes) =>
        (classes.HasFlag(RowClasses.Missing) ? Missing : 0)
        + (classes.HasFlag(RowClasses.Changed) ? Changed : 0)
        + (classes.HasFlag(RowClasses.New) ? New : 0);
}

/// <summary>Numbers of rows: put back, set to what they were, and removed.</summary>
public sealed record RowsApplied(long Inserted, long Updated, long Deleted);

/// <summary>
/// Compares a table with what it was, which stands beside it in the same database, and makes chosen rows as they were.
/// </summary>
/// <param name="live">Makes connections, not opened yet, of a superuser.</param>
/// <param name="table">The one of now.</param>
/// <param name="then">The one as of then.</param>
public sealed class RowsRun(
    Func<NpgsqlConnection> live, (string Schema, string Name) table, (string Schema, string Name) then)
{
    private const int ExamplesShown = 5;

    private const string Session = """
        SET search_path = ''; SET statement_timeout = 0; SET jit = off; SET row_security = off;
        SET datestyle = 'ISO'; SET intervalstyle = 'postgres'; SET timezone = 'UTC'; SET extra_float_digits = 3
        """;

    /// <summary>Columns that both have and that can be written; those of the key first by their place in it.</summary>
    private const string Columns = """
        SELECT quote_ident(n.attname), coalesce(array_position(i.indkey::int2[], n.attnum), -1)
          FROM pg_attribute n
          JOIN pg_attribute t ON t.attrelid = $2::regclass AND t.attname = n.attname AND NOT t.attisdropped
          LEFT JOIN pg_index i ON i.indrelid = n.attrelid AND i.indisprimary
         WHERE n.attrelid = $1::regclass AND n.attnum > 0 AND NOT n.attisdropped AND n.attgenerated = ''
         ORDER BY n.attnum
        """;

    private const string KeySize =
        "SELECT coalesce(max(indnkeyatts), 0)::int FROM pg_index WHERE indrelid = $1::regclass AND indisprimary";

    /// <summary>How those that can fire are switched off, and made as they were.</summary>
    private const string Triggers = """
        SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname),
               format('ALTER TABLE %s ENABLE %s TRIGGER %I', tgrelid::regclass,
                      CASE tgenabled WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' ELSE '' END, tgname)
          FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal AND tgenabled <> 'D'
        """;

    private const string Reaching = """
        SELECT format('%s (%I, ON DELETE %s)', conrelid::regclass, conname,
                      CASE confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'SET DEFAULT' END)
          FROM pg_constraint
         WHERE contype = 'f' AND conparentid = 0 AND confrelid = $1::regclass AND confdeltype IN ('c', 'n', 'd')
         ORDER BY 1
        """;

    private readonly string _now = SqlName.Qualified(table.Schema, table.Name);
    private readonly string _then = SqlName.Qualified(then.Schema, then.Name);

    public Task<Outcome<RowsDiff>> CompareAsync(CancellationToken cancellation) => ReturnOutcome.OfAsync(async () =>
    {
        await using var connection = await Sql.OpenAsync(live, Session, cancellation);
        var rows = await RowShapeAsync(connection, cancellation);
        var counted = await connection.RowsAsync(
            $"""
            WITH d AS (SELECT CASE WHEN n.is IS NULL THEN 'm' WHEN t.is IS NULL THEN 'n'
                                   WHEN n.v = t.v THEN 's' ELSE 'c' END AS class, coalesce(t.k, n.k) AS k
                         FROM (SELECT true AS is, {rows.Key("o")} AS k, {rows.Values("o")} AS v, {rows.KeyColumns("o")}
                                 FROM {_then} AS o) AS t
                         FULL JOIN (SELECT true AS is, {rows.Key("o")} AS k, {rows.Values("o")} AS v,
                                      {rows.KeyColumns("o")}
                                 FROM {_now} AS o) AS n ON {rows.Match("n", "t")})
            SELECT class, count(*), (array_agg(k ORDER BY k))[1:{ExamplesShown}] FROM d GROUP BY class
            """,
            row => (Class: row.GetString(0)[0], Rows: row.GetInt64(1), Keys: row.Texts(2)), cancellation);
        (long Rows, ImmutableArray<string> Keys) Of(char kind) =>
            counted.Where(item => item.Class == kind).Select(item => (item.Rows, item.Keys)).FirstOrDefault((0, []));
        return new RowsDiff(
            Of('m').Rows, Of('c').Rows, Of('n').Rows, Of('s').Rows, (Of('m').Keys, Of('c').Keys, Of('n').Keys))
        {
            Reaches = await connection.RowsAsync(new Query(Reaching, _now), row => row.GetString(0), cancellation),
        };
    });

    /// <summary>
    /// In one transaction. Foreign keys hold; triggers of users do not fire, so that values are those of then and no
    /// others.
    /// </summary>
    public Task<Outcome<RowsApplied>> ApplyAsync(
        RowClasses classes, TimeSpan lockLimit, CancellationToken cancellation) => ReturnOutcome.OfAsync(async () =>
    {
        // Ended without COMMIT, it takes everything with it.
        await using var connection = await Sql.OpenAsync(live, Session, cancellation);
        var rows = await RowShapeAsync(connection, cancellation);
        await connection.RunAsync(
            $"BEGIN; SET LOCAL lock_timeout = {(long)lockLimit.TotalMilliseconds}; "
            + $"LOCK TABLE {_now} IN SHARE ROW EXCLUSIVE MODE", cancellation);
        var triggers = await connection.RowsAsync(
            new Query(Triggers, _now), row => (Off: row.GetString(0), On: row.GetString(1)), cancellation);
        await connection.RunAllAsync([.. triggers.Select(trigger => trigger.Off)], cancellation);
        // First what frees keys, then what may take them.
        var deleted = classes.HasFlag(RowClasses.New)
            ? await CountAsync(connection,
                $"DELETE FROM {_now} AS n WHERE NOT EXISTS (SELECT FROM {_then} AS t WHERE {rows.Match("n", "t")})",
                cancellation)
            : 0;
        var updated = classes.HasFlag(RowClasses.Changed) && !rows.Others.IsEmpty
            ? await CountAsync(connection,
                $"UPDATE {_now} AS n SET {rows.Assignments} FROM {_then} AS t "
                + $"WHERE {rows.Match("n", "t")} AND {rows.Values("n")} <> {rows.Values("t")}", cancellation)
            : 0;
        var inserted = classes.HasFlag(RowClasses.Missing)
            ? await CountAsync(connection,
                $"INSERT INTO {_now} ({rows.AllColumns}) OVERRIDING SYSTEM VALUE "
                + $"SELECT {rows.AllColumns} FROM {_then} AS t "
                + $"WHERE NOT EXISTS (SELECT FROM {_now} AS n WHERE {rows.Match("n", "t")})", cancellation)
            : 0;
        await connection.RunAsync("SET CONSTRAINTS ALL IMMEDIATE", cancellation);
        await connection.RunAllAsync([.. triggers.Select(trigger => trigger.On)], cancellation);
        await new SettledCommit(token => Sql.OpenAsync(live, Session, token), TimeProvider.System)
            .RunAsync(connection, cancellation);
        return new RowsApplied(inserted, updated, deleted);
    });

    private static async Task<long> CountAsync(
        NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    private async Task<RowShape> RowShapeAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var columns = await connection.RowsAsync(
            new Query(Columns, _now, _then), row => (Name: row.GetString(0), Place: row.GetInt32(1)), cancellation);
        var keySize = await connection.ValueAsync<int>(new Query(KeySize, _now), cancellation);
        var key = columns.Where(column => column.Place >= 0 && column.Place < keySize)
            .OrderBy(column => column.Place).Select(column => column.Name).ToImmutableArray();
        return keySize > 0 && key.Length == keySize
            ? new RowShape(key, [.. columns.Select(column => column.Name).Except(key)])
            : throw new WorkFailedException(ReturnProblems.NoKey(_now));
    }

    private sealed record RowShape(ImmutableArray<string> KeyNames, ImmutableArray<string> Others)
    {
        public string AllColumns => string.Join(", ", KeyNames.AddRange(Others));

        public string Assignments => string.Join(", ", Others.Select(name => $"{name} = t.{name}"));

        public string KeyColumns(string of) => string.Join(", ", KeyNames.Select(name => $"{of}.{name}"));

        public string Key(string of) => $"concat_ws(', ', {KeyColumns(of)})";

        /// <summary>As text: not every type can be compared.</summary>
        public string Values(string of) => $"ROW({string.Join(", ", Others.Select(name => $"{of}.{name}"))})::text";

        public string Match(string one, string other) =>
            string.Join(" AND ", KeyNames.Select(name => $"{one}.{name} = {other}.{name}"));
    }
}
