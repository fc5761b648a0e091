namespace PgMahout.Agent.Http;

/// <summary>Serves requests one after the other on each connection that it is given.</summary>
internal sealed class HttpServer(HttpLimits limits, Func<HttpRequest, CancellationToken, Task<HttpAnswer>> answer)
    : IDoorkeeper
{
    public HttpLimits Limits { get; } = limits;

    public int Connections => Limits.Connections;

    /// <summary>
    /// Until the peer closes, breaks the rules, or takes too long. Never throws for what a peer does. Closes the
    /// stream.
    /// </summary>
    public async Task ServeAsync(Stream stream, CancellationToken cancellation)
    {
        await using var wire = new HttpWire(stream, Limits);
        try
        {
            while (await ServeOneAsync(wire, cancellation))
            {
            }
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The peer went away or fell silent: there is nobody to tell.
        }
    }

    /// <summary>For whom there is no room: says so, and closes.</summary>
    public async Task TurnAwayAsync(Stream stream, CancellationToken cancellation)
    {
        await using var wire = new HttpWire(stream, Limits);
        try
        {
            await AnswerAsync(wire, HttpAnswer.Refusing(503, "too many connections"), close: true, cancellation);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // It did not wait.
        }
    }

    private async Task<bool> ServeOneAsync(HttpWire wire, CancellationToken cancellation)
    {
        using (var idle = Within(Limits.Idle, cancellation))
            if (!await wire.AwaitAsync(idle.Token))
                return false;
        switch (await ReadAsync(wire, cancellation))
        {
            case HttpFrame.Ended:
                return false;
            case HttpFrame.Refused { Refusal: var refusal }:
                await AnswerAsync(wire, HttpAnswer.Of(refusal), close: true, cancellation);
                return false;
            case HttpFrame.Message message:
                var (request, objection) = HttpRequest.Of(message);
                var close = message.Head.Close || request is null;
                var said = request is null ? HttpAnswer.Of(objection!) : await AskAsync(request, cancellation);
                await AnswerAsync(wire, said, close, cancellation);
                return !close;
            case var other:
                throw new InvalidOperationException($"unknown frame {other.GetType().Name}");
        }
    }

    private async Task<HttpFrame> ReadAsync(HttpWire wire, CancellationToken cancellation)
    {
        using var bounded = Within(Limits.Message, cancellation);
        try
        {
            return await wire.ReadAsync(bounded.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new HttpFrame.Refused(new HttpRefusal(408, "the request did not come to its end"));
        }
    }

    /// <summary>One request that breaks its handler must not take the agent with it.</summary>
    private async Task<HttpAnswer> AskAsync(HttpRequest request, CancellationToken cancellation)
    {
        try
        {
            return await answer(request, cancellation);
        }
        catch (Exception broken) when (broken is not (OperationCanceledException or OutOfMemoryException))
        {
            Console.Error.WriteLine($"{request.Method} {request.Path} broke: {broken}");
            return HttpAnswer.Refusing(500, "the agent's log has the reason");
        }
    }

    private async Task AnswerAsync(HttpWire wire, HttpAnswer said, bool close, CancellationToken cancellation)
    {
        using var bounded = Within(Limits.Message, cancellation);
        await wire.WriteAsync(said.StartLine, said.Body, close, bounded.Token);
    }

    private static CancellationTokenSource Within(TimeSpan limit, CancellationToken cancellation)
    {
        var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bounded.CancelAfter(limit);
        return bounded;
    }
}
