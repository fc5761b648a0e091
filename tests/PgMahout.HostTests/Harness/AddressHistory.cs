using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace PgMahout.HostTests.Harness;

/// <summary>
/// Where the shared address was, and when, by the kernels' own word: on each host a watcher that neither the freezing
/// of a host nor anything else in the test touches. And whether somebody answered at it, by a client outside.
/// </summary>
internal sealed class AddressHistory : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    /// <summary>What PostgreSQL answers with a single letter: a request for TLS.</summary>
    private static readonly byte[] TlsRequest = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

    private readonly ConcurrentQueue<(DateTime At, string Host, bool IsThere)> _changes = new();
    private readonly ConcurrentQueue<DateTime> _answers = new();
    private readonly List<Process> _watchers = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly IPEndPoint _place;
    private readonly Task _client;

    private AddressHistory(HostCluster cluster, string holder)
    {
        var address = cluster.Shared!.Split('/')[0];
        _place = new IPEndPoint(IPAddress.Parse(address), 5432);
        _changes.Enqueue((Now, holder, true));
        foreach (var host in cluster.Lab.Hosts)
            Watch(cluster.Lab, host, cluster.Shared);
        _client = AskAsync();
    }

    public static DateTime Now => TimeProvider.System.GetUtcNow().UtcDateTime;

    /// <summary>Begins while that host has the address, and nothing moves.</summary>
    public static async Task<AddressHistory> StartAsync(HostCluster cluster, string holder)
    {
        var history = new AddressHistory(cluster, holder);
        await LiveTests.Harness.Eventually.HoldsAsync(
            "the address answers", Lab.Limit, () => history._answers.Count > 5);
        return history;
    }

    /// <summary>A host that loses its power has no address any more, and tells nobody.</summary>
    public void IsOff(string host) => _changes.Enqueue((Now, host, false));

    /// <summary>When that host lost it or got it, at the latest change; null: it never did.</summary>
    public DateTime? Last(string host, bool isThere) => _changes
        .Where(change => change.Host == host && change.IsThere == isThere)
        .Select(change => (DateTime?)change.At).LastOrDefault();

    public bool Has(string host) =>
        _changes.Where(change => change.Host == host).Select(change => change.IsThere).LastOrDefault();

    /// <summary>How often the address came to or went from any host.</summary>
    public int Changes => _changes.Count;

    /// <summary>The longest time without an answer that ends after that moment.</summary>
    public TimeSpan SilenceSince(DateTime moment)
    {
        var times = _answers.Order().ToArray();
        return times.Zip(times.Skip(1)).Where(pair => pair.Second >= moment)
            .Select(pair => pair.Second - pair.First).DefaultIfEmpty().Max();
    }

    /// <summary>Waits until there are that many more answers.</summary>
    public Task AnswersAsync(int more)
    {
        var enough = _answers.Count + more;
        return LiveTests.Harness.Eventually.HoldsAsync(
            "the address answers again", Lab.Limit, () => _answers.Count >= enough);
    }

    /// <summary>At no moment had two hosts the address.</summary>
    public void NeverWasOnTwo()
    {
        var holders = ImmutableSortedSet<string>.Empty;
        foreach (var (at, host, isThere) in _changes.OrderBy(change => change.At))
        {
            holders = isThere ? holders.Add(host) : holders.Remove(host);
            Assert.True(holders.Count <= 1, $"at {at:HH:mm:ss.ffffff} on {string.Join(" and ", holders)}:\n{this}");
        }
    }

    public override string ToString() => string.Join('\n', _changes.OrderBy(change => change.At)
        .Select(change => $"{change.At:HH:mm:ss.ffffff} {change.Host} {(change.IsThere ? "has it" : "has it not")}"));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _client;
        foreach (var watcher in _watchers)
        {
            watcher.Kill();
            watcher.Dispose();
        }
        _stopping.Dispose();
    }

    private void Watch(Lab lab, string host, string shared)
    {
        var watcher = lab.Launch(host, "exec ip -o -ts monitor address");
        _watchers.Add(watcher);
        watcher.OutputDataReceived += (_, line) =>
        {
            if (line.Data is not { } text || !text.Contains($" {shared} ", StringComparison.Ordinal))
                return;
            var isThere = !text.Contains("Deleted", StringComparison.Ordinal);
            var at = DateTime.Parse(
                text[1..text.IndexOf(']', StringComparison.Ordinal)], CultureInfo.InvariantCulture,
                DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal);
            // Each renewal of its lifetime is told as well.
            if (Has(host) != isThere)
                _changes.Enqueue((at, host, isThere));
        };
        watcher.BeginOutputReadLine();
    }

    private async Task AskAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            if (await AnswersAsync())
                _answers.Enqueue(Now);
            await Task.Delay(Pace);
        }
    }

    private async Task<bool> AnswersAsync()
    {
        using var socket = new Socket(_place.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await socket.ConnectAsync(_place, limit.Token);
            await socket.SendAsync(TlsRequest, limit.Token);
            return await socket.ReceiveAsync(new byte[1], limit.Token) == 1;
        }
        catch (Exception silence) when (silence is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
