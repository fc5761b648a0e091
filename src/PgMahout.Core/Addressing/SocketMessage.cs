using System.Buffers.Binary;
using System.Runtime.InteropServices;
using PgMahout.Core.Access;

namespace PgMahout.Core.Addressing;

/// <summary>
/// The messages by which TCP connections are listed and ended (sock_diag): an ended one tells its other end, which
/// would otherwise wait for an answer from an address that has moved on.
/// </summary>
public static class SocketMessage
{
    private const ushort ByFamily = 20;
    private const ushort Destroy = 21;
    private const ushort Requested = 0x1;
    private const ushort Acknowledged = 0x4;
    private const ushort Dumped = 0x300;
    private const byte V4 = 2;
    private const byte V6 = 10;
    private const byte Tcp = 6;

    // Neither those that listen (bit 10) nor those that only remember (bits 6 and 7).
    private const uint Connected = 0xFFF & ~(1 << 10 | 1 << 6 | 1 << 7);

    private const int IdentityLength = 48;
    private const int IdentityAt = 4;
    private const int SourceAt = IdentityAt + 4;
    private const int LeastLength = IdentityAt + IdentityLength;

    /// <summary>Sockets that take both families have addresses of IPv4 as ::ffff:0:0/96.</summary>
    private static readonly UInt128 Mapped = new(0, 0xFFFF_0000_0000);

    /// <summary>All that are connected, of one family of sockets.</summary>
    public static byte[] List(uint sequence, bool v6)
    {
        var message = new MessageBuilder();
        message.Raw(Request(v6 ? V6 : V4, default));
        return message.End(ByFamily, Requested | Dumped, sequence);
    }

    /// <param name="identity">As it was listed.</param>
    public static byte[] End(uint sequence, bool v6, ReadOnlySpan<byte> identity)
    {
        var message = new MessageBuilder();
        message.Raw(Request(v6 ? V6 : V4, identity));
        return message.End(Destroy, Requested | Acknowledged, sequence);
    }

    /// <summary>The identities of those whose own end is <paramref name="address"/>.</summary>
    /// <param name="sequence">Of the question; what answers to another is passed over.</param>
    /// <param name="isLast">Nothing follows.</param>
    public static List<byte[]> Read(ReadOnlySpan<byte> datagram, uint sequence, IpAddress address, out bool isLast)
    {
        var found = new List<byte[]>();
        isLast = false;
        while (datagram.Length >= RouteMessage.HeadLength)
        {
            var length = (int)MemoryMarshal.Read<uint>(datagram);
            if (length < RouteMessage.HeadLength || length > datagram.Length)
                break;
            var type = MemoryMarshal.Read<ushort>(datagram[4..]);
            var body = datagram[RouteMessage.HeadLength..length];
            var isAnswer = MemoryMarshal.Read<uint>(datagram[8..]) == sequence;
            if (isAnswer && type != ByFamily)
                isLast = true;
            else if (isAnswer && body.Length >= LeastLength && SourceOf(body) == Whole(address))
                found.Add(body.Slice(IdentityAt, IdentityLength).ToArray());
            datagram = datagram[Math.Min(RouteMessage.Aligned(length), datagram.Length)..];
        }
        return found;
    }

    private static UInt128 SourceOf(ReadOnlySpan<byte> body) => body[0] == V4
        ? Mapped | BinaryPrimitives.ReadUInt32BigEndian(body[SourceAt..])
        : BinaryPrimitives.ReadUInt128BigEndian(body[SourceAt..]);

    private static UInt128 Whole(IpAddress address) => address.Family switch
    {
        IpFamily.V4 => Mapped | address.Bits,
        IpFamily.V6 => address.Bits,
    };

    private static byte[] Request(byte family, ReadOnlySpan<byte> identity)
    {
        var request = new byte[8 + IdentityLength];
        (request[0], request[1]) = (family, Tcp);
        MemoryMarshal.Write(request.AsSpan(4), Connected);
        identity.CopyTo(request.AsSpan(8));
        return request;
    }
}
