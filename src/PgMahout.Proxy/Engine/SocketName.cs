using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using PgMahout.Core.Proxy.Routing;

namespace PgMahout.Proxy.Engine;

/// <summary>Addresses as the kernel wants them.</summary>
internal static class SocketName
{
    public const int Room = 128;
    public const int UnixFamily = 1;
    public const int InternetFamily = 2;
    public const int Internet6Family = 10;

    private const int LongestPath = 107;

    public static int Family(ServerAddress address) =>
        address is not ServerAddress.Tcp tcp ? UnixFamily
        : IsSix(IPAddress.Parse(tcp.Host)) ? Internet6Family
        : InternetFamily;

    /// <returns>How many bytes of <paramref name="name"/> it takes.</returns>
    /// <exception cref="FormatException">
    /// The host is no address in numbers, or the path is longer than 107 bytes.
    /// </exception>
    public static int Write(ServerAddress address, Span<byte> name)
    {
        name.Clear();
        BitConverter.TryWriteBytes(name, (ushort)Family(address));
        switch (address)
        {
            case ServerAddress.UnixSocket unix:
                if (Encoding.UTF8.GetByteCount(unix.Path) > LongestPath)
                    throw new FormatException($"the path of a socket is longer than {LongestPath} bytes: {unix.Path}");
                return 2 + Encoding.UTF8.GetBytes(unix.Path, name[2..]) + 1;
            case ServerAddress.Tcp tcp:
                BinaryPrimitives.WriteUInt16BigEndian(name[2..], (ushort)tcp.Port);
                var host = IPAddress.Parse(tcp.Host);
                host.TryWriteBytes(name[(IsSix(host) ? 8 : 4)..], out _);
                return IsSix(host) ? 28 : 16;
            default:
                throw new FormatException($"no address of a socket: {address}");
        }
    }

    /// <returns>An address in numbers, or unix.</returns>
    public static string Text(ReadOnlySpan<byte> name, out int port)
    {
        port = 0;
        var family = name.Length < 2 ? UnixFamily : BitConverter.ToUInt16(name);
        if (family == UnixFamily)
            return "unix";
        port = BinaryPrimitives.ReadUInt16BigEndian(name[2..]);
        return new IPAddress(family == Internet6Family ? name.Slice(8, 16) : name.Slice(4, 4)).ToString();
    }

    private static bool IsSix(IPAddress host) => host.AddressFamily == AddressFamily.InterNetworkV6;
}
