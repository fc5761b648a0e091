using Npgsql;
using PgMahout.Backup.Working;
using PgMahout.Postgres;

namespace PgMahout.Undo.Returning;

/// <summary>
/// Which files a side server needs is foretold from a snapshot of the catalogs before the point. Between the two a
/// table may have got a file that was another's: its rows would be missing without anybody noticing.
/// </summary>
internal static class RestoredFiles
{
    private const string Files = """
        WITH RECURSIVE used (oid) AS (
            SELECT unnest($1)
            UNION
            SELECT part.oid FROM used JOIN pg_class c ON c.oid = used.oid,
                   LATERAL (SELECT c.reltoastrelid UNION ALL SELECT indexrelid FROM pg_index WHERE indrelid = c.oid)
                       AS part (oid)
             WHERE part.oid <> 0)
        SELECT oid::regclass::text, pg_relation_filepath(oid) FROM used WHERE pg_relation_filepath(oid) IS NOT NULL
        """;

    /// <summary>Throws when one of these relations has a file that is a hole.</summary>
    public static async Task RequireAsync(
        NpgsqlConnection side, ReturnSource source, uint[] relations, CancellationToken cancellation)
    {
        var files = await side.RowsAsync(
            new Query(Files, [relations]), row => (Relation: row.GetString(0), Path: row.GetString(1)), cancellation);
        foreach (var (relation, path) in files)
            if (!source.Restored(path))
                throw new WorkFailedException(new Problem(
                    UndoProblems.UnsoundCode,
                    $"{relation} is not whole in the server of the past",
                    $"it had got {path}, which belonged to another table shortly before",
                    "the live database is as it was",
                    "restore to that point elsewhere: pgmahout restore --at ... --to DIR"));
    }
}
