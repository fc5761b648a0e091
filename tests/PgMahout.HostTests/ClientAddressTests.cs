using PgMahout.HostTests.Harness;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests;

/// <summary>
/// Two hosts with data and a witness, with a proxy on each: what each of them tells clients to use, and whether that
/// works there.
/// </summary>
public sealed class ClientAddressTests : IAsyncLifetime
{
    private const string Witness = "db3";
    private const string WhoIsThere = "select case pg_is_in_recovery() when true then 'standby' else 'primary' end";

    private DeployedCluster _cluster = null!;

    private Lab Lab => _cluster.Lab;

    public async ValueTask InitializeAsync() =>
        _cluster = await DeployedCluster.UpAsync(TimeSpan.FromSeconds(3), hasWitness: true);

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task Every_host_tells_one_address_that_works_there_also_the_witness_and_after_a_change_of_ports()
    {
        await EveryHostLeadsThereAsync(DeployedCluster.WritePort, DeployedCluster.ReadPort);

        (await _cluster.OnAsync(Witness, "proxy", "settings", "--port", "6532", "--read-port", "6533")).Exits(0);
        foreach (var host in Lab.Hosts)
            (await _cluster.OnAsync(host, "proxy", "restart")).Exits(0);

        await EveryHostLeadsThereAsync(6532, 6533);
        // With one of them gone, the address still names others that lead there.
        await Lab.DoAsync("power-off", "db1");
        await LeadsAsync(Witness, "primary", "--write");
    }

    private async Task EveryHostLeadsThereAsync(int write, int read)
    {
        string All(int port) => string.Join(',', Lab.Hosts.Select(host => $"{Lab.Address(host)}:{port}"));
        foreach (var host in Lab.Hosts)
        {
            Assert.Contains($"@{All(write)}/", await LeadsAsync(host, "primary", "--write"), StringComparison.Ordinal);
            Assert.Contains($"@{All(read)}/", await LeadsAsync(host, "standby", "--read"), StringComparison.Ordinal);
        }
        await LeadsAsync("db1", "primary", "--direct");
    }

    /// <returns>The address that the host tells, when it works there without a word about passwords.</returns>
    private async Task<string> LeadsAsync(string host, string where, string which)
    {
        var uri = (await _cluster.OnAsync(host, "uri", which)).Exits(0).Out.Trim();
        var said = "";
        await Eventually.HoldsAsync($"{uri} leads from {host} to a {where}", Lab.Limit, async () =>
            (said = await Lab.ShellAsync(host, $"timeout 20 psql -wXAtc \"{WhoIsThere}\" '{uri}' 2>&1 || true"))
                == where || Tell(said));
        return uri;
    }

    /// <summary>For whoever looks for the reason of a failure.</summary>
    private static bool Tell(string said)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(said);
        return false;
    }
}
