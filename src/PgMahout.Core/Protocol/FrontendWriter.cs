using System.Buffers.Binary;
using System.Text;

namespace PgMahout.Core.Protocol;

/// <summary>Messages of a client, one behind the other in a buffer that grows and is used again.</summary>
public sealed class FrontendWriter
{
    private const int ProtocolVersion3 = 3 << 16;
    private const int SslRequestCode = (1234 << 16) | 5679;

    private byte[] _buffer = new byte[512];
    private int _length;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    public FrontendWriter Clear()
    {
        _length = 0;
        return this;
    }

    /// <summary>The first message of a session. Pairs of parameter and value: user, database, replication, …</summary>
    public FrontendWriter Startup(IEnumerable<KeyValuePair<string, string>> parameters)
    {
        var start = Open();
        Int32(ProtocolVersion3);
        foreach (var (name, value) in parameters)
        {
            Text(name);
            Text(value);
        }
        Byte(0);
        return Close(start);
    }

    /// <summary>Asks, before the session begins, for TLS; the answer is a single byte, S or N.</summary>
    public FrontendWriter SslRequest()
    {
        var start = Open();
        Int32(SslRequestCode);
        return Close(start);
    }

    public FrontendWriter Query(string sql)
    {
        var start = Open('Q');
        Text(sql);
        return Close(start);
    }

    /// <summary>A password, or the answer made from it.</summary>
    public FrontendWriter Password(string answer)
    {
        var start = Open('p');
        Text(answer);
        return Close(start);
    }

    public FrontendWriter SaslInitial(string mechanism, string first)
    {
        var start = Open('p');
        Text(mechanism);
        Int32(Encoding.UTF8.GetByteCount(first));
        Raw(first);
        return Close(start);
    }

    public FrontendWriter SaslResponse(string response)
    {
        var start = Open('p');
        Raw(response);
        return Close(start);
    }

    public FrontendWriter CopyData(ReadOnlySpan<byte> data)
    {
        var start = Open('d');
        data.CopyTo(Reserve(data.Length));
        return Close(start);
    }

    public FrontendWriter CopyDone() => Close(Open('c'));

    public FrontendWriter Terminate() => Close(Open('X'));

    private int Open(char type)
    {
        Byte((byte)type);
        return Open();
    }

    private int Open()
    {
        Int32(0);
        return _length - 4;
    }

    private FrontendWriter Close(int start)
    {
        BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(start), _length - start);
        return this;
    }

    private void Byte(byte value) => Reserve(1)[0] = value;

    private void Int32(int value) => BinaryPrimitives.WriteInt32BigEndian(Reserve(4), value);

    private void Text(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException("a zero byte would end the text early", nameof(text));
        Raw(text);
        Byte(0);
    }

    private void Raw(string text) => Encoding.UTF8.GetBytes(text, Reserve(Encoding.UTF8.GetByteCount(text)));

    private Span<byte> Reserve(int count)
    {
        if (_buffer.Length - _length < count)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + count));
        _length += count;
        return _buffer.AsSpan(_length - count, count);
    }
}
