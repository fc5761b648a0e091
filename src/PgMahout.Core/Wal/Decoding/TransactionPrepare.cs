namespace PgMahout.Core.Wal.Decoding;

/// <summary>The first phase of a two-phase commit.</summary>
/// <param name="Gid">The name it was given.</param>
public sealed record TransactionPrepare(
    uint Xid, DateTimeOffset Time, uint Database, string Gid, IReadOnlyList<uint> Subtransactions)
{
    private const byte OperationMask = 0x70;
    private const byte Prepare = 0x10;

    public static bool Is(WalRecord record) =>
        record.Manager == Rmgr.Transaction && (record.Info & OperationMask) == Prepare;

    public static TransactionPrepare Read(WalRecord record)
    {
        var part = new PartReader(record.Main);
        part.Skip(8);
        var xid = part.UInt32();
        var database = part.UInt32();
        var time = part.Time();
        part.UInt32();
        var subtransactions = part.Count(sizeof(uint));
        // How many files go on commit and on abort, from 15 on the same for statistics, and messages; a flag, padding.
        part.Skip((record.Format.DroppedStatsLength > 0 ? 5 : 3) * sizeof(uint) + 2);
        var nameLength = part.UInt16();
        // Where and when it came from, if another server sent it.
        part.Skip(16);
        var gid = part.Text(nameLength);
        part.Skip(Padding(nameLength));
        var xids = new uint[subtransactions];
        for (var i = 0; i < subtransactions; i++)
            xids[i] = part.UInt32();
        return new TransactionPrepare(xid, time, database, gid, xids);
    }

    private static int Padding(int length) => (8 - length % 8) % 8;
}
