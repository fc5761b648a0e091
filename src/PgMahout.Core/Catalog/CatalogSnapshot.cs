using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Catalog;

/// <summary>
/// What a server's catalogs said: with it, WAL speaks in names. Each database was read at some position between
/// <paramref name="From"/> and <paramref name="To"/>, each in one piece.
/// </summary>
/// <param name="ServerVersion">As <c>server_version_num</c>: 150018.</param>
public sealed record CatalogSnapshot(
    TimelineId Timeline,
    Lsn From,
    Lsn To,
    DateTimeOffset TakenAt,
    int ServerVersion,
    ImmutableArray<CatalogDatabase> Databases,
    ImmutableArray<CatalogObject> Roles,
    ImmutableArray<CatalogObject> Tablespaces);

public sealed record CatalogObject(uint Oid, string Name);

/// <param name="Tablespace">Where its relations are that name none.</param>
/// <param name="Unread">Why its relations are not known; null when they are.</param>
public sealed record CatalogDatabase(
    uint Oid, string Name, uint Tablespace, string Owner, string? Unread, ImmutableArray<CatalogRelation> Relations);

/// <param name="Number">What its file is named by; 0 for one without files, such as a view.</param>
/// <param name="Tablespace">0 for the database's.</param>
/// <param name="Kind">As <c>relkind</c>: r table, i index, S sequence, t TOAST, v view, p partitioned, and so on.</param>
/// <param name="Persistence">As <c>relpersistence</c>: p permanent, u unlogged, t temporary.</param>
/// <param name="Pages">Of 8 kB, when it was last vacuumed or analyzed.</param>
/// <param name="Rows">Estimated at the same time; negative when never.</param>
/// <param name="Of">The table of an index or of a TOAST table; otherwise 0.</param>
/// <param name="PartitionOf">Otherwise 0.</param>
/// <param name="Columns">Of user tables.</param>
public sealed record CatalogRelation(
    uint Oid,
    uint Number,
    uint Tablespace,
    string Schema,
    string Name,
    char Kind,
    char Persistence,
    string Owner,
    long Pages,
    double Rows,
    uint Of,
    uint PartitionOf,
    ImmutableArray<CatalogColumn> Columns);

/// <param name="Type">As SQL writes it: <c>numeric(10,2)</c>.</param>
public sealed record CatalogColumn(string Name, string Type, bool NotNull);
