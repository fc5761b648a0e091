using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace PgMahout.InstanceTests.Undo;

/// <summary>Stands between a client and a server's socket, and breaks the connection at a COMMIT on demand.</summary>
internal sealed class CommitRelay : IAsyncDisposable
{
    private static readonly byte[] Commit = "COMMIT\0"u8.ToArray();

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly string _socket;
    private readonly Task _serving;
    private int _armed;

    /// <param name="socket">The path of the server's socket.</param>
    public CommitRelay(string socket)
    {
        _socket = socket;
        _listener.Start();
        _serving = ServeAsync();
    }

    /// <summary>The server gets the COMMIT, and the client no answer; else the server does not get it either.</summary>
    public bool Delivers { get; init; }

    public int Broken { get; private set; }

    public string ConnectionText(string original) => new NpgsqlConnectionStringBuilder(original)
    {
        Host = "127.0.0.1",
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port,
        SslMode = SslMode.Disable,
    }.ConnectionString;

    /// <summary>At the next COMMIT.</summary>
    public void Arm() => Interlocked.Exchange(ref _armed, 1);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _serving;
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        var relayed = new List<Task>();
        try
        {
            while (true)
                relayed.Add(RelayAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(relayed);
        }
    }

    private async Task RelayAsync(TcpClient accepted)
    {
        using var client = accepted;
        using var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await server.ConnectAsync(new UnixDomainSocketEndPoint(_socket), _stop.Token);
            await using var below = new NetworkStream(server);
            var answers = below.CopyToAsync(client.GetStream(), _stop.Token);
            if (!await ForwardAsync(client, below))
                return;
            server.Shutdown(SocketShutdown.Send);
            await answers;
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException
            or ObjectDisposedException)
        {
            // Either side has ended it.
        }
    }

    /// <returns>False when it broke the connection; true when the client ended it.</returns>
    private async Task<bool> ForwardAsync(TcpClient client, NetworkStream server)
    {
        var buffer = new byte[64 << 10];
        for (int read; (read = await client.GetStream().ReadAsync(buffer, _stop.Token)) > 0;)
        {
            var breaks = buffer.AsSpan(0, read).IndexOf(Commit) >= 0 && Interlocked.Exchange(ref _armed, 0) == 1;
            if (breaks)
            {
                Broken++;
                client.Client.Close(0);
            }
            if (!breaks || Delivers)
                await server.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            if (breaks)
                return false;
        }
        return true;
    }
}
