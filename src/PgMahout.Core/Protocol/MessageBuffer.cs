using System.Buffers.Binary;
using System.Text;

namespace PgMahout.Core.Protocol;

/// <summary>Messages one behind the other, in memory that grows and is used again.</summary>
internal sealed class MessageBuffer
{
    private byte[] _bytes = new byte[512];
    private int _length;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    public void Clear() => _length = 0;

    /// <summary>Where the message starts whose length <see cref="Close"/> will fill in.</summary>
    public int Open(char type)
    {
        Byte((byte)type);
        return Open();
    }

    /// <summary>The same for a message without a type.</summary>
    public int Open()
    {
        Int32(0);
        return _length - sizeof(int);
    }

    public void Close(int start) => BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(start), _length - start);

    public void Byte(byte value) => Reserve(1)[0] = value;

    public void Int16(short value) => BinaryPrimitives.WriteInt16BigEndian(Reserve(2), value);

    public void Int32(int value) => BinaryPrimitives.WriteInt32BigEndian(Reserve(4), value);

    public void Int64(long value) => BinaryPrimitives.WriteInt64BigEndian(Reserve(8), value);

    /// <summary>With the zero byte that ends it.</summary>
    public void Text(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException("a zero byte would end the text early", nameof(text));
        Raw(text);
        Byte(0);
    }

    public void Raw(string text) => Encoding.UTF8.GetBytes(text, Reserve(Encoding.UTF8.GetByteCount(text)));

    public void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));

    private Span<byte> Reserve(int count)
    {
        if (_bytes.Length - _length < count)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + count));
        _length += count;
        return _bytes.AsSpan(_length - count, count);
    }
}
