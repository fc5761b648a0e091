using Npgsql;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;

namespace PgMahout.Backups;

/// <summary>How far a primary has written, on its disk: what an archive must have to lack nothing.</summary>
internal static class WrittenWal
{
    private const string Sql = """
        SELECT ('x' || substr(pg_walfile_name(written), 1, 8))::bit(32)::int, written::text
          FROM pg_current_wal_flush_lsn() AS written
        """;

    /// <param name="primary">How to connect to it.</param>
    public static async Task<Outcome<WalPosition>> ReadAsync(string primary, CancellationToken cancellation)
    {
        try
        {
            await using var connection = new NpgsqlConnection(primary);
            await connection.OpenAsync(cancellation);
            await using var command = new NpgsqlCommand(Sql, connection);
            await using var row = await command.ExecuteReaderAsync(cancellation);
            await row.ReadAsync(cancellation);
            return new Outcome<WalPosition>.Done(
                new WalPosition(new TimelineId((uint)row.GetInt32(0)), Lsn.Parse(row.GetString(1))));
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            return new Outcome<WalPosition>.Failed(new Problem(
                "primary-silent", "the primary did not say how far it has written", e.Message, "nothing was changed",
                "pgmahout status"));
        }
    }
}
