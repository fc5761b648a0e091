using System.Net.Sockets;

namespace PgMahout.Agent.Http;

/// <summary>Accepts connections on a socket that listens, until it is disposed, which closes the socket.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(1);

    private readonly Socket _socket;
    private readonly IDoorkeeper _door;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _accepting;
    private int _connections;

    public Listener(Socket socket, IDoorkeeper door)
    {
        (_socket, _door) = (socket, door);
        _accepting = AcceptAllAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        // Disposing a unix socket deletes its file.
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
            if (Interlocked.Increment(ref _connections) <= _door.Connections)
                await _door.ServeAsync(stream, ending);
            else
                await _door.TurnAwayAsync(stream, ending);
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }
}

/// <summary>
/// Whom a listener gives its connections. Closes each of them, and never throws for what a peer does.
/// </summary>
internal interface IDoorkeeper
{
    /// <summary>At a time; who comes beyond them is turned away.</summary>
    int Connections { get; }

    Task ServeAsync(Stream stream, CancellationToken cancellation);

    Task TurnAwayAsync(Stream stream, CancellationToken cancellation);
}
