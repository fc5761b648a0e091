using Npgsql;
using PgMahout.Core.Undo;
using PgMahout.Errors;

namespace PgMahout.Undoing;

/// <summary>A table that the cluster has now.</summary>
/// <param name="Kind">As <c>relkind</c>: r or p.</param>
/// <param name="Persistence">As <c>relpersistence</c>.</param>
internal sealed record LiveTable(
    uint DatabaseOid, string Database, uint Oid, string Schema, string Name, char Kind, char Persistence)
{
    private const string Named = """
        SELECT c.oid, n.nspname::text, c.relname::text, c.relkind, c.relpersistence
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE c.relname = $1 AND ($2 IS NULL OR n.nspname = $2) AND c.oid >= 16384 AND c.relkind IN ('r', 'p')
           AND c.relpersistence <> 't'
        """;

    public string Text => $"{Database}.{Schema}.{Name}";

    /// <summary>The one table of that name in all databases; what is ambiguous is listed.</summary>
    /// <param name="primary">How to connect to the leader's server.</param>
    public static async Task<Attempt<LiveTable>> FindAsync(
        string primary, WantedName wanted, CancellationToken cancellation)
    {
        try
        {
            var found = new List<LiveTable>();
            foreach (var (oid, database) in await LiveDatabases.AllAsync(primary, cancellation))
                if (wanted.Parts.Length < 3 || wanted.Parts[0] == database)
                    found.AddRange(await FindAsync(primary, (oid, database), wanted, cancellation));
            return found switch
            {
                [var one] => one,
                [] => new Failure(ErrorCatalogue.NotLost, $"there is no table '{wanted.Text}'")
                    .Because("rows are compared with a table that is there; one that was dropped comes back whole")
                    .Try($"pgmahout undo drop {wanted.Text}"),
                _ => new Failure(ErrorCatalogue.LossAmbiguous, $"'{wanted.Text}' fits several tables")
                    .Because(string.Join(", ", found.Select(one => one.Text)))
                    .Try([.. found.Select(one => $"pgmahout undo rows {one.Text} --at TIME")]),
            };
        }
        catch (NpgsqlException e)
        {
            return new Failure(ErrorCatalogue.NoLeader, "the primary did not answer").Because(e.Message)
                .Try("pgmahout status");
        }
    }

    private static async Task<List<LiveTable>> FindAsync(
        string primary, (uint Oid, string Name) database, WantedName wanted, CancellationToken cancellation)
    {
        await using var connection = new NpgsqlConnection(LiveDatabases.Into(primary, database.Name));
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(Named, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = wanted.Parts[^1] });
        command.Parameters.Add(new NpgsqlParameter<string?>
        {
            TypedValue = wanted.Parts.Length > 1 ? wanted.Parts[^2] : null,
            NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text,
        });
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var found = new List<LiveTable>();
        while (await rows.ReadAsync(cancellation))
            found.Add(new LiveTable(
                database.Oid, database.Name, rows.GetFieldValue<uint>(0), rows.GetString(1), rows.GetString(2),
                rows.GetChar(3), rows.GetChar(4)));
        return found;
    }
}
