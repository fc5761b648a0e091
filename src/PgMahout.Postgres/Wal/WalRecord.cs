using System.Buffers.Binary;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Wal;

/// <summary>One whole, checked record, valid until the next one is read.</summary>
/// <param name="end">
/// Where the next record begins, if there is one: behind padding, not yet behind a page header.
/// </param>
internal readonly ref struct WalRecord(Lsn start, Lsn end, ReadOnlySpan<byte> bytes)
{
    public const int HeaderLength = 24;
    public const byte XlogManager = 0;
    public const byte TransactionManager = 1;

    private const byte SwitchRecord = 0x40;
    private const byte OperationMask = 0x70;
    private const byte Commit = 0x00;
    private const byte CommitPrepared = 0x30;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public Lsn Start { get; } = start;

    public Lsn End { get; } = end;

    public uint Xid => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[4..]);

    private byte Operation => _bytes[16];

    private byte Manager => _bytes[17];

    /// <summary>The rest of its segment is void.</summary>
    public bool IsSwitch => Manager == XlogManager && (Operation & 0xF0) == SwitchRecord;

    public bool IsCommit => Manager == TransactionManager && (Operation & OperationMask) is Commit or CommitPrepared;

    /// <summary>Of a commit record: the first field of its own part, microseconds after 2000-01-01 UTC.</summary>
    public DateTimeOffset CommittedAt
    {
        get
        {
            var microseconds = BinaryPrimitives.ReadInt64LittleEndian(_bytes[OwnPart()..]);
            return new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(microseconds * 10);
        }
    }

    /// <summary>
    /// The record manager's own part is last. Before it stand parts of one identifying byte each: origin (2 bytes),
    /// top-level xid (4), then the length of the own part in one byte or four. A commit refers to no blocks.
    /// </summary>
    private int OwnPart()
    {
        var at = HeaderLength;
        while (true)
            switch (_bytes[at])
            {
                case 253:
                    at += 3;
                    break;
                case 252:
                    at += 5;
                    break;
                case 255:
                    return at + 2;
                case 254:
                    return at + 5;
                case var other:
                    throw new InvalidDataException($"unexpected part {other} in the commit record at {Start}");
            }
    }
}
