using System.Buffers.Binary;
using System.Text;

namespace PgMahout.Core.Protocol;

/// <summary>Reads the fields of one message's body in order.</summary>
public ref struct MessageReader(ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> _rest = body;

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public byte Byte() => Take(1)[0];

    public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    /// <summary>Up to a zero byte, which is not part of it.</summary>
    public string Text()
    {
        var length = _rest.IndexOf((byte)0);
        if (length < 0)
            throw new ProtocolException("a text without an end");
        var text = Encoding.UTF8.GetString(_rest[..length]);
        _rest = _rest[(length + 1)..];
        return text;
    }

    /// <exception cref="ProtocolException">There are fewer.</exception>
    public ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > _rest.Length)
            throw new ProtocolException($"a message ends {count - _rest.Length} bytes before its end");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
