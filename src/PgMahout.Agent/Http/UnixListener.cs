using System.Net.Sockets;

namespace PgMahout.Agent.Http;

/// <summary>Listens on a unix socket that only its owner can open.</summary>
internal static class UnixListener
{
    private const int Waiting = 128;

    /// <summary>A socket file that an earlier process left is replaced.</summary>
    /// <exception cref="SocketException">The address cannot be used.</exception>
    public static Listener Open(string path, IDoorkeeper door)
    {
        File.Delete(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            // Before it listens: nobody gets in while others may.
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            socket.Listen(Waiting);
            return new Listener(socket, door);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
