namespace PgMahout.Agent.Api;

/// <summary>Asks one proxy process. Silence is an answer, never an exception; every question has a limit.</summary>
public sealed class ProxyClient(string socket) : IDisposable
{
    private readonly SocketCaller _caller = new(socket);

    /// <summary>Holds its clients; answers when nothing runs on the primary any more, or after the wait.</summary>
    public Task<AgentAnswer<DrainAnswer>> DrainAsync(DrainBody body, CancellationToken cancellation) =>
        _caller.PostAsync(
            ("/drain", body), (WireContext.Default.DrainBody, WireContext.Default.DrainAnswer),
            TimeSpan.FromSeconds(body.WaitSeconds) + Slack, cancellation);

    /// <summary>Another process takes its place; answers once that listens, or will not.</summary>
    public Task<AgentAnswer<SuccessionAnswer>> SucceedAsync(
        SuccessionBody body, TimeSpan limit, CancellationToken cancellation) =>
        _caller.PostAsync(
            ("/succeed", body), (WireContext.Default.SuccessionBody, WireContext.Default.SuccessionAnswer),
            limit, cancellation);

    /// <summary>One of the words that a proxy obeys: see its API.</summary>
    public Task<AgentAnswer<bool>> TellAsync(string word, TimeSpan limit, CancellationToken cancellation) =>
        _caller.TellAsync("/" + word, default, limit, cancellation);

    public void Dispose() => _caller.Dispose();

    /// <summary>For the way there and back.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(50);
}
