using System.Collections.Immutable;

namespace PgMahout.Undo.Returning;

/// <summary>What came back.</summary>
/// <param name="Objects">As the catalogs identify them: <c>table public.orders</c>, in order of name.</param>
/// <param name="Unproven">Foreign keys that stayed NOT VALID, because rows no longer match.</param>
/// <param name="Warnings">Each one sentence: what did not come, or not as it was, and why.</param>
public sealed record Returned(
    ImmutableArray<string> Objects,
    ImmutableArray<ReturnedTable> Tables,
    ImmutableArray<UnprovenKey> Unproven,
    ImmutableArray<string> Warnings)
{
    public long Rows => Tables.Sum(table => table.Rows);

    public long Bytes => Tables.Sum(table => table.Bytes);
}

/// <param name="Name">With its schema, as it is in the live database now.</param>
/// <param name="Rows">Counted in the live database after loading; the same as in the side server.</param>
/// <param name="Bytes">That were carried over.</param>
/// <param name="Checksum">
/// The sum of the 64-bit hashes of all rows; the same in both. It does not depend on the order of rows.
/// </param>
public sealed record ReturnedTable(string Name, long Rows, long Bytes, string Checksum);

/// <param name="Table">That the foreign key is on.</param>
/// <param name="Rows">How many rows refer to nothing.</param>
/// <param name="Examples">Some of their keys, as text.</param>
public sealed record UnprovenKey(string Table, string Constraint, long Rows, ImmutableArray<string> Examples);

/// <summary>What a run would do, found out without changing anything.</summary>
/// <param name="Objects">As in <see cref="Returned"/>, by the names that they get.</param>
/// <param name="Bytes">Of the tables and their TOAST in the side server.</param>
/// <param name="Links">What ties them to tables that are still there: foreign keys, partitions, publications.</param>
public sealed record ReturnPlan(
    ImmutableArray<string> Objects, long Bytes, ImmutableArray<string> Links, ImmutableArray<string> Warnings);
