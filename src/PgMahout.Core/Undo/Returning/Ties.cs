using System.Collections.Immutable;

namespace PgMahout.Core.Undo.Returning;

/// <summary>
/// Something that ties a returned table to others; it may fail alone, and the rest comes back without it.
/// </summary>
public sealed record Tie(string Text, ImmutableArray<string> Statements);

/// <summary>A foreign key that was made NOT VALID, and how it is proven when the tables are in their places.</summary>
/// <param name="Whole">
/// Makes it on a partitioned table, when all partitions have theirs proven: then no row is looked at again. Null for an
/// ordinary table.
/// </param>
public sealed record KeyToProve(string Text, string Table, string Name, string? Whole);

/// <summary>How returned tables are tied to those that are still there.</summary>
public sealed record Ties(ImmutableArray<Tie> Inside, ImmutableArray<KeyToProve> Keys, ImmutableArray<Tie> After)
{
    /// <param name="home">The qualified and quoted name that a lost relation has in the end.</param>
    /// <param name="bound">The constraint that a partition has for being attached quickly.</param>
    public static Ties Of(LossSet loss, Func<uint, string> home, string bound)
    {
        var keys = loss.Keys.Select(key => (
            Key: key,
            Table: key.Lost != 0 ? home(key.Lost) : key.Table,
            Text: $"foreign key {key.Name} of {key.Table}"));
        return new Ties(
            [
                .. loss.Lineages.Where(lineage => lineage.Returns)
                    .SelectMany(lineage => Join(lineage, home(lineage.Child), bound)),
                .. loss.Links.Where(link => link.Statement is not null)
                    .Select(link => new Tie(link.Text, [link.Statement!])),
                .. keys.Select(item => new Tie(item.Text, [Add(item.Key, item.Table)])),
            ],
            [
                .. keys.Where(item => item.Key.WasValid).Select(item => new KeyToProve(
                    item.Text, item.Table, item.Key.Name,
                    item.Key.IsPartitioned ? Plain(item.Key, item.Table) : null)),
            ],
            [.. loss.Links.Where(link => link.Then is not null).Select(link => new Tie(link.Text, [link.Then!]))]);
    }

    private static IEnumerable<Tie> Join(Lineage lineage, string child, string bound)
    {
        if (lineage.Bound is null)
        {
            yield return new Tie(
                $"child {child} of {lineage.Parent}",
                [
                    $"ALTER TABLE {child} INHERIT {lineage.Parent}",
                    // By itself, what the parent drops would stay in the child from now on.
                    $"UPDATE pg_catalog.pg_attribute SET attislocal = false WHERE attrelid = {Regclass(child)} "
                        + $"AND attname = ANY({Array(lineage.Inherited)})",
                    $"UPDATE pg_catalog.pg_constraint SET conislocal = false WHERE conrelid = {Regclass(child)} "
                        + $"AND conname = ANY({Array(lineage.Constraints)})",
                ]);
            yield break;
        }
        yield return new Tie(
            $"partition {child} of {lineage.Parent}",
            [$"ALTER TABLE {lineage.Parent} ATTACH PARTITION {child} {lineage.Bound}"]);
        if (lineage.Condition is not null)
            yield return new Tie("its bound", [$"ALTER TABLE {child} DROP CONSTRAINT {bound}"]);
    }

    /// <summary>Without looking at rows: that would hold the locks for as long.</summary>
    private static string Add(ForeignKey key, string table) => key.IsPartitioned
        ? $"""
            DO $do$ DECLARE l record; BEGIN
                FOR l IN SELECT relid FROM pg_partition_tree({Regclass(table)}) WHERE isleaf LOOP
                    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', l.relid,
                        {SqlName.Literal(key.Name)}, {SqlName.Literal(key.Definition)});
                END LOOP;
            END $do$
            """
        : Plain(key, table) + " NOT VALID";

    private static string Plain(ForeignKey key, string table) =>
        $"ALTER TABLE {table} ADD CONSTRAINT {SqlName.Quoted(key.Name)} {key.Definition}";

    private static string Regclass(string table) => $"{SqlName.Literal(table)}::regclass";

    private static string Array(ImmutableArray<string> names) =>
        $"ARRAY[{string.Join(", ", names.Select(SqlName.Literal))}]::name[]";
}
