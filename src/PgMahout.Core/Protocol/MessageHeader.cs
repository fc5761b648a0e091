using System.Buffers.Binary;

namespace PgMahout.Core.Protocol;

/// <summary>What stands before every message but a client's first: its type, and how long it is.</summary>
/// <param name="BodyLength">In bytes, without this header.</param>
public readonly record struct MessageHeader(byte Type, int BodyLength)
{
    public const int Size = 5;

    // A length counts itself.
    private const int OwnLength = 4;

    // PostgreSQL itself neither sends nor takes more.
    private const int MostLength = 0x3FFF_FFFF;

    /// <summary>False while there are fewer than <see cref="Size"/> bytes.</summary>
    /// <exception cref="ProtocolException">The length is none.</exception>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out MessageHeader header)
    {
        header = default;
        if (bytes.Length < Size)
            return false;
        var length = BinaryPrimitives.ReadInt32BigEndian(bytes[1..]);
        if (length is < OwnLength or > MostLength)
            throw new ProtocolException($"a message of type {bytes[0]} says that it has {length} bytes");
        header = new MessageHeader(bytes[0], length - OwnLength);
        return true;
    }

    /// <summary>Fills the first <see cref="Size"/> bytes of a message.</summary>
    public static void Write(Span<byte> into, byte type, int bodyLength)
    {
        into[0] = type;
        BinaryPrimitives.WriteInt32BigEndian(into[1..], bodyLength + OwnLength);
    }
}
