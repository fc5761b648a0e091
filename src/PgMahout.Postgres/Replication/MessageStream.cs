using PgMahout.Core.Protocol;

namespace PgMahout.Postgres.Replication;

/// <summary>Cuts what a server sends into messages, inside one buffer that is used over and over.</summary>
internal sealed class MessageStream(Transport transport)
{
    private const int UsualSize = 1 << 20;

    // The longest that comes is a history file; WAL comes in stretches of 128 kB.
    private const int MostBody = 64 << 20;

    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(UsualSize);
    private int _start;
    private int _end;

    /// <summary>The next message's body, valid until the next call.</summary>
    public ReadOnlySpan<byte> Next(out byte type)
    {
        MessageHeader header;
        while (!MessageHeader.TryRead(_buffer.AsSpan(_start, _end - _start), out header))
            Receive(MessageHeader.Size);
        if (header.BodyLength > MostBody)
            throw new ProtocolException($"a message of type {header.Type} has {header.BodyLength} bytes");
        var length = MessageHeader.Size + header.BodyLength;
        while (_end - _start < length)
            Receive(length);
        var body = _buffer.AsSpan(_start + MessageHeader.Size, header.BodyLength);
        _start += length;
        type = header.Type;
        return body;
    }

    /// <summary>Takes what is there, with room for a message of this length.</summary>
    private void Receive(int length)
    {
        if (_start == _end)
            _start = _end = 0;
        if (_buffer.Length - _start < length || _end == _buffer.Length)
            Compact(length);
        _end += transport.Receive(_buffer.AsSpan(_end));
    }

    private void Compact(int length)
    {
        var kept = _buffer.AsSpan(_start, _end - _start);
        if (_buffer.Length < length)
        {
            var larger = GC.AllocateUninitializedArray<byte>(length);
            kept.CopyTo(larger);
            _buffer = larger;
        }
        else
        {
            kept.CopyTo(_buffer);
        }
        (_start, _end) = (0, _end - _start);
    }
}
