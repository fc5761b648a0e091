namespace PgMahout.Agent.Http;

/// <summary>
/// Asks one server. Connections are kept for the next question; one that turns out to be dead before it has answered is
/// replaced once, so every request must be one that may be repeated.
/// </summary>
internal sealed class HttpCaller(Func<CancellationToken, Task<Stream>> connect, HttpLimits limits) : IDisposable
{
    private const int MostKept = 4;

    private readonly Stack<HttpWire> _kept = new();
    private bool _disposed;

    /// <exception cref="IOException">There was no connection, or it ended before the answer.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The server cannot be reached.</exception>
    public async Task<HttpAnswer> AskAsync(HttpRequest request, CancellationToken cancellation)
    {
        while (Kept() is { } kept)
            if (await TryAsync(kept, request, cancellation) is { } answer)
                return answer;
        var fresh = new HttpWire(await connect(cancellation), limits);
        return await ExchangeAsync(fresh, request, cancellation)
            ?? throw new IOException("the connection ended before the answer");
    }

    public void Dispose()
    {
        lock (_kept)
            _disposed = true;
        while (Kept() is { } wire)
            _ = wire.DisposeAsync().AsTask();
    }

    private async Task<HttpAnswer?> TryAsync(HttpWire kept, HttpRequest request, CancellationToken cancellation)
    {
        try
        {
            return await ExchangeAsync(kept, request, cancellation);
        }
        catch (IOException)
        {
            // The process behind it has ended since; a new one may be there.
            return null;
        }
    }

    /// <summary>Null when the connection ends before the answer begins.</summary>
    private async Task<HttpAnswer?> ExchangeAsync(HttpWire wire, HttpRequest request, CancellationToken cancellation)
    {
        var keeps = false;
        try
        {
            await wire.WriteAsync(request.StartLine, request.Body, close: false, cancellation);
            if (!await wire.AwaitAsync(cancellation))
                return null;
            if (await wire.ReadAsync(cancellation) is not HttpFrame.Message message
                || HttpAnswer.Of(message) is not { } answer)
                throw new IOException("the answer was not HTTP/1.1, or was cut off");
            keeps = !message.Head.Close;
            return answer;
        }
        finally
        {
            // An answer that was not waited for would be taken for that of the next question.
            if (!keeps || !Keep(wire))
                await wire.DisposeAsync();
        }
    }

    private HttpWire? Kept()
    {
        lock (_kept)
            return _kept.TryPop(out var wire) ? wire : null;
    }

    private bool Keep(HttpWire wire)
    {
        lock (_kept)
        {
            if (_disposed || _kept.Count == MostKept)
                return false;
            _kept.Push(wire);
            return true;
        }
    }
}
