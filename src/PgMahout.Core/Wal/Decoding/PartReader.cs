using System.Buffers.Binary;
using System.Text;

namespace PgMahout.Core.Wal.Decoding;

/// <summary>Reads a record's own part by fields. Throws <see cref="InvalidDataException"/> where it is cut.</summary>
internal ref struct PartReader(ReadOnlySpan<byte> bytes)
{
    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private ReadOnlySpan<byte> _rest = bytes;

    public byte Byte() => Take(1)[0];

    public bool Flag() => Byte() != 0;

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>PostgreSQL's: microseconds since 2000.</summary>
    public DateTimeOffset Time()
    {
        var microseconds = BinaryPrimitives.ReadInt64LittleEndian(Take(8));
        if (microseconds is < -3155673600000000 or > 252455615999000000)
            throw new InvalidDataException($"a time of {microseconds} µs since 2000 in a WAL record");
        return Epoch.AddTicks(microseconds * 10);
    }

    /// <summary>How many of something follow, each of at least <paramref name="size"/> bytes.</summary>
    public int Count(int size)
    {
        var count = UInt32();
        if (count * (long)size > _rest.Length)
            throw new InvalidDataException($"a WAL record of {_rest.Length} bytes more announces {count} of {size}");
        return (int)count;
    }

    public RelationFile Relation() => RecordDecoding.RelationAt(Take(12));

    public void Skip(long length) => Take(checked((int)length));

    public ReadOnlySpan<byte> Take(int length)
    {
        if ((uint)length > (uint)_rest.Length)
            throw new InvalidDataException($"a WAL record ends {length - _rest.Length} bytes early");
        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }

    /// <summary>Up to the zero byte that ends it, or to the end of <paramref name="field"/> bytes.</summary>
    public string Text(int field)
    {
        var taken = Take(field);
        var end = taken.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? taken : taken[..end]);
    }

    public string TextToZero()
    {
        var end = _rest.IndexOf((byte)0);
        return Text(end < 0 ? _rest.Length : end + 1);
    }
}
