using System.Buffers.Binary;

namespace PgMahout.Core.Wal.Decoding;

/// <summary>
/// Makes records that do nothing of those that change only files that nobody needs: a server replays what is left
/// several times faster. Every record keeps its place, length, transaction and link to the one before it.
/// </summary>
public static class WalThinning
{
    private const int PageHeader = 24;

    /// <summary>XLOG's record that does nothing, in every version.</summary>
    private const byte Nothing = 0x20;

    private const byte FullPageForHint = 0xA0;
    private const byte FullPage = 0xB0;

    /// <summary>Of the heap managers: the rest of the upper bits says that the page was made anew.</summary>
    private const byte HeapOperation = 0x70;

    private const byte ShortMain = 255;
    private const byte LongMain = 254;

    /// <summary>Changes <paramref name="content"/> in place.</summary>
    /// <param name="content">Of the segment, from its beginning on.</param>
    /// <param name="needed">The files of which every change must stay.</param>
    /// <returns>Bytes of the records that do nothing any more.</returns>
    /// <remarks>
    /// A record that began in the segment before, or ends in the next one, stays. Nothing is changed that a server
    /// would not have taken for a record: only what has a sound checksum gets another.
    /// </remarks>
    public static long Apply(WalSegment segment, Memory<byte> content, Func<RelationFile, bool> needed)
    {
        var reader = new RecordReader(segment.Start.Value, segment.Size, checksums: false);
        var thinned = 0L;
        reader.Feed(content);
        while (reader.Read() == ReadResult.Record)
        {
            var record = reader.Record;
            if (!IsNeedless(record, needed) || !Crc32C.IsValid(record.Bytes))
                continue;
            Empty(record, content.Span, (int)(record.Start - segment.Start.Value));
            thinned += record.Length;
        }
        return thinned;
    }

    private static bool IsNeedless(WalRecord record, Func<RelationFile, bool> needed)
    {
        if (record.Blocks.IsEmpty || record.ChangesFilesOtherwise || !ChangesBlocksOnly(record))
            return false;
        foreach (ref readonly var block in record.Blocks)
            if (needed(block.File))
                return false;
        return true;
    }

    /// <summary>
    /// Whether replaying it does nothing but change the blocks that it names, and the maps of free space and of
    /// visibility of the same relations. Of the heap, what is left out: a change in place may tell sessions, and what
    /// is there for logical decoding only names no blocks or writes files of its own.
    /// </summary>
    private static bool ChangesBlocksOnly(WalRecord record) => record.Manager switch
    {
        Rmgr.Xlog => record.Operation is FullPage or FullPageForHint,
        // Insert, delete, update, update in one page, confirmation, lock.
        Rmgr.Heap => (record.Info & HeapOperation) is 0x00 or 0x10 or 0x20 or 0x40 or 0x50 or 0x60,
        // Pruning, vacuum, freezing, visibility, several inserts, lock of a newer version.
        Rmgr.Heap2 => (record.Info & HeapOperation) is 0x10 or 0x20 or 0x30 or 0x40 or 0x50 or 0x60,
        Rmgr.Btree or Rmgr.Hash or Rmgr.Gin or Rmgr.Gist or Rmgr.SpGist or Rmgr.Brin or Rmgr.Generic => true,
        _ => false,
    };

    /// <summary>What followed its header becomes one part that belongs to no block.</summary>
    private static void Empty(WalRecord record, Span<byte> segment, int at)
    {
        const int Header = WalRecord.HeaderLength;
        Span<byte> head = stackalloc byte[Header + 5];
        record.Bytes[..Header].CopyTo(head);
        head[WalRecord.InfoAt] = Nothing;
        head[WalRecord.ManagerAt] = Rmgr.Xlog;
        if (record.Length - (Header + 2) <= byte.MaxValue)
        {
            head[Header] = ShortMain;
            head[Header + 1] = (byte)(record.Length - (Header + 2));
            head = head[..(Header + 2)];
        }
        else
        {
            head[Header] = LongMain;
            BinaryPrimitives.WriteUInt32LittleEndian(head[(Header + 1)..], (uint)(record.Length - head.Length));
        }
        var sum = Crc32C.OfRecord(head, record.Bytes[head.Length..]);
        BinaryPrimitives.WriteUInt32LittleEndian(head[WalRecord.CrcAt..], sum);
        Put(segment, at, head);
    }

    /// <summary>A record goes on behind the header of the next page.</summary>
    private static void Put(Span<byte> segment, int at, ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var here = Math.Min(bytes.Length, RecordReader.PageSize - at % RecordReader.PageSize);
            bytes[..here].CopyTo(segment[at..]);
            bytes = bytes[here..];
            if (bytes.IsEmpty)
                return;
            at += here + PageHeader;
        }
    }
}
