using Npgsql;

namespace PgMahout.Undoing;

/// <summary>The databases of the primary that can be connected to.</summary>
internal static class LiveDatabases
{
    /// <exception cref="NpgsqlException">It did not answer.</exception>
    public static async Task<List<(uint Oid, string Name)>> AllAsync(string primary, CancellationToken cancellation)
    {
        await using var connection = new NpgsqlConnection(primary);
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(
            "SELECT oid, datname::text FROM pg_database WHERE datallowconn AND datconnlimit <> -2 ORDER BY datname",
            connection);
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var all = new List<(uint, string)>();
        while (await rows.ReadAsync(cancellation))
            all.Add((rows.GetFieldValue<uint>(0), rows.GetString(1)));
        return all;
    }

    public static string Into(string primary, string database) =>
        new NpgsqlConnectionStringBuilder(primary) { Database = database }.ConnectionString;
}
