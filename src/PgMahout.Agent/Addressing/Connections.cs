using PgMahout.Core.Access;
using PgMahout.Core.Addressing;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Addressing;

/// <summary>TCP connections of an address that is about to go. Ending them takes CAP_NET_ADMIN.</summary>
public static class Connections
{
    // Before the address goes, and it must not go late.
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(50);

    private const int LongestDatagram = 64 * 1024;

    /// <summary>
    /// Ends as many as it can in a short while: their other ends are told, and connect anew instead of waiting for an
    /// answer that never comes.
    /// </summary>
    /// <returns>How many were to be ended, or why they could not be listed.</returns>
    public static (int Ended, string? Complaint) End(IpAddress address)
    {
        using var socket = KernelSocket.Open(KernelSocket.Netlink, KernelSocket.SocketProtocol, out var complaint);
        if (socket is null)
            return (0, complaint);
        var until = BootClock.Now() + Limit;
        var ended = 0;
        // One that listens on both families has connections of IPv4 among those of IPv6.
        foreach (var v6 in new[] { false, true })
        {
            var listed = List(socket, v6, address, until);
            foreach (var identity in listed.TakeWhile(_ => BootClock.Now() < until))
                if (socket.SendToKernel(SocketMessage.End(0, v6, identity)) is null)
                    ended++;
        }
        return (ended, null);
    }

    /// <summary>Those that are ended have the number 0, whose answers nobody awaits.</summary>
    private static uint SequenceOf(bool v6) => v6 ? 2u : 1u;

    private static List<byte[]> List(KernelSocket socket, bool v6, IpAddress address, Instant until)
    {
        var found = new List<byte[]>();
        if (socket.SendToKernel(SocketMessage.List(SequenceOf(v6), v6)) is not null)
            return found;
        var buffer = new byte[LongestDatagram];
        for (var isLast = false; !isLast && BootClock.Now() < until;)
        {
            var length = socket.Receive(buffer, until - BootClock.Now());
            found.AddRange(SocketMessage.Read(buffer.AsSpan(0, length), SequenceOf(v6), address, out isLast));
        }
        return found;
    }
}
