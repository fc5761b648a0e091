using System.Net.Sockets;
using PgMahout.HostTests.Harness;
using Xunit;

namespace PgMahout.HostTests;

/// <summary>Hosts whose own rules let in nothing but ssh.</summary>
public sealed class ClosedHostsTests : IAsyncLifetime
{
    internal const string Rules = """
        table inet filter {
            chain input {
                type filter hook input priority 0; policy drop;
                iif lo accept
                ct state established,related accept
                meta l4proto { icmp, ipv6-icmp } accept
                tcp dport 22 accept
            }
        }
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly string[] All = ["db1", "db2", "db3"];

    private Lab _lab = null!;
    private OperatorsDesk _desk = null!;

    public async ValueTask InitializeAsync()
    {
        _lab = await Lab.UpAsync(3);
        _desk = new OperatorsDesk(_lab);
    }

    public async ValueTask DisposeAsync()
    {
        _desk?.Dispose();
        if (_lab is not null)
            await _lab.DisposeAsync();
    }

    [Fact]
    public async Task Closed_hosts_are_told_of_and_opened_on_demand_and_no_further_than_needed()
    {
        foreach (var host in All)
            await _lab.ShellAsync(host, $"nft -f - << 'END'\n{Rules}\nEND");
        _desk.Write(All);

        var refused = await _desk.DeployAsync();
        Assert.NotEqual(0, refused.Code);
        Assert.Contains("--open-firewall", refused.Out + refused.Error, StringComparison.Ordinal);

        (await _desk.DeployAsync("--open-firewall")).Exits(0);
        Assert.Equal(3, (await _desk.HealthyFromAsync("db2")).Members.Length);

        // From a machine that is none of the hosts: servers and proxies, and nothing of what hosts tell each other.
        foreach (var host in All)
            Assert.Equal(
                "5432 6432 6433", string.Join(' ', await OpenAsync(host, 2379, 2380, 5432, 6432, 6433, 7432)));

        // Rules that somebody has loaded anew.
        await _lab.ShellAsync("db3", $"nft flush ruleset; nft -f - << 'END'\n{Rules}\nEND");
        (await _desk.DeployAsync("--open-firewall")).Exits(0);
        await _desk.HealthyFromAsync("db3");
        Assert.Equal("5432 6432 6433", string.Join(' ', await OpenAsync("db3", 2379, 5432, 6432, 6433, 7432)));
    }

    private async Task<List<int>> OpenAsync(string host, params int[] ports)
    {
        var open = new List<int>();
        foreach (var port in ports)
        {
            using var client = new TcpClient();
            using var limit = new CancellationTokenSource(Patience);
            try
            {
                await client.ConnectAsync(_lab.Address(host), port, limit.Token);
                open.Add(port);
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException)
            {
                // Nobody lets us in.
            }
        }
        return open;
    }
}
