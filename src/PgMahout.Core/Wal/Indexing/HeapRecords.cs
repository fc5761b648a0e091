using System.Buffers.Binary;
using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal.Decoding;

namespace PgMahout.Core.Wal.Indexing;

internal enum HeapChange
{
    None,
    Delete,
    Update,
    Truncate,
    InPlace,
}

/// <summary>What the index takes from records of tables.</summary>
internal static class HeapRecords
{
    private const byte OperationMask = 0x70;

    private const int PageHeader = 24;

    /// <summary>The connection limit of a database that is being dropped.</summary>
    private const int Invalid = -2;

    public static HeapChange ChangeOf(WalRecord record) => (record.Info & OperationMask) switch
    {
        0x10 => HeapChange.Delete,
        0x20 or 0x40 => HeapChange.Update,
        0x30 => HeapChange.Truncate,
        0x70 => HeapChange.InPlace,
        _ => HeapChange.None,
    };

    /// <summary>Of a relation that initdb did not make.</summary>
    public static bool IsUser(WalRecord record) =>
        record.Blocks.Length > 0 && record.Blocks[0].File.Number >= RelationFile.FirstUserNumber;

    public static WalEvent.Truncated Truncated(WalRecord record)
    {
        var part = new PartReader(record.Main);
        var database = part.UInt32();
        var announced = part.UInt32();
        part.Skip(4);
        var oids = ImmutableArray.CreateBuilder<uint>();
        for (var i = 0U; i < announced; i++)
            oids.Add(part.UInt32());
        return new WalEvent.Truncated(new Lsn(record.Start), record.Xid, database, oids.ToImmutable());
    }

    /// <summary>
    /// The database whose row this record overwrites with one that is marked invalid; null for any other. The row is in
    /// the record, or in the image of its page.
    /// </summary>
    public static uint? InvalidatedDatabase(WalRecord record)
    {
        if (record.Blocks.Length == 0 || record.Blocks[0].File.Tablespace != RelationFile.GlobalTablespace)
            return null;
        ref readonly var block = ref record.Blocks[0];
        var row = block is { HasImage: true, ImageCompressed: false }
            ? RowInImage(record.ImageOf(block), block.HoleOffset, new PartReader(record.Main).UInt16())
            : record.DataOf(block);
        // The OID is its first field, and every field up to the limit has a fixed place.
        var limitAt = record.Format.ConnectionLimitAt;
        return row.Length >= limitAt + sizeof(int)
            && BinaryPrimitives.ReadInt32LittleEndian(row[limitAt..]) == Invalid
            ? BinaryPrimitives.ReadUInt32LittleEndian(row)
            : null;
    }

    /// <summary>The values of the row at a line of a page whose hole, of zeros, was left out.</summary>
    private static ReadOnlySpan<byte> RowInImage(ReadOnlySpan<byte> image, int holeAt, int line)
    {
        var pointerAt = PageHeader + (line - 1) * sizeof(uint);
        if (line == 0 || pointerAt + sizeof(uint) > image.Length)
            return [];
        var pointer = BinaryPrimitives.ReadUInt32LittleEndian(image[pointerAt..]);
        var at = (int)(pointer & 0x7FFF);
        var length = (int)(pointer >> 17);
        if (at > holeAt)
            at -= RecordReader.PageSize - image.Length;
        if (at < 0 || length < 23 || at + length > image.Length)
            return [];
        var tuple = image.Slice(at, length);
        var header = tuple[22];
        return header <= length ? tuple[header..] : [];
    }
}
