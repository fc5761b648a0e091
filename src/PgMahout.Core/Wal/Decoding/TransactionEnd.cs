using System.Collections.Immutable;

namespace PgMahout.Core.Wal.Decoding;

/// <summary>An object whose statistics went with it; from PostgreSQL 15 on, commits tell.</summary>
/// <param name="Kind">2 is a relation, 3 a function.</param>
public readonly record struct DroppedObject(uint Kind, uint Database, uint Oid)
{
    public const uint RelationKind = 2;
}

/// <summary>How a transaction ended, as its record tells.</summary>
/// <param name="Xid">The top-level one; also of a prepared transaction, which another one ends.</param>
/// <param name="Time">When, on the server's clock.</param>
/// <param name="Database">0 where the record does not say.</param>
/// <param name="Subtransactions">That end with it.</param>
/// <param name="Lost">Relations whose files are removed.</param>
/// <param name="Objects">Dropped with their statistics.</param>
public sealed record TransactionEnd(
    bool Committed,
    uint Xid,
    DateTimeOffset Time,
    uint Database,
    ImmutableArray<uint> Subtransactions,
    ImmutableArray<RelationFile> Lost,
    ImmutableArray<DroppedObject> Objects)
{
    private const byte OperationMask = 0x70;
    private const byte Commit = 0x00;
    private const byte Abort = 0x20;
    private const byte CommitPrepared = 0x30;
    private const byte AbortPrepared = 0x40;
    private const byte HasDetails = 0x80;

    private const uint WithDatabase = 0x001;
    private const uint WithSubtransactions = 0x002;
    private const uint WithFiles = 0x004;
    private const uint WithInvalidations = 0x008;
    private const uint WithTwoPhase = 0x010;
    private const uint WithDroppedStats = 0x100;

    private const int InvalidationLength = 16;

    /// <summary>Whether the record ends a transaction.</summary>
    public static bool Is(WalRecord record) =>
        record.Manager == Rmgr.Transaction
        && (record.Info & OperationMask) is Commit or Abort or CommitPrepared or AbortPrepared;

    public static bool IsCommit(WalRecord record) =>
        record.Manager == Rmgr.Transaction && (record.Info & OperationMask) is Commit or CommitPrepared;

    /// <summary>Of a record that <see cref="Is"/> one, without the rest.</summary>
    public static DateTimeOffset TimeOf(WalRecord record) => new PartReader(record.Main).Time();

    /// <summary>Whether the record says more than when, so that reading it is worth it.</summary>
    public static bool HasMore(WalRecord record) => (record.Info & HasDetails) != 0;

    public static TransactionEnd Read(WalRecord record)
    {
        var part = new PartReader(record.Main);
        var time = part.Time();
        var details = (record.Info & HasDetails) != 0 ? part.UInt32() : 0;
        uint database = 0;
        if ((details & WithDatabase) != 0)
        {
            database = part.UInt32();
            part.UInt32();
        }
        var subtransactions = (details & WithSubtransactions) != 0 ? Xids(ref part) : [];
        var lost = (details & WithFiles) != 0 ? Relations(ref part) : [];
        var objects = (details & WithDroppedStats) != 0 ? Dropped(ref part, record.Format) : [];
        if ((details & WithInvalidations) != 0)
            part.Skip(part.Count(InvalidationLength) * (long)InvalidationLength);
        var xid = (details & WithTwoPhase) != 0 ? part.UInt32() : record.Xid;
        return new TransactionEnd(IsCommit(record), xid, time, database, subtransactions, lost, objects);
    }

    private static ImmutableArray<uint> Xids(ref PartReader part)
    {
        var xids = new uint[part.Count(sizeof(uint))];
        for (var i = 0; i < xids.Length; i++)
            xids[i] = part.UInt32();
        return [.. xids];
    }

    private static ImmutableArray<RelationFile> Relations(ref PartReader part)
    {
        var files = new RelationFile[part.Count(12)];
        for (var i = 0; i < files.Length; i++)
            files[i] = part.Relation();
        return [.. files];
    }

    /// <summary>From 18 on the object's number has 8 bytes; those of relations and functions fill 4.</summary>
    private static ImmutableArray<DroppedObject> Dropped(ref PartReader part, WalFormat format)
    {
        if (format.DroppedStatsLength == 0)
            throw new InvalidDataException("a commit of PostgreSQL 14 drops statistics");
        var objects = new DroppedObject[part.Count(format.DroppedStatsLength)];
        for (var i = 0; i < objects.Length; i++)
        {
            objects[i] = new DroppedObject(part.UInt32(), part.UInt32(), part.UInt32());
            part.Skip(format.DroppedStatsLength - 12);
        }
        return [.. objects];
    }
}
