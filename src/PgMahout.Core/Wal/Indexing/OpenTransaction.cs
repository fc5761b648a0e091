using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>How many rows one transaction changed in one relation.</summary>
public readonly record struct RowCount(RelationFile File, long Deleted, long Updated);

/// <summary>A database whose files were removed, or put there, by a transaction that has not ended.</summary>
/// <param name="StopBefore">Of a drop; equal to <paramref name="At"/> for a creation.</param>
public readonly record struct PendingDatabase(
    bool Created, Lsn At, Lsn StopBefore, uint Database, ImmutableArray<uint> Tablespaces)
{
    public bool Equals(PendingDatabase other) =>
        (Created, At, StopBefore, Database) == (other.Created, other.At, other.StopBefore, other.Database)
        && Tablespaces.AsSpan().SequenceEqual(other.Tablespaces.AsSpan());

    public override int GetHashCode() => HashCode.Combine(At, Database);
}

/// <summary>
/// What a transaction or subtransaction that has not ended did so far, from its beginning on, not only in one segment.
/// </summary>
/// <param name="Since">Where its first noteworthy record begins.</param>
/// <param name="Gid">Of one that was prepared for a two-phase commit; null for others.</param>
public sealed record OpenTransaction(
    uint Xid,
    Lsn Since,
    string? Gid,
    ImmutableArray<RelationFile> Made,
    ImmutableArray<RowCount> Rows,
    ImmutableArray<PendingDatabase> Databases)
{
    public bool Equals(OpenTransaction? other) =>
        other is not null && (Xid, Since, Gid) == (other.Xid, other.Since, other.Gid)
        && Made.AsSpan().SequenceEqual(other.Made.AsSpan())
        && Rows.AsSpan().SequenceEqual(other.Rows.AsSpan())
        && Databases.AsSpan().SequenceEqual(other.Databases.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Xid, Since);
}

/// <summary>Where a row of <c>pg_database</c> was marked invalid, before the drop that it belongs to.</summary>
public readonly record struct InvalidatedDatabase(uint Database, Lsn At);

/// <summary>What the index of one segment hands to the next one's.</summary>
/// <param name="Complete">
/// False when WAL before it was not read: of transactions that were running then, only the later part is known.
/// </param>
public sealed record CarriedState(
    bool Complete, ImmutableArray<OpenTransaction> Open, ImmutableArray<InvalidatedDatabase> Invalidated)
{
    /// <summary>Where nothing is known of what came before.</summary>
    public static readonly CarriedState Unknown = new(false, [], []);

    public bool Equals(CarriedState? other) =>
        other is not null && Complete == other.Complete && Open.AsSpan().SequenceEqual(other.Open.AsSpan())
        && Invalidated.AsSpan().SequenceEqual(other.Invalidated.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Complete, Open.Length, Invalidated.Length);
}
