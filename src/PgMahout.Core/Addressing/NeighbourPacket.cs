using System.Buffers.Binary;
using PgMahout.Core.Access;

namespace PgMahout.Core.Addressing;

/// <summary>A packet for the neighbours, without the frame's own head.</summary>
/// <param name="To">Whom the frame is for.</param>
public sealed record NeighbourPacket(HardwareAddress To, byte[] Content)
{
    /// <summary>What such packets are in a frame: ARP, or IPv6.</summary>
    public static ushort ProtocolOf(IpAddress address) => address.Family switch
    {
        IpFamily.V4 => ArpPacket.Protocol,
        IpFamily.V6 => NeighbourDiscovery.Protocol,
    };

    /// <summary>Asks who has the address, and claims nothing: no neighbour learns anything from it.</summary>
    public static NeighbourPacket Question(HardwareAddress own, IpAddress address) => address.Family switch
    {
        IpFamily.V4 => ArpPacket.Question(own, address),
        IpFamily.V6 => NeighbourDiscovery.Question(address),
    };

    /// <summary>Says that the address is here. Some listen to one form only.</summary>
    public static NeighbourPacket[] Announcements(HardwareAddress own, IpAddress address) => address.Family switch
    {
        IpFamily.V4 =>
        [
            ArpPacket.Announcement(own, address, isReply: false), ArpPacket.Announcement(own, address, isReply: true),
        ],
        IpFamily.V6 => [NeighbourDiscovery.Announcement(own, address)],
    };

    /// <summary>Who says, in this packet, that the address is his; null: nobody.</summary>
    public static HardwareAddress? OwnerOf(IpAddress address, ReadOnlySpan<byte> packet) => address.Family switch
    {
        IpFamily.V4 => ArpPacket.OwnerOf(address, packet),
        IpFamily.V6 => NeighbourDiscovery.OwnerOf(address, packet),
    };
}

/// <summary>ARP over Ethernet for IPv4 (RFC 826, RFC 5227).</summary>
internal static class ArpPacket
{
    public const ushort Protocol = 0x0806;

    private const int Length = 28;
    private const int OperationAt = 6;
    private const int SenderAt = 8;
    private const int SenderAddressAt = 14;
    private const int TargetAt = 18;
    private const int TargetAddressAt = 24;
    private const ushort Request = 1;
    private const ushort Reply = 2;

    private static ReadOnlySpan<byte> Head => [0, 1, 8, 0, HardwareAddress.Length, 4];

    public static NeighbourPacket Question(HardwareAddress own, IpAddress address)
    {
        var packet = Packet(Request, own);
        WriteAddress(packet.AsSpan(TargetAddressAt), address);
        return new NeighbourPacket(HardwareAddress.Everybody, packet);
    }

    public static NeighbourPacket Announcement(HardwareAddress own, IpAddress address, bool isReply)
    {
        var packet = Packet(isReply ? Reply : Request, own);
        WriteAddress(packet.AsSpan(SenderAddressAt), address);
        WriteAddress(packet.AsSpan(TargetAddressAt), address);
        if (isReply)
            HardwareAddress.Everybody.Write(packet.AsSpan(TargetAt));
        return new NeighbourPacket(HardwareAddress.Everybody, packet);
    }

    public static HardwareAddress? OwnerOf(IpAddress address, ReadOnlySpan<byte> packet) =>
        packet.Length >= Length
        && packet[..Head.Length].SequenceEqual(Head)
        && BinaryPrimitives.ReadUInt32BigEndian(packet[SenderAddressAt..]) == (uint)address.Bits
            ? HardwareAddress.Read(packet[SenderAt..])
            : null;

    private static byte[] Packet(ushort operation, HardwareAddress own)
    {
        var packet = new byte[Length];
        Head.CopyTo(packet);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(OperationAt), operation);
        own.Write(packet.AsSpan(SenderAt));
        return packet;
    }

    private static void WriteAddress(Span<byte> at, IpAddress address) =>
        BinaryPrimitives.WriteUInt32BigEndian(at, (uint)address.Bits);
}

/// <summary>Neighbour discovery of IPv6 (RFC 4861, RFC 4862), with the head of IPv6 before it.</summary>
internal static class NeighbourDiscovery
{
    public const ushort Protocol = 0x86DD;

    private const int HeadLength = 40;
    private const int NextHeaderAt = 6;
    private const int HopLimitAt = 7;
    private const int SourceAt = 8;
    private const int DestinationAt = 24;
    private const int TargetAt = HeadLength + 8;
    private const int LeastLength = TargetAt + 16;
    private const int OptionAt = LeastLength;
    private const byte Icmp = 58;
    private const byte Solicitation = 135;
    private const byte Advertisement = 136;
    private const byte Override = 0x20;
    private const byte TargetHardware = 2;

    // ff02::1, and ff02::1:ff00:0 with the last 24 bits of the address that is asked for.
    private static readonly UInt128 AllNodes = new(0xFF02_0000_0000_0000, 1);
    private static readonly UInt128 SolicitedNode = new(0xFF02_0000_0000_0000, 0x0001_FF00_0000);

    public static NeighbourPacket Question(IpAddress address)
    {
        var group = SolicitedNode | (address.Bits & 0xFF_FFFF);
        var packet = Packet(LeastLength, UInt128.Zero, group);
        packet[HeadLength] = Solicitation;
        BinaryPrimitives.WriteUInt128BigEndian(packet.AsSpan(TargetAt), address.Bits);
        return Sealed(packet, group);
    }

    public static NeighbourPacket Announcement(HardwareAddress own, IpAddress address)
    {
        var packet = Packet(OptionAt + 2 + HardwareAddress.Length, address.Bits, AllNodes);
        packet[HeadLength] = Advertisement;
        packet[HeadLength + 4] = Override;
        BinaryPrimitives.WriteUInt128BigEndian(packet.AsSpan(TargetAt), address.Bits);
        // Its length is in units of eight octets.
        (packet[OptionAt], packet[OptionAt + 1]) = (TargetHardware, 1);
        own.Write(packet.AsSpan(OptionAt + 2));
        return Sealed(packet, AllNodes);
    }

    /// <summary>An advertisement without the option does not say whose it is, only that it is somebody's.</summary>
    public static HardwareAddress? OwnerOf(IpAddress address, ReadOnlySpan<byte> packet)
    {
        if (packet.Length < LeastLength || packet[0] >> 4 != 6 || packet[NextHeaderAt] != Icmp
            || packet[HeadLength] != Advertisement
            || BinaryPrimitives.ReadUInt128BigEndian(packet[TargetAt..]) != address.Bits)
            return null;
        var options = packet[OptionAt..];
        return options.Length >= 2 + HardwareAddress.Length && options[0] == TargetHardware
            ? HardwareAddress.Read(options[2..])
            : default(HardwareAddress);
    }

    private static byte[] Packet(int length, UInt128 source, UInt128 destination)
    {
        var packet = new byte[length];
        packet[0] = 6 << 4;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)(length - HeadLength));
        (packet[NextHeaderAt], packet[HopLimitAt]) = (Icmp, 255);
        BinaryPrimitives.WriteUInt128BigEndian(packet.AsSpan(SourceAt), source);
        BinaryPrimitives.WriteUInt128BigEndian(packet.AsSpan(DestinationAt), destination);
        return packet;
    }

    private static NeighbourPacket Sealed(byte[] packet, UInt128 group)
    {
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(HeadLength + 2), Checksum(packet));
        // Groups of IPv6 have hardware addresses of their own: 33:33 and the last 32 bits.
        return new NeighbourPacket(new HardwareAddress(0x3333_0000_0000 | (ulong)(group & 0xFFFF_FFFF)), packet);
    }

    /// <summary>Over both addresses, the length, the protocol and the message, whose own sum is still zero.</summary>
    private static ushort Checksum(ReadOnlySpan<byte> packet)
    {
        var sum = (uint)(packet.Length - HeadLength) + Icmp;
        for (var at = SourceAt; at < packet.Length; at += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(packet[at..]);
        while (sum >> 16 != 0)
            sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }
}
