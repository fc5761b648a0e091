using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using PgMahout.Agent.Home;
using PgMahout.Proxying;
using PgMahout.Status;
using Xunit;

namespace PgMahout.Tests.Proxy;

public sealed class ProxyStartTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly HomeLayout _home = new(Directory.CreateTempSubdirectory("pgmahout-proxy-").FullName);
    private readonly TcpListener _store = new(IPAddress.Loopback, 0);

    public void Dispose()
    {
        _store.Dispose();
        Directory.Delete(_home.Root, recursive: true);
    }

    // One that ended would be started again and again, each time from the beginning, on a host that has just booted.
    [Fact]
    public async Task A_proxy_that_begins_before_its_store_answers_waits_for_it()
    {
        _store.Start();
        await File.WriteAllTextAsync(_home.HostFile, new HostFile(
            "db1", [], new HostStore([new Uri($"http://{_store.LocalEndpoint}")], "/pgmahout/orders/")).ToJson());
        using var stopping = new CancellationTokenSource();

        var running = ProxyProcess.RunAsync(_home, null, stopping.Token);
        var begun = Stopwatch.GetTimestamp();
        // Asked again long after the first question was given up.
        while (Stopwatch.GetElapsedTime(begun) < ClusterAccess.StoreLimit * 1.5)
            (await _store.AcceptTcpClientAsync().WaitAsync(Limit)).Dispose();

        Assert.False(running.IsCompleted);
        await stopping.CancelAsync();
        Assert.Equal(0, await running.WaitAsync(Limit));
    }
}
