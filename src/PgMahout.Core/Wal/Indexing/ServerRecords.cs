using System.Text;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal.Decoding;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>Records that concern the server as a whole.</summary>
internal static class ServerRecords
{
    /// <summary>Only messages with this beginning are ours.</summary>
    public const string Prefix = "pgmahout.";

    private const byte ShutdownCheckpoint = 0x00;
    private const byte OnlineCheckpoint = 0x10;
    private const byte ParameterChange = 0x60;
    private const byte RestorePoint = 0x70;
    private const byte FullPageWrites = 0x80;
    private const byte EndOfRecovery = 0x90;
    private const byte RunningTransactions = 0x10;

    private const int LongestPrefix = 64;
    private const int LongestMessage = 64 << 10;

    public static WalEvent? Event(WalRecord record) => record.Operation switch
    {
        ShutdownCheckpoint or OnlineCheckpoint => Checkpoint(record),
        RestorePoint => Restore(record),
        FullPageWrites => new WalEvent.FullPageWritesSet(new Lsn(record.Start), new PartReader(record.Main).Flag()),
        EndOfRecovery => Recovered(record),
        ParameterChange => Parameters(record),
        _ => null,
    };

    /// <summary>The number of the next transaction, and of the oldest that was running, where told.</summary>
    public static (uint Next, uint Oldest)? Running(WalRecord record)
    {
        if (record.Operation != RunningTransactions)
            return null;
        var part = new PartReader(record.Main);
        part.Skip(12);
        return (part.UInt32(), part.UInt32());
    }

    /// <summary>Null for a message that is not ours.</summary>
    public static WalEvent? Message(WalRecord record)
    {
        var part = new PartReader(record.Main);
        var database = part.UInt32();
        var transactional = part.Flag();
        part.Skip(3);
        var prefixLength = part.UInt64();
        var length = part.UInt64();
        if (prefixLength > LongestPrefix || length > LongestMessage)
            return null;
        var prefix = part.Text((int)prefixLength);
        return prefix.StartsWith(Prefix, StringComparison.Ordinal)
            ? new WalEvent.Message(
                new Lsn(record.Start), transactional ? record.Xid : 0, database, prefix,
                Encoding.UTF8.GetString(part.Take((int)length)))
            : null;
    }

    private static WalEvent.Checkpoint Checkpoint(WalRecord record)
    {
        var part = new PartReader(record.Main);
        var redo = part.UInt64();
        part.Skip(8);
        var images = part.Flag();
        part.Skip(47);
        var seconds = part.UInt64();
        if (seconds > 200_000_000_000)
            throw new InvalidDataException($"a checkpoint {seconds} s after 1970");
        return new WalEvent.Checkpoint(
            new Lsn(record.Start), new Lsn(redo), DateTimeOffset.FromUnixTimeSeconds((long)seconds),
            record.Operation == ShutdownCheckpoint, images);
    }

    private static WalEvent.RestorePoint Restore(WalRecord record)
    {
        var part = new PartReader(record.Main);
        var time = part.Time();
        return new WalEvent.RestorePoint(new Lsn(record.Start), new Lsn(record.End), time, part.TextToZero());
    }

    private static WalEvent.EndOfRecovery Recovered(WalRecord record)
    {
        var part = new PartReader(record.Main);
        var time = part.Time();
        return new WalEvent.EndOfRecovery(
            new Lsn(record.Start), time, new TimelineId(part.UInt32()), new TimelineId(part.UInt32()));
    }

    /// <summary>The level stands behind five numbers of processes, transactions and locks.</summary>
    private static WalEvent.WalLevelMinimal? Parameters(WalRecord record)
    {
        var part = new PartReader(record.Main);
        part.Skip(5 * sizeof(uint));
        return part.UInt32() == 0 ? new WalEvent.WalLevelMinimal(new Lsn(record.Start)) : null;
    }
}
