using System.Collections.Concurrent;
using System.Collections.Immutable;
using Npgsql;
using PgMahout.Backup.Working;
using PgMahout.Core.Undo.Returning;

namespace PgMahout.Undo.Returning;

/// <summary>Carries rows from one server to the other, several stretches at a time and through no file.</summary>
internal sealed class RowCopy(Sessions sessions, WorkProgress progress)
{
    private const int BufferBytes = 256 << 10;

    /// <summary>8 kB each: 64 MB a stretch at most, and 4 MB at least unless the table is shorter.</summary>
    private const long MostPages = 8 << 10;
    private const long LeastPages = 512;

    private readonly ConcurrentDictionary<uint, long> _bytes = [];

    public long BytesOf(uint table) => _bytes.GetValueOrDefault(table);

    /// <param name="tables">By the names that they have in both.</param>
    public async Task RunAsync(
        ImmutableArray<SideRelation> tables, int jobs, CancellationToken cancellation)
    {
        var stretches = await StretchesAsync(tables, jobs, cancellation);
        await Crew.RunAsync(jobs, stretches, async (next, token) =>
        {
            await using var side = await sessions.SideRowsAsync(token);
            await using var live = await sessions.LiveAsync(token);
            while (next() is { } stretch)
                await CopyAsync(side, live, stretch, token);
        }, cancellation);
    }

    private async Task<ImmutableArray<Stretch>> StretchesAsync(
        ImmutableArray<SideRelation> tables, int jobs, CancellationToken cancellation)
    {
        await using var side = await sessions.SideRowsAsync(cancellation);
        var pages = await side.RowsAsync(
            new Query(
                "SELECT t, pg_relation_size(t) / current_setting('block_size')::int FROM unnest($1) AS t",
                tables.Select(table => table.Oid).ToArray()),
            row => (Table: row.GetFieldValue<uint>(0), Pages: row.GetInt64(1)), cancellation);
        var byTable = pages.ToDictionary(item => item.Table, item => item.Pages);
        // All workers have something to do until near the end.
        var atOnce = Math.Clamp(pages.Sum(item => item.Pages) / (2 * jobs) + 1, LeastPages, MostPages);
        return
        [
            .. from table in tables
               let count = byTable[table.Oid] / atOnce + 1
               from i in Enumerable.Range(0, (int)count)
               orderby byTable[table.Oid] descending
               select new Stretch(
                   table, table.Qualified, i * atOnce, i == count - 1 ? null : (i + 1) * atOnce),
        ];
    }

    public async Task CopyAsync(
        NpgsqlConnection side, NpgsqlConnection live, Stretch stretch, CancellationToken cancellation)
    {
        var table = stretch.Table;
        var columns = string.Join(", ", table.Columns);
        var source = $"COPY (SELECT {columns} FROM ONLY {table.Qualified}{stretch.Condition}) TO STDOUT";
        var target = $"COPY {stretch.Target} ({columns}) FROM STDIN";
        if (table.HasBinaryForm)
            await CopyBinaryAsync(
                await side.BeginRawBinaryCopyAsync(source + " (FORMAT binary)", cancellation),
                await live.BeginRawBinaryCopyAsync(target + " (FORMAT binary)", cancellation),
                table, cancellation);
        else
            await CopyTextAsync(side, live, (source, target, table), cancellation);
    }

    private async Task CopyBinaryAsync(
        NpgsqlRawCopyStream from, NpgsqlRawCopyStream to, SideRelation table, CancellationToken cancellation)
    {
        await using (from)
        await using (to)
        {
            var buffer = new byte[BufferBytes];
            try
            {
                for (int read; (read = await from.ReadAsync(buffer, cancellation)) > 0;)
                {
                    await to.WriteAsync(buffer.AsMemory(0, read), cancellation);
                    Count(table, read);
                }
            }
            catch
            {
                // Closing it would end the COPY well, with half of the rows.
                await to.CancelAsync();
                throw;
            }
        }
    }

    private async Task CopyTextAsync(
        NpgsqlConnection side, NpgsqlConnection live, (string From, string To, SideRelation Table) copy,
        CancellationToken cancellation)
    {
        using var from = await side.BeginTextExportAsync(copy.From, cancellation);
        var to = await live.BeginTextImportAsync(copy.To, cancellation);
        await using (to)
        {
            var buffer = new char[BufferBytes / sizeof(char)];
            try
            {
                for (int read; (read = await from.ReadAsync(buffer, cancellation)) > 0;)
                {
                    await to.WriteAsync(buffer.AsMemory(0, read), cancellation);
                    Count(copy.Table, read);
                }
            }
            catch
            {
                if (to is NpgsqlCopyTextWriter writer)
                    await writer.CancelAsync();
                throw;
            }
        }
    }

    private void Count(SideRelation table, int bytes)
    {
        _bytes.AddOrUpdate(table.Oid, bytes, (_, before) => before + bytes);
        progress.Add(bytes);
    }
}

/// <summary>Some pages of a table.</summary>
/// <param name="Target">The table that gets the rows: qualified and quoted.</param>
/// <param name="From">The first page.</param>
/// <param name="To">The one after the last; null for the end of the table.</param>
internal sealed record Stretch(SideRelation Table, string Target, long From, long? To)
{
    public string Condition => (From, To) switch
    {
        (0, null) => "",
        (0, { } to) => $" WHERE ctid < '({to},0)'::pg_catalog.tid",
        (var from, null) => $" WHERE ctid >= '({from},0)'::pg_catalog.tid",
        (var from, { } to) => $" WHERE ctid >= '({from},0)'::pg_catalog.tid AND ctid < '({to},0)'::pg_catalog.tid",
    };
}
