using System.Collections.Immutable;

namespace PgMahout.Core.Undo.Returning;

/// <summary>A schema in which things are made, unseen, before they get their places.</summary>
/// <param name="Target">Where its things go.</param>
/// <param name="IsWhole">It becomes the lost schema itself; otherwise its things go one by one.</param>
public sealed record StagedSchema(string Name, string Original, string Target, bool IsWhole, LostSchema Lost);

/// <summary>
/// How lost things are set apart: on the side server they move to schemas of their own and lose their ties to what is
/// still there, so that a dump of these schemas is all of them and nothing else. PostgreSQL itself then writes the new
/// names wherever they are referred to.
/// </summary>
/// <param name="SideStatements">In order.</param>
public sealed record StagingPlan(
    string Id, ImmutableArray<StagedSchema> Schemas, ImmutableArray<string> SideStatements)
{
    public const string Prefix = "pgmahout_undo_";

    private static readonly ImmutableArray<(string Type, string Keyword, int Rank)> Movable =
    [
        // What has types in its name goes before the types: its name is known as it was read.
        ("function", "FUNCTION", 1), ("procedure", "PROCEDURE", 1), ("aggregate", "AGGREGATE", 1),
        ("operator class", "OPERATOR CLASS", 1), ("operator family", "OPERATOR FAMILY", 1), ("operator", "OPERATOR", 1),
        ("statistics object", "STATISTICS", 2), ("collation", "COLLATION", 2), ("conversion", "CONVERSION", 2),
        ("text search configuration", "TEXT SEARCH CONFIGURATION", 2),
        ("text search dictionary", "TEXT SEARCH DICTIONARY", 2), ("text search parser", "TEXT SEARCH PARSER", 2),
        ("text search template", "TEXT SEARCH TEMPLATE", 2),
        ("table", "TABLE", 3), ("view", "VIEW", 3), ("materialized view", "MATERIALIZED VIEW", 3),
        ("foreign table", "FOREIGN TABLE", 3), ("sequence", "SEQUENCE", 3), ("type", "TYPE", 4),
    ];

    /// <param name="target">Another schema for the things; null when each goes where it was.</param>
    public static StagingPlan Of(LossSet loss, string id, string? target)
    {
        var schemas = loss.Schemas
            .Select((schema, i) => new StagedSchema(
                $"{Prefix}{id}_{i + 1}", schema.Name, target ?? schema.Name,
                schema is { IsLost: true, IsWhole: true } && target is null, schema))
            .ToImmutableArray();
        ImmutableArray<string> statements =
        [
            .. loss.Lineages.Select(lineage => Part(loss, lineage)),
            DropOutwardKeys(loss),
            .. loss.Blocked.Select(Drop).OfType<string>(),
            .. loss.MissingRoles.SelectMany(role => new[]
            {
                $"REASSIGN OWNED BY {SqlName.Quoted(role)} TO CURRENT_USER", $"DROP OWNED BY {SqlName.Quoted(role)}",
            }),
            .. schemas.Where(schema => !schema.IsWhole).Select(schema => $"CREATE SCHEMA {schema.Name}"),
            .. Moves(
                loss.Things,
                name => schemas.FirstOrDefault(schema => schema.Original == name && !schema.IsWhole)?.Name),
            .. schemas.Where(schema => schema.IsWhole)
                .Select(schema => $"ALTER SCHEMA {SqlName.Quoted(schema.Original)} RENAME TO {schema.Name}"),
            .. schemas.Select(schema => $"COMMENT ON SCHEMA {schema.Name} IS {SqlName.Literal(Mark(id))}"),
        ];
        return new StagingPlan(id, schemas, statements);
    }

    /// <summary>Whether such things, as <c>pg_identify_object</c> calls them, go from one schema to another.</summary>
    public static bool CanMove(string type) => Movable.Any(kind => kind.Type == type);

    /// <summary>Says in the live database what such a schema is.</summary>
    public static string Mark(string id) => $"pgmahout undo {id}: lost things on their way back; goes by itself";

    /// <summary>The id in what <see cref="Mark"/> made; null for another comment.</summary>
    public static string? IdOf(string comment)
    {
        const string Start = "pgmahout undo ";
        var end = comment.IndexOf(':', StringComparison.Ordinal);
        return comment.StartsWith(Start, StringComparison.Ordinal) && end > Start.Length
            ? comment[Start.Length..end]
            : null;
    }

    /// <summary>Statements that bring things from these schemas to their places.</summary>
    /// <param name="staged">The things by the names that they have there.</param>
    public IEnumerable<string> HomeStatements(ImmutableArray<LostThing> staged) =>
    [
        .. Schemas.Where(schema => schema.Lost.IsLost && !schema.IsWhole && schema.Target == schema.Original)
            .SelectMany(schema => schema.Lost.Making),
        .. Moves(staged, name => Schemas.FirstOrDefault(schema => schema.Name == name && !schema.IsWhole) is { } from
            ? SqlName.Quoted(from.Target)
            : null),
        .. Schemas.Where(schema => schema.IsWhole).SelectMany(schema => new[]
        {
            $"COMMENT ON SCHEMA {schema.Name} IS "
                + (schema.Lost.Comment is { } comment ? SqlName.Literal(comment) : "NULL"),
            $"ALTER SCHEMA {schema.Name} RENAME TO {SqlName.Quoted(schema.Target)}",
        }),
        // Not CASCADE: whatever were left in it would be missing.
        .. Schemas.Where(schema => !schema.IsWhole).Select(schema => $"DROP SCHEMA {schema.Name}"),
    ];

    private static IEnumerable<string> Moves(ImmutableArray<LostThing> things, Func<string, string?> target) =>
        from thing in things
        where !thing.IsPart && thing.Schema != ""
        let place = target(thing.Schema)
        where place is not null
        from kind in Movable
        where kind.Type == thing.Type
        orderby kind.Rank
        select $"ALTER {kind.Keyword} {thing.Identity} SET SCHEMA {place}";

    private static string Part(LossSet loss, Lineage lineage)
    {
        var child = loss.Relations.Single(relation => relation.Oid == lineage.Child).Qualified;
        return lineage.Bound is null
            ? $"ALTER TABLE {child} NO INHERIT {lineage.Parent}"
            : $"ALTER TABLE {lineage.Parent} DETACH PARTITION {child}";
    }

    /// <summary>Only now are the foreign keys of a partition its own.</summary>
    private static string DropOutwardKeys(LossSet loss)
    {
        var tables = string.Join(',', loss.Relations.Select(relation => relation.Oid));
        return $"""
            DO $do$ DECLARE k record; BEGIN
                FOR k IN SELECT conname, conrelid::regclass AS on_table FROM pg_constraint
                          WHERE contype = 'f' AND conparentid = 0 AND conrelid = ANY('{"{"}{tables}{"}"}'::oid[])
                            AND confrelid <> ALL('{"{"}{tables}{"}"}'::oid[]) LOOP
                    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', k.on_table, k.conname);
                END LOOP;
            END $do$
            """;
    }

    /// <summary>What cannot come must not be in the dump of a table that does.</summary>
    private static string? Drop(LostThing thing) => thing.Type switch
    {
        "trigger" or "policy" or "rule" when !thing.IsPart => $"DROP {thing.Type} IF EXISTS {thing.Identity}",
        _ => null,
    };
}
