using System.Collections.Immutable;

namespace PgMahout.Undoing;

/// <summary>The JSON of <c>undo rows</c>.</summary>
/// <param name="Copy">The table as of then; it stands beside the table when <paramref name="CopyStays"/>.</param>
/// <param name="Lsn">Up to where it has everything.</param>
/// <param name="Missing">There then, and not now.</param>
/// <param name="New">There now, and not then.</param>
/// <param name="Same">Rows that are what they were.</param>
/// <param name="Reaches">Foreign keys by which removing new rows reaches into other tables.</param>
/// <param name="Applied">Null when nothing was asked to be.</param>
public sealed record RowsDocument(
    int Schema,
    string Table,
    string Copy,
    bool CopyStays,
    string Lsn,
    string Backup,
    RowClassDocument? Missing,
    RowClassDocument? Changed,
    RowClassDocument? New,
    long? Same,
    ImmutableArray<string> Reaches,
    RowsAppliedDocument? Applied,
    double Seconds);

/// <param name="Examples">Keys of the first few.</param>
public sealed record RowClassDocument(long Rows, ImmutableArray<string> Examples);

/// <summary>Numbers of rows.</summary>
public sealed record RowsAppliedDocument(long Inserted, long Updated, long Deleted);
