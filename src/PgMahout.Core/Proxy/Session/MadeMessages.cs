using System.Buffers.Binary;
using PgMahout.Core.Protocol;

namespace PgMahout.Core.Proxy.Session;

/// <summary>Messages to a server that its client did not send, or not so; in a buffer that is used again.</summary>
internal sealed class MadeMessages
{
    private byte[] _bytes = [];

    /// <summary>A name with its zero byte, and what follows it.</summary>
    public void Insert(byte type, ReadOnlySpan<byte> name, ReadOnlySpan<byte> rest, ref Stretch stretch)
    {
        var made = Room(MessageHeader.Size + name.Length + 1 + rest.Length);
        name.CopyTo(made[MessageHeader.Size..]);
        made[MessageHeader.Size + name.Length] = 0;
        rest.CopyTo(made[(MessageHeader.Size + name.Length + 1)..]);
        Head(made, type, made.Length);
        stretch.Insert(made);
    }

    /// <summary>A Describe or Close of a statement.</summary>
    public void About(byte type, Statement statement, ref Stretch stretch)
    {
        var made = Room(MessageHeader.Size + 1 + statement.ServerName.Length + 1);
        made[MessageHeader.Size] = (byte)'S';
        statement.ServerName.CopyTo(made[(MessageHeader.Size + 1)..]);
        made[^1] = 0;
        Head(made, type, made.Length);
        stretch.Insert(made);
    }

    /// <summary>Only the beginning of a message: what follows the two names is passed on as it comes.</summary>
    /// <param name="length">Of the whole message with its header, in bytes.</param>
    /// <param name="first">With its zero byte.</param>
    /// <param name="second">Without: that is passed on too.</param>
    public void Head(
        byte type, int length, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ref Stretch stretch)
    {
        var made = Room(MessageHeader.Size + first.Length + second.Length);
        first.CopyTo(made[MessageHeader.Size..]);
        second.CopyTo(made[(MessageHeader.Size + first.Length)..]);
        Head(made, type, length);
        stretch.Insert(made);
    }

    private static void Head(Span<byte> message, byte type, int length)
    {
        message[0] = type;
        BinaryPrimitives.WriteInt32BigEndian(message[1..], length - 1);
    }

    private Span<byte> Room(int length)
    {
        if (_bytes.Length < length)
            _bytes = new byte[Math.Max(length, 256)];
        return _bytes.AsSpan(0, length);
    }
}
