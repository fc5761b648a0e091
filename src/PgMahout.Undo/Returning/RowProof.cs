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
        var sum = $"coalesce(sum({HashOf(table)}), 0)::text";
        return (await connection.RowsAsync(
            $"SELECT count(*), {sum} FROM ONLY {name} AS t",
            answer => (answer.GetInt64(0), answer.GetString(1)), cancellation))[0];
    }

    /// <summary>
    /// Of a row. Values of plain types are hashed as they are, which is several times faster than as text. The hash of
    /// a record adds up those of its columns, and a sum of such would not see values change places between rows: so it
    /// is hashed once more.
    /// </summary>
    private static string HashOf(SideRelation table)
    {
        // A regclass reads as the table's name, which is another one while it is on its way.
        var columns = table.Columns.Except(table.ReferenceColumns).ToList();
        var plain = columns.Where(table.PlainColumns.ContainsKey).ToList();
        var asText = $"ROW({string.Join(", ", columns.Except(plain))})::text";
        if (plain.Count == 0)
            return $"hashtextextended({asText}, 0)";
        var row = plain.Select(name => table.PlainColumns[name])
            .Concat(plain.Count < columns.Count ? [asText + " COLLATE \"C\""] : []);
        return $"hashtextextended(hash_record_extended(ROW({string.Join(", ", row)}), 0)::text, 0)";
    }
}
