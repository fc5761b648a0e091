using System.Net;
using System.Net.Sockets;

namespace PgMahout.InstanceTests.Store;

/// <summary>An address in front of a member that is worse than the member itself.</summary>
internal sealed class Obstacle : IAsyncDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly Socket _listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _filling = [];

    private Obstacle(int backlog)
    {
        _listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listening.Listen(backlog);
    }

    public Uri Address => new($"http://{_listening.LocalEndPoint}");

    /// <summary>Takes no connection: what is sent to it is lost, as behind a firewall that drops.</summary>
    public static async Task<Obstacle> DroppingAsync()
    {
        var obstacle = new Obstacle(0);
        // Its queue is full of connections that nobody takes, so the kernel drops every further one.
        while (true)
        {
            var filling = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            obstacle._filling.Add(filling);
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
            try
            {
                await filling.ConnectAsync(obstacle._listening.LocalEndPoint!, patience.Token);
            }
            catch (OperationCanceledException)
            {
                return obstacle;
            }
        }
    }

    /// <summary>Passes everything on, the answers after <paramref name="delay"/>.</summary>
    public static Obstacle Slow(Uri member, TimeSpan delay)
    {
        var obstacle = new Obstacle(100);
        _ = obstacle.RelayAsync(member, delay);
        return obstacle;
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listening.Dispose();
        foreach (var filling in _filling)
            filling.Dispose();
        _ending.Dispose();
    }

    private async Task RelayAsync(Uri member, TimeSpan delay)
    {
        try
        {
            while (true)
                _ = RelayAsync(await _listening.AcceptAsync(_ending.Token), member, delay, _ending.Token);
        }
        catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private static async Task RelayAsync(Socket client, Uri member, TimeSpan delay, CancellationToken ending)
    {
        using var server = new TcpClient();
        using var near = new NetworkStream(client, ownsSocket: true);
        try
        {
            await server.ConnectAsync(member.Host, member.Port, ending);
            var far = server.GetStream();
            await Task.WhenAny(CopyAsync(near, far, TimeSpan.Zero, ending), CopyAsync(far, near, delay, ending));
        }
        catch (Exception over) when (over is OperationCanceledException or SocketException)
        {
            // One side is gone, and so is the other.
        }
    }

    private static async Task CopyAsync(Stream from, Stream to, TimeSpan delay, CancellationToken ending)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, ending) is > 0 and var length)
            {
                await Task.Delay(delay, ending);
                await to.WriteAsync(buffer.AsMemory(0, length), ending);
            }
        }
        catch (Exception over) when (over is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // As above.
        }
    }
}
