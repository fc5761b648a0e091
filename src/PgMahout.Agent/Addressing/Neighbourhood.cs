using System.Buffers.Binary;
using PgMahout.Core.Access;
using PgMahout.Core.Addressing;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Addressing;

/// <summary>
/// Asks and tells the neighbours on the line of one network card: ARP for IPv4, neighbour discovery for IPv6. Takes
/// CAP_NET_RAW.
/// </summary>
public sealed class Neighbourhood(NetworkCard card, IpAddress address)
{
    private const int Questions = 3;
    private const int LongestPacket = 2048;

    // Neighbours answer within a millisecond or two; one that was asleep, or a lost frame, gets a second and third
    // chance. Nobody notices, where the server is being promoted meanwhile.
    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromMilliseconds(50);

    private readonly ushort _protocol = NeighbourPacket.ProtocolOf(address);

    /// <summary>Who else has the address. Takes a little over a tenth of a second, and blocks meanwhile.</summary>
    /// <returns>The owner, null for nobody; or why it could not be asked.</returns>
    public (HardwareAddress? Owner, string? Complaint) Ask()
    {
        using var socket = Open(out var complaint);
        if (socket is null)
            return (null, complaint);
        var question = NeighbourPacket.Question(card.Hardware, address);
        for (var asked = 0; asked < Questions; asked++)
        {
            if (socket.Send(question.Content, Place(question.To)) is { } unsent)
                return (null, unsent);
            if (Listen(socket) is { } owner)
                return (owner, null);
        }
        return (null, null);
    }

    /// <summary>Tells everybody that the address is here. Null when told; else why not.</summary>
    public string? Announce()
    {
        using var socket = Open(out var complaint);
        if (socket is null)
            return complaint;
        foreach (var packet in NeighbourPacket.Announcements(card.Hardware, address))
            if (socket.Send(packet.Content, Place(packet.To)) is { } unsent)
                return unsent;
        return null;
    }

    private HardwareAddress? Listen(KernelSocket socket)
    {
        var packet = new byte[LongestPacket];
        for (var until = BootClock.Now() + BetweenQuestions; BootClock.Now() < until;)
        {
            var length = socket.Receive(packet, until - BootClock.Now());
            if (NeighbourPacket.OwnerOf(address, packet.AsSpan(0, length)) is { } owner && owner != card.Hardware)
                return owner;
        }
        return null;
    }

    private KernelSocket? Open(out string complaint)
    {
        var network = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(_protocol) : _protocol;
        var socket = KernelSocket.Open(KernelSocket.Packet, network, out complaint);
        if (socket?.Bind(Place(HardwareAddress.Everybody)) is not { } unbound)
            return socket;
        complaint = unbound;
        socket.Dispose();
        return null;
    }

    /// <summary>struct sockaddr_ll.</summary>
    private byte[] Place(HardwareAddress to)
    {
        const int LengthAt = 11;
        const int HardwareAt = 12;
        var place = new byte[20];
        BitConverter.TryWriteBytes(place, (ushort)KernelSocket.Packet);
        BinaryPrimitives.WriteUInt16BigEndian(place.AsSpan(2), _protocol);
        BitConverter.TryWriteBytes(place.AsSpan(4), card.Index);
        place[LengthAt] = HardwareAddress.Length;
        to.Write(place.AsSpan(HardwareAt));
        return place;
    }
}
