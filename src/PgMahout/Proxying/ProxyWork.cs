using PgMahout.Agent.Home;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;
using PgMahout.Proxy;
using PgMahout.Proxy.Handover;

namespace PgMahout.Proxying;

/// <summary>What the parts of one proxy process share: the loop, what it is told, and who may stop it.</summary>
internal sealed class ProxyWork(
    HomeLayout home, ProxyServer server, TopologyFeed feed, ProxySettings settings, CancellationTokenSource ending)
{
    private static readonly DateTime Started = TimeProvider.System.GetUtcNow().UtcDateTime;

    private volatile ProxySettings _settings = settings;
    private volatile bool _paused;
    private (long, MemberName?, bool) _told;

    public HomeLayout Home => home;

    public ProxyServer Server => server;

    public TopologyFeed Feed => feed;

    /// <summary>
    /// By which the loop goes. Addresses are those it began with: another address needs another process.
    /// </summary>
    public ProxySettings Settings => _settings;

    /// <summary>The log has what clients felt: who they were sent to, and why they were not.</summary>
    public void Publish(Topology topology)
    {
        server.Publish(topology);
        var (before, now) = (_told, (topology.Epoch, topology.Primary?.Name, topology.Draining));
        _told = now;
        if (now != before)
            ProxyProcess.Say(topology.Primary is { } primary
                ? $"{primary.Name} is the primary of epoch {topology.Epoch}{(topology.Draining ? ", draining" : "")}"
                : $"there is no primary: {topology.Why}");
    }

    public void Follow(ProxySettings wanted)
    {
        var next = wanted with
        {
            ListenHost = _settings.ListenHost,
            WritePort = _settings.WritePort,
            ReadPort = _settings.ReadPort,
            SocketDirectory = _settings.SocketDirectory,
        };
        if (next == _settings)
            return;
        _settings = next;
        server.Reload(next);
        ProxyProcess.Say("the settings have changed");
    }

    /// <summary>The same settings again: the files that they name may be others now.</summary>
    public void Reload() => server.Reload(_settings);

    public void Pause()
    {
        _paused = true;
        server.Pause();
    }

    public void Resume()
    {
        _paused = false;
        server.Resume();
    }

    /// <summary>Another process listens.</summary>
    public bool IsRetired { get; private set; }

    /// <summary>Another process is about to: the lock may name that one already.</summary>
    public bool HandsOver { get; set; }

    public bool IsPaused => _paused;

    /// <summary>From now on the other process is the proxy; this one has the clients that cannot move to it.</summary>
    /// <param name="keep">They are ended after so long; null: never.</param>
    public void Retire(Succession succession, TimeSpan? keep)
    {
        IsRetired = true;
        server.Retire(succession);
        if (keep is { } limit)
            _ = EndAfterAsync(limit);
    }

    private async Task EndAfterAsync(TimeSpan limit)
    {
        await Task.Delay(limit, ending.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        if (ending.IsCancellationRequested)
            return;
        ProxyProcess.Say($"{server.Report.Clients} clients were kept for {limit.TotalSeconds:0.#} s: they are ended");
        await ending.CancelAsync();
    }

    public void Stop() => ending.Cancel();

    public ProxyAccount Account() =>
        ProxyAccount.Of(server.Report, feed.Topology, _settings, (Started, _paused, BootClock.Now()));
}
