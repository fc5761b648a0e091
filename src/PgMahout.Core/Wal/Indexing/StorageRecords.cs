using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal.Decoding;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>Files of relations made and cut short.</summary>
internal static class StorageRecords
{
    private const byte Create = 0x10;
    private const byte Truncate = 0x20;
    private const uint CutsMain = 0x01;

    public static RelationFork? Created(WalRecord record)
    {
        if (record.Operation != Create)
            return null;
        var part = new PartReader(record.Main);
        var file = part.Relation();
        return new RelationFork(file, (Fork)part.UInt32());
    }

    /// <summary>The main fork and its new length in blocks.</summary>
    public static (RelationFile File, uint Length)? Truncated(WalRecord record)
    {
        if (record.Operation != Truncate)
            return null;
        var part = new PartReader(record.Main);
        var length = part.UInt32();
        var file = part.Relation();
        return (part.UInt32() & CutsMain) != 0 ? (file, length) : null;
    }

    /// <summary>Known, and of no concern to main forks.</summary>
    public static bool TouchesOtherForks(WalRecord record) => record.Operation == Truncate;
}

/// <summary>Directories of databases made and removed.</summary>
internal static class DatabaseRecords
{
    public static PendingDatabase Read(WalRecord record)
    {
        var at = new Lsn(record.Start);
        var part = new PartReader(record.Main);
        var database = part.UInt32();
        if (record.Operation != record.Format.DatabaseDrop)
            return new PendingDatabase(true, at, at, database, [part.UInt32()]);
        var tablespaces = new uint[part.Count(sizeof(uint))];
        for (var i = 0; i < tablespaces.Length; i++)
            tablespaces[i] = part.UInt32();
        return new PendingDatabase(false, at, at, database, [.. tablespaces]);
    }
}
