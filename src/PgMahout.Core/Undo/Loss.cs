using System.Collections.Immutable;
using PgMahout.Core.Catalog;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;

namespace PgMahout.Core.Undo;

/// <summary>What happened to what is lost.</summary>
public enum LossCause
{
    Dropped,
    Truncated,

    /// <summary>
    /// New files took the place of the old ones: VACUUM FULL, CLUSTER, ALTER TABLE; on PostgreSQL 14 also TRUNCATE,
    /// which WAL does not tell apart there.
    /// </summary>
    Rewritten,

    Deleted,
    Updated,
    DatabaseDropped,
}

/// <summary>Something that one committed transaction took away.</summary>
/// <param name="At">Where the COMMIT begins; of a dropped database, the removal of its files.</param>
/// <param name="StopBefore">Recovery that ends before the record that begins here still has everything.</param>
/// <param name="Relations">Those that are lost, indexes and TOAST too as far as they are known; ascending.</param>
public sealed record Loss(
    LossCause Cause,
    Lsn At,
    Lsn StopBefore,
    DateTimeOffset Time,
    uint Xid,
    LostDatabase Database,
    ImmutableArray<LostRelation> Relations)
{
    /// <summary>Of a deletion or an update; otherwise 0.</summary>
    public long Rows { get; init; }

    /// <summary>Known where the drop guard writes it.</summary>
    public LossAuthor? By { get; init; }

    /// <summary>What a user would name: tables, partitioned tables, views; sequences where nothing else went.</summary>
    public ImmutableArray<LostRelation> Tables
    {
        get
        {
            ImmutableArray<LostRelation> tables = [.. Relations.Where(one => one.IsTable)];
            return tables.IsEmpty ? [.. Relations.Where(one => one.Named?.Relation.Kind == 'S')] : tables;
        }
    }

    /// <summary>Tables that are no partition of another lost one.</summary>
    public ImmutableArray<LostRelation> Roots
    {
        get
        {
            var lost = Relations.Select(one => one.Oid).ToHashSet();
            return [.. Tables.Where(one => one.Named is not { } named || !lost.Contains(named.Relation.PartitionOf))];
        }
    }

    /// <summary>Relations that no snapshot of the catalogs knows: made or renamed since.</summary>
    public ImmutableArray<LostRelation> Unnamed => [.. Relations.Where(one => one.Named is null)];

    /// <summary>Nothing of it is data: an index, or a copy of one.</summary>
    public bool IsOnlyIndexes =>
        Relations.Length > 0 && Relations.All(one => one.Named is { Relation.Kind: 'i' or 'I' });

    public bool Equals(Loss? other) =>
        other is not null && (Cause, At, StopBefore, Time, Xid, Database, Rows, By)
            == (other.Cause, other.At, other.StopBefore, other.Time, other.Xid, other.Database, other.Rows,
                other.By)
        && Relations.AsSpan().SequenceEqual(other.Relations.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Cause, At, Xid);
}

/// <param name="Name">Null when no snapshot knows it.</param>
public sealed record LostDatabase(uint Oid, string? Name)
{
    public string Text => Name ?? $"database with OID {Oid}";
}

/// <param name="Oid">0 when only its file is known.</param>
/// <param name="File">Null when only its OID is known.</param>
/// <param name="Named">By the last snapshot before; null when that does not have it.</param>
public sealed record LostRelation(uint Oid, RelationFile? File, NamedRelation? Named)
{
    /// <summary>Known to be one.</summary>
    public bool IsTable => Named is { Relation.Kind: 'r' or 'p' or 'm' or 'v' or 'f' };

    public bool Fits(WantedName name) =>
        Named is { Database.Name: var database, Relation: var relation }
        && name.Fits(database, relation.Schema, relation.Name);

    public string Text => Named?.Text ?? (Oid != 0 ? $"OID {Oid}" : $"file {File}");
}
