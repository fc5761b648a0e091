using System.Collections.Immutable;
using Npgsql;
using PgMahout.Backup.Working;
using PgMahout.Core.Undo.Returning;

namespace PgMahout.Undo.Returning;

/// <summary>Makes the lost things again in the live database, where nobody sees them yet.</summary>
internal sealed class LiveStaging(Sessions sessions, ReturnRequest request, WorkProgress progress)
{
    /// <summary>A constraint that spares the scan when the partition is attached.</summary>
    public const string BoundConstraint = "pgmahout_undo_bound";

    /// <summary>As statements that would take them back.</summary>
    private const string Grants = """
        SELECT format('REVOKE %s ON %s FROM %s', privilege_type, c.oid::regclass,
                      CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
          FROM pg_class c, aclexplode(c.relacl) WHERE c.oid = ANY($1::regclass[]) AND grantee <> c.relowner
        """;

    private const string IndexSizes = """
        SELECT quote_ident(relname), max(pg_relation_size(pg_class.oid))
          FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
         WHERE indrelid = ANY($1) GROUP BY relname
        """;

    public async Task<ImmutableArray<ReturnedTable>> MakeAsync(
        LossSet loss, Staged staged, SchemaDump dump, CancellationToken cancellation)
    {
        await using var live = await sessions.LiveAsync(cancellation);
        progress.Enter("definitions");
        await using (var transaction = await live.BeginTransactionAsync(cancellation))
        {
            await live.RunAllAsync(dump.Before, cancellation);
            await TakeBackGrantsAsync(live, staged, cancellation);
            await transaction.CommitAsync(cancellation);
        }
        progress.Enter("rows");
        progress.Expect(staged.WithRows.Sum(table => table.Bytes));
        var copy = new RowCopy(sessions, progress);
        await copy.RunAsync(staged.WithRows, request.Jobs, cancellation);
        await SequencesAsync(live, staged, cancellation);
        var proven = await ProveAndBuildAsync(staged, dump.After.Indexes, cancellation);
        await BoundsAsync(live, loss, staged, cancellation);
        foreach (var table in staged.Relations.Where(relation => relation.Kind is 'r' or 'p'))
            await live.RunAsync($"ANALYZE {table.Qualified}", cancellation);
        await live.RunAllAsync(dump.After.Others, cancellation);
        progress.Enter("materialized views");
        return
        [
            .. staged.WithRows.Select(table => new ReturnedTable(
                table.Qualified, proven[table.Oid].Rows, copy.BytesOf(table.Oid), proven[table.Oid].Checksum)),
        ];
    }

    /// <summary>Fills materialized views, of which one may read another; those that fail are given back.</summary>
    public static async Task<ImmutableArray<(string View, string Why)>> RefreshAsync(
        NpgsqlConnection live, IEnumerable<string> views, CancellationToken cancellation)
    {
        var waiting = views.ToList();
        var failed = new List<(string View, string Why)>();
        while (waiting.Count > 0)
        {
            failed.Clear();
            foreach (var view in waiting)
                try
                {
                    await live.RunAsync($"REFRESH MATERIALIZED VIEW {view}", cancellation);
                }
                catch (PostgresException e)
                {
                    failed.Add((view, ReturnProblems.Said(e)));
                }
            if (failed.Count == waiting.Count)
                break;
            waiting = [.. failed.Select(item => item.View)];
        }
        return [.. failed];
    }

    /// <summary>What new tables are granted by default, the lost ones perhaps were not.</summary>
    private async Task TakeBackGrantsAsync(NpgsqlConnection live, Staged staged, CancellationToken cancellation)
    {
        await using var side = await sessions.SideCatalogsAsync(cancellation);
        var names = new Query(Grants, [staged.Relations.Select(relation => relation.Qualified).ToArray()]);
        var then = await side.RowsAsync(names, row => row.GetString(0), cancellation);
        var now = await live.RowsAsync(names, row => row.GetString(0), cancellation);
        await live.RunAllAsync([.. now.Except(then)], cancellation);
    }

    /// <summary>
    /// Rows are compared while indexes are built on them, for both only read them. Constraints are added afterwards:
    /// each keeps everybody else away from its table.
    /// </summary>
    private async Task<ImmutableDictionary<uint, (long Rows, string Checksum)>> ProveAndBuildAsync(
        Staged staged, ImmutableArray<SetStatement> indexes, CancellationToken cancellation)
    {
        progress.Enter("checking");
        var sizes = await IndexSizesAsync(staged, cancellation);
        // What takes longest first, so that nobody waits for it in the end.
        var ordered = indexes.OrderByDescending(index => sizes.GetValueOrDefault(index.Index)).ToLookup(
            index => index.LetsRead);
        var proven = ImmutableDictionary<uint, (long, string)>.Empty;
        progress.Enter("indexes");
        await Crew.TogetherAsync(
            [
                async token =>
                    proven = await new RowProof(sessions).RunAsync(staged.WithRows, request.Jobs, token),
                token => BuildAsync([.. ordered[true]], token),
            ],
            cancellation);
        await BuildAsync([.. ordered[false]], cancellation);
        return proven;
    }

    /// <summary>In bytes, on the side server; by name, for names of indexes are as good as never the same.</summary>
    private async Task<Dictionary<string, long>> IndexSizesAsync(Staged staged, CancellationToken cancellation)
    {
        await using var side = await sessions.SideCatalogsAsync(cancellation);
        var read = await side.RowsAsync(
            new Query(IndexSizes, [staged.Relations.Select(relation => relation.Oid).ToArray()]),
            row => (Name: row.GetString(0), Bytes: row.GetInt64(1)), cancellation);
        return read.ToDictionary(index => index.Name, index => index.Bytes, StringComparer.Ordinal);
    }

    private async Task BuildAsync(ImmutableArray<SetStatement> indexes, CancellationToken cancellation) =>
        await Crew.RunAsync(request.Jobs, indexes, async (next, token) =>
        {
            await using var live = await sessions.LiveAsync(token);
            while (next() is { } index)
                await live.RunAllAsync(index.All, token);
        }, cancellation);

    private async Task SequencesAsync(NpgsqlConnection live, Staged staged, CancellationToken cancellation)
    {
        await using var side = await sessions.SideRowsAsync(cancellation);
        foreach (var sequence in staged.Relations.Where(relation => relation.Kind == 'S'))
        {
            var (last, isCalled) = (await side.RowsAsync(
                $"SELECT last_value, is_called FROM {sequence.Qualified}",
                row => (row.GetInt64(0), row.GetBoolean(1)), cancellation))[0];
            await live.RowsAsync(
                new Query("SELECT setval($1::regclass, $2, $3)", sequence.Qualified, last, isCalled), _ => 0,
                cancellation);
        }
    }

    private static async Task BoundsAsync(
        NpgsqlConnection live, LossSet loss, Staged staged, CancellationToken cancellation)
    {
        foreach (var lineage in loss.Lineages.Where(lineage => lineage is { Returns: true, Condition: not null }))
        {
            var table = staged.Relations.Single(relation => relation.Oid == lineage.Child).Qualified;
            await live.RunAllAsync(
                [$"ALTER TABLE {table} ADD CONSTRAINT {BoundConstraint} CHECK ({lineage.Condition})"], cancellation);
        }
    }
}
