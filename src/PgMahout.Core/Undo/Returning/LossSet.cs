using System.Collections.Immutable;

namespace PgMahout.Core.Undo.Returning;

/// <summary>One thing that comes back, as the side server's catalogs describe it.</summary>
/// <param name="Type">As <c>pg_identify_object</c> calls it: <c>materialized view</c>.</param>
/// <param name="Schema">Empty when it is in none.</param>
/// <param name="Identity">As SQL writes it after the type: <c>public.f(integer)</c>.</param>
/// <param name="IsPart">It comes and goes with another thing.</param>
public sealed record LostThing(
    ObjectAddress Address, string Type, string Schema, string Name, string Identity, bool IsPart)
{
    public string Text => $"{Type} {Identity}";

    /// <summary>Something that people would name when asked what they lost; the rest belongs to such things.</summary>
    public bool IsOwn => !IsPart && (Type == "schema" || StagingPlan.CanMove(Type));
}

/// <summary>A lost relation that has a definition of its own: no index, no TOAST table.</summary>
/// <param name="Kind">
/// As <c>relkind</c>: r table, p partitioned, v view, m materialized view, S sequence, f foreign.
/// </param>
/// <param name="IsUnlogged">Its rows are not in WAL, and so are nowhere.</param>
/// <param name="IsFilled">A materialized view that was.</param>
/// <param name="Bytes">With TOAST, without indexes.</param>
/// <param name="Columns">Quoted; those that are not generated, in order.</param>
/// <param name="ReferenceColumns">Of these, those whose text depends on names: <c>regclass</c> and its kin.</param>
/// <param name="HasBinaryForm">Its rows can be carried in PostgreSQL's binary form and mean the same.</param>
public sealed record SideRelation(
    uint Oid,
    string Schema,
    string Name,
    char Kind,
    bool IsUnlogged,
    bool IsFilled,
    long Bytes,
    ImmutableArray<string> Columns,
    ImmutableArray<string> ReferenceColumns,
    bool HasBinaryForm)
{
    /// <summary>
    /// Columns whose values can be hashed as they are, by name, with the expression that is hashed; the others as text.
    /// </summary>
    public ImmutableSortedDictionary<string, string> PlainColumns { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    public bool HasRows => Kind == 'r' && !IsUnlogged && !Columns.IsEmpty;

    public string Qualified => SqlName.Qualified(Schema, Name);
}

/// <summary>A lost table is a partition or a child of a table that is still there.</summary>
/// <param name="Parent">Qualified and quoted.</param>
/// <param name="Bound"><c>FOR VALUES …</c> of a partition; null for a child by inheritance.</param>
/// <param name="Condition">What all rows of a partition fulfil; null for a default partition without any.</param>
/// <param name="Inherited">Columns that a child has from its parent only.</param>
/// <param name="Constraints">That a child has from its parent only.</param>
/// <param name="Returns">It becomes one again; else it stands for itself from now on.</param>
public sealed record Lineage(
    uint Child,
    string Parent,
    string? Bound,
    string? Condition,
    ImmutableArray<string> Inherited,
    ImmutableArray<string> Constraints,
    bool Returns);

/// <summary>A foreign key between a lost table and one that is still there.</summary>
/// <param name="Oid">In the side server.</param>
/// <param name="Table">That it is on: qualified and quoted, by its old name.</param>
/// <param name="Lost">The OID of that table when it is a lost one; else 0.</param>
/// <param name="WasValid">Else it was NOT VALID before.</param>
/// <param name="IsPartitioned">The table that it is on: then it cannot be made NOT VALID.</param>
public sealed record ForeignKey(
    uint Oid, string Table, uint Lost, string Name, string Definition, bool WasValid, bool IsPartitioned);

/// <summary>Something lost on a thing that is still there: a trigger, a policy, a default, a membership.</summary>
/// <param name="Text">What it is, for people.</param>
/// <param name="Statement">Makes it again, when the lost things have their names back; null for nothing.</param>
/// <param name="Then">Takes long, and so comes after: checks the rows, builds the index; null for nothing.</param>
public sealed record TableLink(string Text, string? Statement, string? Then);

/// <summary>A schema that the lost things were in.</summary>
/// <param name="IsLost">It is gone too.</param>
/// <param name="IsWhole">It is asked for, with all that is in it.</param>
/// <param name="Comment">Its own; null for none.</param>
/// <param name="Making">Statements that make it again as it was, when only some things in it are asked for.</param>
public sealed record LostSchema(
    string Name, bool IsLost, bool IsWhole, string? Comment, ImmutableArray<string> Making);

/// <summary>All that there is to know before anything is done.</summary>
/// <param name="Things">What comes back, parts too.</param>
/// <param name="Blocked">Cannot come; statements that take it off a lost table where it must.</param>
/// <param name="MissingRoles">Own or may use some of it, and are not in the live server.</param>
public sealed record LossSet(
    ImmutableArray<LostThing> Things,
    ImmutableArray<SideRelation> Relations,
    ImmutableArray<LostSchema> Schemas,
    ImmutableArray<Lineage> Lineages,
    ImmutableArray<ForeignKey> Keys,
    ImmutableArray<TableLink> Links,
    ImmutableArray<LostThing> Blocked,
    ImmutableArray<string> MissingRoles,
    ImmutableArray<string> Warnings)
{
    public IEnumerable<string> Objects =>
        Things.Where(thing => thing.IsOwn).Select(thing => thing.Text).Order(StringComparer.Ordinal);

    public long Bytes => Relations.Sum(relation => relation.Bytes);
}
