using PgMahout.Core.Proxy.Routing;
using PgMahout.Proxy.Engine;

namespace PgMahout.Proxy.Loop;

/// <summary>A socket that clients come to.</summary>
internal sealed unsafe class Listener(ProxyLoop loop, ListeningSocket socket) : IListener
{
    private const int SocketLevel = 1;
    private const int ReuseAddress = 2;
    private const int StreamType = 1;
    private const int Backlog = 4096;

    public ListeningSocket Socket { get; } = socket;

    public int Descriptor => Socket.Descriptor;

    public bool IsOver { get; set; }

    public bool ReadsOnly => Socket.Name.StartsWith("read ", StringComparison.Ordinal);

    public void Accepted(int descriptor) => loop.Accept(descriptor, ReadsOnly, IsLocal);

    /// <summary>
    /// Lets in who waits. To be called whenever one of two processes that listen at the same socket ends to do so: of
    /// the last who came the kernel may have told only that one, and the other would not look before the next comes.
    /// </summary>
    public void AcceptRest()
    {
        while (true)
        {
            var descriptor = LibC.Accept(Descriptor, null, null, loop.Engine.SocketFlags);
            if (descriptor >= 0)
                Accepted(descriptor);
            else if (LibC.LastError is not (LibC.Interrupted or LibC.ConnectionAborted))
                return;
        }
    }

    private bool IsLocal => Socket.Name.StartsWith("unix ", StringComparison.Ordinal);

    /// <returns>Null when it cannot listen there; then <paramref name="error"/> says why.</returns>
    public static ListeningSocket? Open(string kind, ServerAddress address, out int error)
    {
        error = 0;
        var name = stackalloc byte[SocketName.Room];
        var length = SocketName.Write(address, new Span<byte>(name, SocketName.Room));
        if (address is ServerAddress.UnixSocket unix)
            File.Delete(unix.Path);
        var descriptor = LibC.Socket(
            SocketName.Family(address), StreamType | LibC.CloseOnExec | LibC.NonBlocking, 0);
        var one = 1;
        if (descriptor >= 0
            && LibC.SetOption(descriptor, SocketLevel, ReuseAddress, &one, sizeof(int)) == 0
            && LibC.Bind(descriptor, name, (uint)length) == 0
            && LibC.Listen(descriptor, Backlog) == 0)
            return new ListeningSocket($"{kind} {address}", descriptor);
        error = LibC.LastError;
        if (descriptor >= 0)
            _ = LibC.Close(descriptor);
        return null;
    }
}
