using System.Collections.Immutable;
using Npgsql;
using PgMahout.Backup.Working;
using PgMahout.Core.Undo.Returning;

namespace PgMahout.Undo.Returning;

/// <summary>Compares what arrived with what was sent: number of rows, and a sum over all of them.</summary>
internal sealed class RowProof(Sessions sessions)
{
    public async Task<ImmutableDictionary<uint, (long Rows, string Checksum)>> RunAsync(
        ImmutableArray<SideRelation> tables, int jobs, CancellationToken cancellation)
    {
        var proven = new System.Collections.Concurrent.ConcurrentDictionary<uint, (long, string)>();
        await Crew.RunAsync(jobs, tables.OrderByDescending(table => table.Bytes).ToList(), async (next, token) =>
        {
            await using var side = await sessions.SideRowsAsync(token);
            await using var live = await sessions.LiveAsync(token);
            while (next() is { } table)
            {
                var both = await Task.WhenAll(
                    SumAsync(side, table, table.Qualified, token), SumAsync(live, table, table.Qualified, token));
                if (both[0] != both[1])
                    throw new WorkFailedException(ReturnProblems.ChecksumDiffers(
                        table.Qualified, $"{both[0]}", $"{both[1]}"));
                proven[table.Oid] = both[1];
            }
        }, cancellation);
        return proven.ToImmutableDictionary();
    }

    /// <param name="name">That the table has on this server: qualified and quoted.</param>
    public static async Task<(long Rows, string Checksum)> SumAsync(
        NpgsqlConnection connection, SideRelation table, string name, CancellationToken cancellation)
    {
        // A regclass reads as the table's name, which is another one while it is on its way.
        var row = $"ROW({string.Join(", ", table.Columns.Except(table.ReferenceColumns))})";
        return (await connection.RowsAsync(
            $"SELECT count(*), coalesce(sum(hashtextextended({row}::text, 0)), 0)::text FROM ONLY {name} AS t",
            answer => (answer.GetInt64(0), answer.GetString(1)), cancellation))[0];
    }
}
