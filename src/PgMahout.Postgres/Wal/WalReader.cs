using System.Buffers.Binary;
using System.Numerics;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Wal;

/// <summary>
/// Reads records in order until the first that is not whole and valid, exactly as crash recovery would: that is where
/// the server's WAL ends. Checks page headers, lengths, the chain of back references and CRC-32C.
/// </summary>
internal sealed class WalReader(WalSegments segments, Lsn start)
{
    private const int ShortHeader = 24;
    private const int LongHeader = 40;
    private const int HeaderBeforeCrc = 20;
    private const ushort ContinuesRecord = 0x01;
    private const ushort HasLongHeader = 0x02;
    private const ushort OverwritesRecord = 0x08;
    private const uint LongestRecord = 1 << 30;

    private readonly byte[] _page = new byte[WalSegments.PageSize];
    private byte[] _record = new byte[64 << 10];
    private ulong _pageAddress = ulong.MaxValue;
    private ulong _next = start.Value;
    private ulong? _previous;

    /// <summary>Behind the last record read: where the next one would begin. The start, before the first.</summary>
    public Lsn End { get; private set; } = start;

    /// <summary>The next record; false at the end of WAL.</summary>
    public bool TryRead(out WalRecord record)
    {
        // A record that a crash cut off and its successor wrote off is skipped once, at most, for each call.
        while (true)
        {
            record = default;
            var outcome = Assemble(out var at, out var length, out var end);
            if (outcome == Assembly.Abandoned)
                continue;
            if (outcome == Assembly.End || !IsValid(at, length))
                return false;
            record = new WalRecord(new Lsn(at), new Lsn(end), _record.AsSpan(0, length));
            if (record.IsSwitch)
            {
                end = (end + segments.SegmentSize - 1) / segments.SegmentSize * segments.SegmentSize;
                record = new WalRecord(new Lsn(at), new Lsn(end), _record.AsSpan(0, length));
            }
            _previous = at;
            _next = end;
            End = new Lsn(end);
            return true;
        }
    }

    private enum Assembly
    {
        Whole,
        Abandoned,
        End,
    }

    /// <summary>Copies the bytes of the next record, which may lie on many pages, into one place.</summary>
    private Assembly Assemble(out ulong at, out int length, out ulong end)
    {
        at = _next;
        length = 0;
        end = 0;
        if (!Load(at))
            return Assembly.End;
        if (at % WalSegments.PageSize == 0)
            at += (uint)HeaderLength;
        var offset = (int)(at % WalSegments.PageSize);
        var total = BinaryPrimitives.ReadUInt32LittleEndian(_page.AsSpan(offset));
        if (total is < WalRecord.HeaderLength or > LongestRecord)
            return Assembly.End;
        length = (int)total;
        if (_record.Length < length)
            _record = new byte[Math.Max(length, _record.Length * 2)];
        var copied = Math.Min(length, WalSegments.PageSize - offset);
        _page.AsSpan(offset, copied).CopyTo(_record);
        end = at + (uint)copied;
        // Its beginning is checked before its length is believed: old bytes may promise gigabytes.
        if (copied >= WalRecord.HeaderLength && !HasValidLink(at))
            return Assembly.End;
        while (copied < length)
        {
            var outcome = Continue(ref copied, length, ref end);
            if (outcome != Assembly.Whole)
                return outcome;
        }
        end = (end + 7) & ~7UL;
        return Assembly.Whole;
    }

    private Assembly Continue(ref int copied, int length, ref ulong end)
    {
        if (!Load(end))
            return Assembly.End;
        if ((Flags & OverwritesRecord) != 0)
        {
            _next = end;
            _previous = null;
            return Assembly.Abandoned;
        }
        if ((Flags & ContinuesRecord) == 0 || Remaining != (uint)(length - copied))
            return Assembly.End;
        var part = Math.Min(length - copied, WalSegments.PageSize - HeaderLength);
        _page.AsSpan(HeaderLength, part).CopyTo(_record.AsSpan(copied));
        copied += part;
        end += (uint)(HeaderLength + part);
        return Assembly.Whole;
    }

    /// <summary>Makes the page of this address the present one, if it is there and is that page.</summary>
    private bool Load(ulong address)
    {
        var page = address - address % WalSegments.PageSize;
        if (page == _pageAddress)
            return true;
        _pageAddress = ulong.MaxValue;
        if (!segments.ReadPage(page, _page) || BinaryPrimitives.ReadUInt64LittleEndian(_page.AsSpan(8)) != page)
            return false;
        var first = page % segments.SegmentSize == 0;
        if (first != ((Flags & HasLongHeader) != 0))
            return false;
        _pageAddress = page;
        return true;
    }

    private ushort Flags => BinaryPrimitives.ReadUInt16LittleEndian(_page.AsSpan(2));

    private uint Remaining => BinaryPrimitives.ReadUInt32LittleEndian(_page.AsSpan(16));

    private int HeaderLength => (Flags & HasLongHeader) != 0 ? LongHeader : ShortHeader;

    private bool HasValidLink(ulong at)
    {
        var link = BinaryPrimitives.ReadUInt64LittleEndian(_record.AsSpan(8));
        return _previous is { } previous ? link == previous : link < at;
    }

    /// <summary>The checksum covers what follows the header first, then the header up to the checksum itself.</summary>
    private bool IsValid(ulong at, int length)
    {
        if (!HasValidLink(at))
            return false;
        var crc = Checksum(uint.MaxValue, _record.AsSpan(WalRecord.HeaderLength, length - WalRecord.HeaderLength));
        crc = Checksum(crc, _record.AsSpan(0, HeaderBeforeCrc));
        return ~crc == BinaryPrimitives.ReadUInt32LittleEndian(_record.AsSpan(HeaderBeforeCrc));
    }

    private static uint Checksum(uint crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return crc;
    }
}
