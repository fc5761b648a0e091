using Npgsql;
using PgMahout.Core.Undo.Returning;

namespace PgMahout.Undo.Returning;

/// <summary>Checks foreign keys against the rows, under locks that nobody notices.</summary>
internal static class KeyProof
{
    private const int ExamplesShown = 3;

    private const string Parts = """
        SELECT string_agg(format('t.%I = r.%I', f.attname, p.attname), ' AND ' ORDER BY o),
               string_agg(format('t.%I IS NOT NULL', f.attname), ' AND ' ORDER BY o),
               string_agg(format('t.%I', f.attname), ', ' ORDER BY o), k.confrelid::regclass::text
          FROM pg_constraint k, unnest(k.conkey, k.confkey) WITH ORDINALITY AS c (a, b, o),
               pg_attribute f, pg_attribute p
         WHERE k.conrelid = $1::regclass AND k.conname = $2
           AND f.attrelid = k.conrelid AND f.attnum = a AND p.attrelid = k.confrelid AND p.attnum = b
         GROUP BY k.confrelid
        """;

    private const string Leaves =
        "SELECT relid::regclass::text FROM pg_partition_tree($1::regclass) WHERE isleaf";

    /// <returns>Null when it holds.</returns>
    public static async Task<UnprovenKey?> RunAsync(
        NpgsqlConnection live, KeyToProve key, CancellationToken cancellation)
    {
        var tables = key.Whole is null
            ? [key.Table]
            : await live.RowsAsync(new Query(Leaves, key.Table), row => row.GetString(0), cancellation);
        foreach (var table in tables)
            if (await ValidateAsync(live, table, key.Name, cancellation) is { } unproven)
                return unproven;
        if (key.Whole is not null)
            await live.RunAllAsync([key.Whole], cancellation);
        return null;
    }

    private static async Task<UnprovenKey?> ValidateAsync(
        NpgsqlConnection live, string table, string name, CancellationToken cancellation)
    {
        try
        {
            await live.RunAllAsync(
                [$"ALTER TABLE {table} VALIDATE CONSTRAINT {SqlName.Quoted(name)}"], cancellation);
            return null;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            return await CountAsync(live, table, name, cancellation);
        }
    }

    /// <summary>Rows that refer to nothing, also when the constraint was never looked at.</summary>
    public static async Task<UnprovenKey> CountAsync(
        NpgsqlConnection live, string table, string name, CancellationToken cancellation)
    {
        var (match, present, columns, target) = (await live.RowsAsync(
            new Query(Parts, table, name),
            row => (row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3)), cancellation))[0];
        var (rows, examples) = (await live.RowsAsync(
            $"""
            WITH lone AS (SELECT concat_ws(', ', {columns}) AS k FROM {table} AS t
                           WHERE {present} AND NOT EXISTS (SELECT FROM {target} AS r WHERE {match}))
            SELECT (SELECT count(*) FROM lone), ARRAY(SELECT DISTINCT k FROM lone ORDER BY k LIMIT {ExamplesShown})
            """,
            row => (row.GetInt64(0), row.Texts(1)), cancellation))[0];
        return new UnprovenKey(table, name, rows, examples);
    }
}
