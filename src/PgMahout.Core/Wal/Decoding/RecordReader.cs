using System.Buffers.Binary;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Wal.Decoding;

public enum ReadResult
{
    Record,

    /// <summary>What is there was read; the next record is not whole yet.</summary>
    NeedsMore,

    /// <summary>No record can follow: <see cref="RecordReader.Fault"/> says why. It stays so.</summary>
    Broken,
}

/// <summary>
/// Takes WAL in consecutive pieces of any length and gives its records in order. The first piece begins with a page;
/// a record that began before it is passed over. A record that a crash cut off and the server wrote off is left out.
/// For one thread.
/// </summary>
/// <param name="start">The address of the first byte: a multiple of the page size.</param>
/// <param name="segmentSize">In bytes.</param>
/// <param name="checksums">
/// Whether each record's checksum is compared. It costs about as much as all the rest; a stream that TCP and the server
/// vouch for does without.
/// </param>
public sealed class RecordReader(ulong start, uint segmentSize, bool checksums)
{
    public const int PageSize = 8192;

    private const int ShortHeader = 24;
    private const int LongHeader = 40;
    private const ushort ContinuesRecord = 0x01;
    private const ushort HasLongHeader = 0x02;
    private const ushort OverwritesRecord = 0x08;
    private const byte SwitchOperation = 0x40;

    private ReadOnlyMemory<byte> _piece;
    private ulong _pieceStart = start;
    private ulong _at = start;
    private ulong? _previous;

    // A record that does not lie in one page of one piece is put together here.
    private byte[] _record = new byte[64 << 10];
    private ulong _recordStart;
    private int _have;
    private int _need;

    /// <summary>The record of the last <see cref="ReadResult.Record"/>.</summary>
    public WalRecord Record { get; } = new();

    /// <summary>Up to here all records were read: where the next one begins, or would.</summary>
    public Lsn At => new(_need > 0 ? _recordStart : _at);

    /// <summary>Behind the last byte that was fed.</summary>
    public Lsn Fed => new(_pieceStart + (uint)_piece.Length);

    public ulong SystemIdentifier { get; private set; }

    /// <summary>Of the last page; null before the first.</summary>
    public WalFormat? Format { get; private set; }

    /// <summary>Why nothing can follow; null while something can.</summary>
    public string? Fault { get; private set; }

    /// <summary>
    /// The bytes that follow those fed before. They must stay as they are until <see cref="Read"/> asked for more. All
    /// that is readable must have been read.
    /// </summary>
    public void Feed(ReadOnlyMemory<byte> piece)
    {
        var end = _pieceStart + (uint)_piece.Length;
        if (_at >= end)
        {
            _pieceStart = end;
            _piece = piece;
            return;
        }
        // A page's header was cut, or the length of a record: a few bytes.
        var left = (int)(end - _at);
        var joined = new byte[left + piece.Length];
        _piece.Span[^left..].CopyTo(joined);
        piece.Span.CopyTo(joined.AsSpan(left));
        _pieceStart = _at;
        _piece = joined;
    }

    public ReadResult Read()
    {
        while (Fault is null)
        {
            var available = _pieceStart + (uint)_piece.Length;
            if (_at >= available)
                return ReadResult.NeedsMore;
            var rest = _piece.Span[(int)(_at - _pieceStart)..];
            if (_at % PageSize == 0)
            {
                if (!EnterPage(rest))
                    return Fault is null ? ReadResult.NeedsMore : ReadResult.Broken;
                continue;
            }
            var inPage = (int)Math.Min((ulong)rest.Length, PageSize - _at % PageSize);
            if (_need == 0 && (inPage < sizeof(uint) || !Begin(rest)))
                return Fault is null ? ReadResult.NeedsMore : ReadResult.Broken;
            if (Take(rest, inPage))
                return Fault is null ? ReadResult.Record : ReadResult.Broken;
        }
        return ReadResult.Broken;
    }

    /// <summary>Checks the page's header and goes behind it, and the rest of a record that is not wanted.</summary>
    private bool EnterPage(ReadOnlySpan<byte> rest)
    {
        var first = _at % segmentSize == 0;
        var header = first ? LongHeader : ShortHeader;
        if (rest.Length < header)
            return false;
        if (WalFormat.Of(BinaryPrimitives.ReadUInt16LittleEndian(rest)) is not { } format)
            return Break($"no WAL page of PostgreSQL 14 to 18 at {new Lsn(_at)}");
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]);
        if (BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]) != _at || first != ((flags & HasLongHeader) != 0))
            return Break($"the page at {new Lsn(_at)} is not of this place");
        if (first && BinaryPrimitives.ReadUInt32LittleEndian(rest[32..]) != segmentSize)
            return Break($"the segment at {new Lsn(_at)} has another size than {segmentSize} bytes");
        if (first)
            SystemIdentifier = BinaryPrimitives.ReadUInt64LittleEndian(rest[24..]);
        var remaining = BinaryPrimitives.ReadUInt32LittleEndian(rest[16..]);
        if (!Continues(flags, remaining, out var skip))
            return Break($"the record at {new Lsn(_recordStart)} does not go on at {new Lsn(_at)}");
        Format = format;
        _at += (uint)header;
        if (skip > 0)
            _at += Math.Min(Aligned(skip), (ulong)(PageSize - header));
        return true;
    }

    /// <summary>Whether the page goes on with the record at hand; how many bytes of another one to pass over.</summary>
    private bool Continues(ushort flags, uint remaining, out uint skip)
    {
        skip = 0;
        if ((flags & OverwritesRecord) != 0)
        {
            _need = 0;
            _previous = null;
            return true;
        }
        if (_need > 0)
            return (flags & ContinuesRecord) != 0 && remaining == (uint)(_need - _have);
        if ((flags & ContinuesRecord) == 0)
            return true;
        // Before the first record, and behind the beginning of one that was passed over.
        skip = remaining;
        return _previous is null;
    }

    private bool Begin(ReadOnlySpan<byte> rest)
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        if (length is < WalRecord.HeaderLength or > WalRecord.Longest)
            return Break($"there is no record at {new Lsn(_at)}");
        _recordStart = _at;
        _need = (int)length;
        _have = 0;
        return true;
    }

    /// <summary>Takes what is here of the record; true when it is whole or turned out to be none.</summary>
    private bool Take(ReadOnlySpan<byte> rest, int inPage)
    {
        var length = Math.Min(_need - _have, inPage);
        if (length == _need)
            return Complete(_piece.Slice((int)(_at - _pieceStart), length), length);
        if (_have == 0 && !HasValidStart(rest[..length]))
            return true;
        if (_record.Length < _have + length)
            Array.Resize(ref _record, Math.Max(_have + length, (int)Math.Min(_record.Length * 2L, WalRecord.Longest)));
        rest[..length].CopyTo(_record.AsSpan(_have));
        _have += length;
        if (_have == _need)
            return Complete(_record.AsMemory(0, _need), length);
        _at += (uint)length;
        return false;
    }

    private bool Complete(ReadOnlyMemory<byte> bytes, int length)
    {
        var end = Aligned(_at + (uint)length);
        _need = 0;
        if (!HasValidStart(bytes.Span) || !HasValidSum(bytes.Span))
            return true;
        if (!Record.TryFill(Format!, _recordStart, end, bytes))
            return !Break($"the record at {new Lsn(_recordStart)} has parts that do not fit its length");
        if (Record.Manager == Rmgr.Xlog && Record.Operation == SwitchOperation)
            Record.End = end = (end + segmentSize - 1) / segmentSize * segmentSize;
        _previous = _recordStart;
        _at = end;
        return true;
    }

    /// <summary>Its beginning is checked before its length is believed: old bytes promise anything.</summary>
    private bool HasValidStart(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < WalRecord.HeaderLength)
            return true;
        var link = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        var linked = _previous is { } previous ? link == previous : link < _recordStart;
        return (linked && Rmgr.IsKnown(bytes[17]))
            || Break($"what is at {new Lsn(_recordStart)} does not follow the record before it");
    }

    private bool HasValidSum(ReadOnlySpan<byte> bytes) =>
        !checksums || Crc32C.IsValid(bytes) || Break($"the record at {new Lsn(_recordStart)} fails its checksum");

    private bool Break(string why)
    {
        Fault = why;
        _need = 0;
        return false;
    }

    private static ulong Aligned(ulong at) => (at + 7) & ~7UL;
}
