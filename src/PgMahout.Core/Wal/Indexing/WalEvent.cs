using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal.Decoding;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>Something in WAL that an operator may look for.</summary>
/// <param name="At">Where its record begins; of what a transaction did to relations, its COMMIT.</param>
public abstract record WalEvent(Lsn At)
{
    /// <summary>A transaction removed relation files.</summary>
    /// <param name="Since">Where the transaction's first noteworthy record begins, at most <see cref="At"/>.</param>
    /// <param name="Lost">Files that were there before the transaction.</param>
    /// <param name="Made">Files that it made and that stayed.</param>
    /// <param name="Dropped">Relations and functions by OID; always empty on PostgreSQL 14.</param>
    public sealed record FilesLost(
        Lsn At,
        Lsn Since,
        DateTimeOffset Time,
        uint Xid,
        uint Database,
        ImmutableArray<RelationFile> Lost,
        ImmutableArray<RelationFile> Made,
        ImmutableArray<DroppedObject> Dropped) : WalEvent(At)
    {
        /// <summary>
        /// It also dropped relations that it had made itself, as a rewrite does and TRUNCATE does not; never known on
        /// PostgreSQL 14.
        /// </summary>
        public bool Transient { get; init; }

        public LossKind Kind =>
            Made.IsEmpty ? LossKind.Dropped
            : !Dropped.IsEmpty ? LossKind.Mixed
            : Made.Length >= Lost.Length ? LossKind.Rewritten
            : LossKind.Mixed;
    }

    /// <summary>A committed transaction deleted or updated many rows of one relation.</summary>
    /// <param name="Since">Where its first change of such kind begins.</param>
    public sealed record RowsChanged(
        Lsn At, Lsn Since, DateTimeOffset Time, uint Xid, RelationFile File, long Deleted, long Updated) : WalEvent(At);

    /// <summary>Tables truncated, by OID; logged only with <c>wal_level = logical</c>.</summary>
    public sealed record Truncated(Lsn At, uint Xid, uint Database, ImmutableArray<uint> Oids) : WalEvent(At);

    public sealed record DatabaseCreated(
        Lsn At, DateTimeOffset Time, uint Xid, uint Database, uint Tablespace) : WalEvent(At);

    /// <param name="StopBefore">
    /// The last place where recovery ends with a usable database. It is before the COMMIT and before the removal of the
    /// files: newer servers first mark the row of <c>pg_database</c> invalid, which no rollback takes back.
    /// </param>
    public sealed record DatabaseDropped(
        Lsn At, Lsn StopBefore, DateTimeOffset Time, uint Xid, uint Database, ImmutableArray<uint> Tablespaces)
        : WalEvent(At);

    /// <param name="End">Behind its record: recovery that includes it stops here.</param>
    public sealed record RestorePoint(Lsn At, Lsn End, DateTimeOffset Time, string Name) : WalEvent(At);

    /// <param name="Redo">Recovery from it begins here.</param>
    /// <param name="Shutdown">The server was stopped, or recovered from a crash.</param>
    public sealed record Checkpoint(Lsn At, Lsn Redo, DateTimeOffset Time, bool Shutdown, bool FullPageWrites)
        : WalEvent(At);

    /// <summary>The server was promoted here, or recovered from a crash.</summary>
    public sealed record EndOfRecovery(
        Lsn At, DateTimeOffset Time, TimelineId Timeline, TimelineId Before) : WalEvent(At);

    /// <summary><c>full_page_writes</c> changed: while it is off, no backup can be recovered from.</summary>
    public sealed record FullPageWritesSet(Lsn At, bool On) : WalEvent(At);

    /// <summary><c>wal_level</c> became minimal: some changes of files are not in WAL from here on.</summary>
    public sealed record WalLevelMinimal(Lsn At) : WalEvent(At);

    /// <summary>A message of ours, written with <c>pg_logical_emit_message</c>.</summary>
    /// <param name="Xid">0 for one that is there whether or not its transaction commits.</param>
    public sealed record Message(Lsn At, uint Xid, uint Database, string Prefix, string Content) : WalEvent(At);
}

/// <summary>What a transaction that removed files did to relations, as far as WAL alone tells.</summary>
public enum LossKind
{
    /// <summary>Everything it removed is gone.</summary>
    Dropped,

    /// <summary>TRUNCATE, VACUUM FULL, CLUSTER, REINDEX or ALTER TABLE put new files in their place.</summary>
    Rewritten,

    /// <summary>Some of both: names, from the catalogs before and after, tell which is which.</summary>
    Mixed,
}
