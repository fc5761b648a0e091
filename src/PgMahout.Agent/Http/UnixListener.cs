using System.Net.Sockets;

namespace PgMahout.Agent.Http;

/// <summary>Accepts connections on a unix socket that only its owner can open, until it is disposed.</summary>
internal sealed class UnixListener : IAsyncDisposable
{
    private const int Waiting = 128;
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(1);

    private readonly Socket _socket;
    private readonly HttpServer _server;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _accepting;
    private int _connections;

    private UnixListener(Socket socket, HttpServer server)
    {
        (_socket, _server) = (socket, server);
        _accepting = AcceptAllAsync();
    }

    /// <summary>A socket file that an earlier process left is replaced.</summary>
    /// <exception cref="SocketException">The address cannot be used.</exception>
    public static UnixListener Open(string path, HttpServer server)
    {
        File.Delete(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            // Before it listens: nobody gets in while others may.
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            socket.Listen(Waiting);
            return new UnixListener(socket, server);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        // Disposing the socket deletes its file.
        _socket.Dispose();
        await Task.WhenAny(_accepting, Task.Delay(EndLimit));
        _ending.Dispose();
    }

    private async Task AcceptAllAsync()
    {
        var ending = _ending.Token;
        while (!ending.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await _socket.AcceptAsync(ending), ending);
            }
            catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException failure)
            {
                // No descriptor left, for one: others end, and then there is one again.
                Console.Error.WriteLine($"a connection could not be accepted: {failure.Message}");
                await Task.Delay(AfterFailure, CancellationToken.None);
            }
        }
    }

    private async Task ServeAsync(Socket accepted, CancellationToken ending)
    {
        var stream = new NetworkStream(accepted, ownsSocket: true);
        try
        {
            if (Interlocked.Increment(ref _connections) <= _server.Limits.Connections)
                await _server.ServeAsync(stream, ending);
            else
                await _server.TurnAwayAsync(stream, ending);
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }
}
