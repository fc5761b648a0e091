using System.Buffers.Binary;

namespace PgMahout.Core.Wal.Decoding;

/// <summary>
/// Takes a record's bytes apart: behind the fixed header stand the headers of its parts, then the parts in the same
/// order. Nothing in it is believed before it was compared with the length.
/// </summary>
internal ref struct RecordDecoding(ReadOnlySpan<byte> bytes, WalFormat format)
{
    private const byte ShortMain = 255;
    private const byte LongMain = 254;
    private const byte OriginPart = 253;
    private const byte TopXidPart = 252;

    private const byte ForkMask = 0x0F;
    private const byte WithImage = 0x10;
    private const byte WithData = 0x20;
    private const byte WillInitialize = 0x40;
    private const byte SameRelation = 0x80;

    private const byte ImageWithHole = 0x01;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private RelationFile _relation;
    private bool _hasRelation;
    private int _at = WalRecord.HeaderLength;
    private int _payload;

    public int BlockCount { get; private set; }

    public int MainAt { get; private set; }

    public int MainLength { get; private set; }

    public int ImageBytes { get; private set; }

    public uint TopXid { get; private set; }

    public ushort Origin { get; private set; }

    public bool TryRead(BlockReference[] blocks)
    {
        var whole = _bytes.Length;
        // The headers end where what they announced is all that is left.
        while (whole - _at > _payload)
        {
            var id = _bytes[_at++];
            if (id < WalRecord.MostBlocks)
            {
                if (BlockCount >= blocks.Length || !TryReadBlock(id, ref blocks[BlockCount]))
                    return false;
                BlockCount++;
            }
            else if (!TryReadOther(id))
                return false;
        }
        return whole - _at == _payload && TryPlace(blocks);
    }

    private bool TryReadOther(byte id)
    {
        var length = id switch
        {
            ShortMain => 1,
            LongMain => 4,
            OriginPart => 2,
            TopXidPart => 4,
            _ => -1,
        };
        if (length < 0 || _bytes.Length - _at < length)
            return false;
        var value = length switch
        {
            1 => _bytes[_at],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[_at..]),
            _ => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[_at..]),
        };
        _at += length;
        switch (id)
        {
            case OriginPart:
                Origin = (ushort)value;
                return true;
            case TopXidPart:
                TopXid = value;
                return true;
            default:
                if (MainLength != 0 || value > (uint)_bytes.Length)
                    return false;
                MainLength = (int)value;
                _payload += MainLength;
                return true;
        }
    }

    private bool TryReadBlock(byte id, ref BlockReference block)
    {
        if (_bytes.Length - _at < 3)
            return false;
        var flags = _bytes[_at];
        block = default;
        block.Id = id;
        block.Fork = (Fork)(flags & ForkMask);
        block.DataLength = BinaryPrimitives.ReadUInt16LittleEndian(_bytes[(_at + 1)..]);
        block.Initializes = (flags & WillInitialize) != 0;
        block.HasImage = (flags & WithImage) != 0;
        if (block.Fork > Fork.Init || ((flags & WithData) != 0) != (block.DataLength > 0))
            return false;
        _at += 3;
        _payload += block.DataLength;
        if (block.HasImage && !TryReadImage(ref block))
            return false;
        if ((flags & SameRelation) == 0)
        {
            if (_bytes.Length - _at < 12)
                return false;
            _relation = RelationAt(_bytes[_at..]);
            _hasRelation = true;
            _at += 12;
        }
        if (!_hasRelation || _bytes.Length - _at < 4)
            return false;
        block.File = _relation;
        block.Block = BinaryPrimitives.ReadUInt32LittleEndian(_bytes[_at..]);
        _at += 4;
        return true;
    }

    private bool TryReadImage(ref BlockReference block)
    {
        if (_bytes.Length - _at < 5)
            return false;
        block.ImageLength = BinaryPrimitives.ReadUInt16LittleEndian(_bytes[_at..]);
        block.HoleOffset = BinaryPrimitives.ReadUInt16LittleEndian(_bytes[(_at + 2)..]);
        var flags = _bytes[_at + 4];
        block.ImageCompressed = (flags & format.ImageCompressed) != 0;
        // 14 says "apply" with the bit behind its one bit for compression, later versions with the one before theirs.
        block.ImageApplies = (flags & (format.ImageCompressed == 0x02 ? 0x04 : 0x02)) != 0;
        _at += 5;
        _payload += block.ImageLength;
        ImageBytes += block.ImageLength;
        if (!block.ImageCompressed || (flags & ImageWithHole) == 0)
            return true;
        // How long the hole is follows from the length where the rest is stored as it is.
        _at += 2;
        return _at <= _bytes.Length;
    }

    /// <summary>The parts follow one another: each block's image and data, then what belongs to no block.</summary>
    private bool TryPlace(BlockReference[] blocks)
    {
        var at = _at;
        for (var i = 0; i < BlockCount; i++)
        {
            ref var block = ref blocks[i];
            block.ImageAt = at;
            at += block.ImageLength;
            block.DataAt = at;
            at += block.DataLength;
        }
        MainAt = at;
        return at + MainLength == _bytes.Length;
    }

    internal static RelationFile RelationAt(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]));
}
