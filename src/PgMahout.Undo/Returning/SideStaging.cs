using System.Collections.Immutable;
using Npgsql;
using PgMahout.Core.Undo.Returning;

namespace PgMahout.Undo.Returning;

/// <summary>Lost things in their staging schemas: there they have the same names on both servers.</summary>
internal sealed record Staged(ImmutableArray<LostThing> Things, ImmutableArray<SideRelation> Relations)
{
    public ImmutableArray<SideRelation> WithRows => [.. Relations.Where(relation => relation.HasRows)];
}

/// <summary>Sets the lost things apart on the side server.</summary>
internal sealed class SideStaging(Sessions sessions, NpgsqlConnection live)
{
    /// <param name="copy">The new place of the one relation wanted, when it is a copy.</param>
    public async Task<Staged> PrepareAsync(
        LossSet loss, StagingPlan plan, (uint Oid, string Schema, string Name)? copy, LossSetReader reader,
        CancellationToken cancellation)
    {
        await using (var side = await sessions.SideRowsAsync(cancellation))
        {
            await side.RunAllAsync(plan.SideStatements, cancellation);
            if (copy is { } named)
                await RenameAsync(side, await ReadAsync(loss, reader, cancellation), named, cancellation);
        }
        return await ReadAsync(loss, reader, cancellation);
    }

    private static async Task<Staged> ReadAsync(LossSet loss, LossSetReader reader, CancellationToken cancellation)
    {
        var things = await reader.ThingsAsync(loss.Things.Select(thing => thing.Address), cancellation);
        return new Staged(things, await reader.RelationsAsync(things, cancellation));
    }

    private async Task RenameAsync(
        NpgsqlConnection side, Staged staged, (uint Oid, string Schema, string Name) copy,
        CancellationToken cancellation)
    {
        var taken = await live.RowsAsync(
            new Query(
                """
                SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident($1))
                UNION SELECT typname::text FROM pg_type WHERE typnamespace = to_regnamespace(quote_ident($1))
                UNION SELECT stxname::text FROM pg_statistic_ext WHERE stxnamespace = to_regnamespace(quote_ident($1))
                """,
                copy.Schema),
            row => row.GetString(0), cancellation);
        var relation = staged.Relations.Single(relation => relation.Oid == copy.Oid);
        var kinds = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["table"] = "TABLE", ["index"] = "INDEX", ["sequence"] = "SEQUENCE", ["statistics object"] = "STATISTICS",
            ["view"] = "VIEW", ["materialized view"] = "MATERIALIZED VIEW", ["foreign table"] = "FOREIGN TABLE",
        };
        var parts = staged.Things.Where(thing =>
            kinds.ContainsKey(thing.Type) && thing.Address.Oid != copy.Oid
            && thing.Schema.StartsWith(StagingPlan.Prefix, StringComparison.Ordinal));
        var main = staged.Things.Single(thing =>
            thing.Address == new ObjectAddress(SystemCatalog.Relation, copy.Oid));
        await side.RunAllAsync(
            [
                .. CopyNames.Choose((relation.Name, copy.Name), parts, taken.ToHashSet(StringComparer.Ordinal))
                    .Append((Part: main, copy.Name))
                    .Select(named =>
                        $"ALTER {kinds[named.Part.Type]} {named.Part.Identity} RENAME TO {SqlName.Quoted(named.Name)}"),
            ],
            cancellation);
    }
}
