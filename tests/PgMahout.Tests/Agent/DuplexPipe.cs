using System.Net.Sockets;

namespace PgMahout.Tests.Agent;

/// <summary>Two ends of one connection, through the kernel: it splits, merges and closes as a real one does.</summary>
internal sealed class DuplexPipe : IDisposable
{
    private DuplexPipe(Stream near, Stream far) => (Near, Far) = (near, far);

    public Stream Near { get; }

    public Stream Far { get; }

    public static async Task<DuplexPipe> OpenAsync()
    {
        var path = Path.Combine(Path.GetTempPath(), $"pgmahout-{Guid.NewGuid():N}.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        var near = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await near.ConnectAsync(new UnixDomainSocketEndPoint(path));
        var far = await listener.AcceptAsync();
        return new DuplexPipe(new NetworkStream(near, ownsSocket: true), new NetworkStream(far, ownsSocket: true));
    }

    public void Dispose()
    {
        Near.Dispose();
        Far.Dispose();
    }
}
