using System.Buffers.Binary;

namespace PgMahout.Core.Wal.Decoding;

/// <summary>
/// One whole record, taken apart. The reader fills the same one again and again: it is valid until the next is read.
/// </summary>
public sealed class WalRecord
{
    public const int HeaderLength = 24;
    public const int CrcAt = 20;

    internal const int InfoAt = 16;
    internal const int ManagerAt = 17;

    /// <summary>More than any server makes; PostgreSQL itself refuses more.</summary>
    public const uint Longest = 1020 << 20;

    internal const int MostBlocks = 33;

    private readonly BlockReference[] _blocks = new BlockReference[MostBlocks];
    private ReadOnlyMemory<byte> _bytes;
    private int _blockCount;
    private int _mainAt;
    private int _mainLength;

    /// <summary>How WAL of its version is laid out.</summary>
    public WalFormat Format { get; private set; } = WalFormat.All[0];

    public ulong Start { get; private set; }

    /// <summary>
    /// Where the next record begins, if there is one: behind padding, not yet behind a page header. For a switch, the
    /// end of the segment.
    /// </summary>
    public ulong End { get; internal set; }

    public uint Xid { get; private set; }

    /// <summary>Where the record before it begins.</summary>
    public ulong Previous { get; private set; }

    public byte Manager { get; private set; }

    /// <summary>Operation in the upper four bits, flags in the lower.</summary>
    public byte Info { get; private set; }

    public byte Operation => (byte)(Info & 0xF0);

    /// <summary>It changes relation files in ways that its block references do not tell.</summary>
    public bool ChangesFilesOtherwise => (Info & 0x01) != 0;

    /// <summary>In bytes, header and page images included.</summary>
    public int Length => _bytes.Length;

    /// <summary>In bytes, of all page images as stored.</summary>
    public int ImageBytes { get; private set; }

    /// <summary>The top-level transaction, where a record of a subtransaction names it; otherwise 0.</summary>
    public uint TopXid { get; private set; }

    public ushort Origin { get; private set; }

    public ReadOnlySpan<BlockReference> Blocks => _blocks.AsSpan(0, _blockCount);

    public ReadOnlySpan<byte> Bytes => _bytes.Span;

    /// <summary>The part that belongs to no block.</summary>
    public ReadOnlySpan<byte> Main => _bytes.Span.Slice(_mainAt, _mainLength);

    public ReadOnlySpan<byte> DataOf(in BlockReference block) => _bytes.Span.Slice(block.DataAt, block.DataLength);

    public ReadOnlySpan<byte> ImageOf(in BlockReference block) => _bytes.Span.Slice(block.ImageAt, block.ImageLength);

    /// <summary>False when the parts do not add up to the record's length: then it is not one.</summary>
    internal bool TryFill(WalFormat format, ulong start, ulong end, ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        Format = format;
        Start = start;
        End = end;
        _bytes = bytes;
        Xid = BinaryPrimitives.ReadUInt32LittleEndian(span[4..]);
        Previous = BinaryPrimitives.ReadUInt64LittleEndian(span[8..]);
        Info = span[InfoAt];
        Manager = span[ManagerAt];
        TopXid = 0;
        Origin = 0;
        ImageBytes = 0;
        var decoding = new RecordDecoding(span, format);
        if (!decoding.TryRead(_blocks))
            return false;
        _blockCount = decoding.BlockCount;
        _mainAt = decoding.MainAt;
        _mainLength = decoding.MainLength;
        ImageBytes = decoding.ImageBytes;
        TopXid = decoding.TopXid;
        Origin = decoding.Origin;
        return true;
    }
}
