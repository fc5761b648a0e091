using System.Collections.Immutable;
using System.Runtime.InteropServices;
using PgMahout.Core.Access;
using PgMahout.Core.Addressing;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Addressing;

/// <summary>The kernel's table of addresses. Reading it takes no privilege, changing it CAP_NET_ADMIN.</summary>
public sealed class AddressTable : IDisposable
{
    // The kernel answers at once; what does not come is lost.
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(500);

    private const int NotThere = 99;
    private const int NoSuchDevice = 19;

    private readonly KernelSocket _socket;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private uint _sequence;

    private AddressTable(KernelSocket socket) => _socket = socket;

    /// <exception cref="IOException">The kernel gives no such socket.</exception>
    public static AddressTable Open()
    {
        var socket = KernelSocket.Open(KernelSocket.Netlink, KernelSocket.RouteProtocol, out var complaint);
        return socket is not null
            ? new AddressTable(socket)
            : throw new IOException($"the table of addresses: {complaint}");
    }

    /// <summary>Where the address is now; null when it could not be read.</summary>
    public ImmutableArray<RouteAnswer.Address>? Find(IpAddress address)
    {
        var sequence = ++_sequence;
        if (_socket.SendToKernel(RouteMessage.List(sequence)) is not null)
            return null;
        var found = ImmutableArray.CreateBuilder<RouteAnswer.Address>();
        for (var until = BootClock.Now() + Limit; BootClock.Now() < until;)
            foreach (var answer in Receive(sequence, until))
                switch (answer)
                {
                    case RouteAnswer.Address one when one.Value == address:
                        found.Add(one);
                        break;
                    case RouteAnswer.Address:
                        break;
                    case RouteAnswer.End { Error: var error }:
                        return error == 0 ? found.ToImmutable() : null;
                }
        return null;
    }

    /// <summary>
    /// Puts it there for so many seconds, or gives it that much longer. Null when done; else why not.
    /// </summary>
    public string? Put(int index, (IpAddress Value, int PrefixLength) address, int seconds) =>
        Change(sequence => RouteMessage.Put(sequence, index, address, seconds)) switch
        {
            0 => null,
            var error => KernelSocket.Complaint("the address could not be put on the interface", error),
        };

    /// <summary>Null when it is not there any more; else why not.</summary>
    public string? Remove(int index, (IpAddress Value, int PrefixLength) address) =>
        Change(sequence => RouteMessage.Remove(sequence, index, address)) switch
        {
            0 or NotThere or NoSuchDevice => null,
            var error => KernelSocket.Complaint("the address could not be taken off the interface", error),
        };

    public void Dispose() => _socket.Dispose();

    /// <returns>A number of errno; 0: done; -1: no answer.</returns>
    private int Change(Func<uint, byte[]> message)
    {
        var sequence = ++_sequence;
        if (_socket.SendToKernel(message(sequence)) is not null)
            return Marshal.GetLastPInvokeError();
        for (var until = BootClock.Now() + Limit; BootClock.Now() < until;)
            foreach (var answer in Receive(sequence, until))
                if (answer is RouteAnswer.End { Error: var error })
                    return error;
        return -1;
    }

    private IEnumerable<RouteAnswer> Receive(uint sequence, Instant until)
    {
        var length = _socket.Receive(_buffer, until - BootClock.Now());
        return RouteMessage.Read(_buffer.AsMemory(0, length), sequence);
    }
}
