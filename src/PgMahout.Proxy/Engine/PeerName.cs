namespace PgMahout.Proxy.Engine;

/// <summary>Who is at the other end of a descriptor.</summary>
internal static unsafe class PeerName
{
    /// <returns>An address in numbers; unix for a unix socket, and for one that has gone.</returns>
    public static string Of(int descriptor, out int port)
    {
        var name = stackalloc byte[SocketName.Room];
        var length = (uint)SocketName.Room;
        port = 0;
        if (LibC.PeerName(descriptor, name, &length) != 0)
            return "unix";
        return SocketName.Text(new ReadOnlySpan<byte>(name, (int)length), out port);
    }
}
