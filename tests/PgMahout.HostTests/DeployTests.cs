using System.Globalization;
using PgMahout.HostTests.Harness;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests;

/// <summary>From hosts with nothing but ssh to a cluster, and what an operator does with it later.</summary>
public sealed class DeployTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private static readonly string[] First = ["db1", "db2", "db3"];

    private static readonly (string Who, int Port)[] Showing = [("PostgreSQL", 5432), ("the proxy", 6432)];

    private Lab _lab = null!;
    private OperatorsDesk _desk = null!;

    public async ValueTask InitializeAsync()
    {
        _lab = await Lab.UpAsync(4, "--bare");
        _desk = new OperatorsDesk(_lab);
    }

    public async ValueTask DisposeAsync()
    {
        _desk?.Dispose();
        if (_lab is not null)
            await _lab.DisposeAsync();
    }

    [Fact]
    public async Task Bare_hosts_become_a_cluster_with_one_command_and_stay_one_through_what_an_operator_does()
    {
        WriteFile(First);
        (await DeployAsync("--dry-run")).Exits(0);
        Assert.Equal("", await _lab.ShellAsync("db1", "command -v pgmahout psql || true"));

        var made = (await DeployAsync("--drill")).Exits(0);
        Assert.True((await SeenFromAsync("db2")).IsHealthy);
        // As root: what the account may not read in root's own directory is not looked for.
        Assert.Equal("1", await _lab.ShellAsync("db2", "pgmahout psql -- -XAtc 'select 1'"));
        await HostsTellClientsTheSameAsync(UriIn(made));

        var again = (await DeployAsync()).Exits(0);
        Assert.Contains("nothing to do", again.Out + again.Error, StringComparison.Ordinal);

        var before = await PostmastersAsync();
        (await DeployAsync("certificates", "rotate")).Exits(0);
        await AreStillAsync(before);
        Assert.True((await SeenFromAsync("db3")).IsHealthy);
        foreach (var host in First)
            foreach (var (who, port) in Showing)
                await Eventually.HoldsAsync($"{who} of {host} shows its new certificate", Lab.Limit, async () =>
                    await SerialAsync(host, Shown(port)) == await SerialAsync(
                        host, "cat /var/lib/pgmahout/certs/host.crt"));

        await AnotherAuthorityAsync();

        WriteFile([.. First, "db4"]);
        (await DeployAsync("add", "db4")).Exits(0);
        Assert.Equal(4, (await HealthyFromAsync("db4")).Members.Length);

        (await DeployAsync("remove", "db4", "--yes")).Exits(0);
        Assert.Equal(3, (await HealthyFromAsync("db1")).Members.Length);

        await AnAddressComesAndGoesAsync();
    }

    /// <summary>Interrupted after its first step, and gone on with; no server is started anew.</summary>
    private async Task AnotherAuthorityAsync()
    {
        const string Count = "grep -c BEGIN /var/lib/pgmahout/certs/ca.crt";
        var own = Path.Combine(_desk.Directory, "orders.secrets", "ca.crt");
        var (former, servers) = (await File.ReadAllTextAsync(own), await PostmastersAsync());

        (await DeployAsync("certificates", "rotate", "--ca", "--step")).Exits(0);
        foreach (var host in First)
            Assert.Equal("2", await _lab.ShellAsync(host, Count));
        Assert.True((await HealthyFromAsync("db2")).IsHealthy);

        (await DeployAsync("certificates", "rotate", "--ca")).Exits(0);
        var present = await File.ReadAllTextAsync(own);
        Assert.NotEqual(former, present);
        foreach (var host in First)
            Assert.Equal(
                present.Trim(), (await _lab.ShellAsync(host, "cat /var/lib/pgmahout/certs/ca.crt")).Trim());
        await AreStillAsync(servers);
        Assert.True((await HealthyFromAsync("db3")).IsHealthy);
        var again = (await DeployAsync()).Exits(0);
        Assert.Contains("nothing to do", again.Out + again.Error, StringComparison.Ordinal);
    }

    /// <summary>By the file alone, while everything runs.</summary>
    private async Task AnAddressComesAndGoesAsync()
    {
        const string Here = "ip -o -4 address show dev host0 | grep -c '.100/24' || true";
        var shared = $"{_lab.Network}.100";
        WriteFile(First, $"virtual_ip: {{ address: {shared}/24, interface: host0 }}");
        var planned = (await DeployAsync("--dry-run")).Exits(0);
        Assert.Contains("start pgmahout-address.service", planned.Out, StringComparison.Ordinal);
        var servers = await PostmastersAsync();

        var given = (await DeployAsync()).Exits(0);
        Assert.Contains($"@{shared}:6432/", given.Out, StringComparison.Ordinal);
        var leader = (await HealthyFromAsync("db1")).Leader!;
        Assert.Equal("1", await _lab.ShellAsync(leader, Here));
        var uri = UriIn(given);
        await HostsTellClientsTheSameAsync(uri);
        Assert.Equal(leader, (await Program.RunAsync("psql", [uri, "-XAtc", "show cluster_name"], Limit))
            .Exits(0).Out.Trim().Split('/')[1]);
        var verified = uri + $"&sslmode=verify-full&sslrootcert={_desk.Directory}/orders.secrets/ca.crt";
        (await Program.RunAsync("psql", [verified, "-XAtc", "select 1"], Limit)).Exits(0);
        var again = (await DeployAsync()).Exits(0);
        Assert.Contains("nothing to do", again.Out + again.Error, StringComparison.Ordinal);

        WriteFile(First);
        (await DeployAsync()).Exits(0);
        Assert.Equal("0", await _lab.ShellAsync(leader, Here));
        Assert.Equal("", await _lab.ShellAsync(
            leader, "ls /etc/systemd/system/pgmahout-address* 2> /dev/null || true"));
        Assert.Null((await HealthyFromAsync("db2")).VirtualIp);
        await AreStillAsync(servers);
    }

    private static string UriIn(Ran deployed) =>
        deployed.Out.Split('\n').Single(line => line.StartsWith("postgresql://", StringComparison.Ordinal));

    /// <summary>As the operator was told, but with the password file that is there.</summary>
    private async Task HostsTellClientsTheSameAsync(string uri)
    {
        const string File = "&passfile=";
        foreach (var host in First)
        {
            Assert.Equal(uri.Split(File)[0], (await _lab.ShellAsync(host, "pgmahout uri")).Split(File)[0]);
            Assert.Equal("1", await _lab.ShellAsync(host, "psql \"$(pgmahout uri)\" -XAtc 'select 1'"));
        }
    }

    [Fact]
    public async Task A_host_that_refuses_keeps_every_host_as_it_is()
    {
        WriteFile(First);
        await _lab.ShellAsync("db2", "install -d /var/lib/pgmahout && echo mine > /var/lib/pgmahout/file");
        await _lab.DoAsync("power-off", "db3");

        var refused = await DeployAsync();

        Assert.NotEqual(0, refused.Code);
        Assert.Contains("db2", refused.Error, StringComparison.Ordinal);
        Assert.Contains("db3", refused.Error, StringComparison.Ordinal);
        Assert.Equal("", await _lab.ShellAsync("db1", "ls -d /opt/pgmahout /var/lib/pgmahout 2> /dev/null || true"));
    }

    private void WriteFile(IEnumerable<string> hosts, string more = "") => _desk.Write(hosts, more);

    private Task<Ran> DeployAsync(params string[] arguments) => _desk.DeployAsync(arguments);

    private Task<Status> SeenFromAsync(string host) => _desk.SeenFromAsync(host);

    private Task<Status> HealthyFromAsync(string host) => _desk.HealthyFromAsync(host);

    private static string Shown(int port) => string.Create(
        CultureInfo.InvariantCulture,
        $"openssl s_client -starttls postgres -connect 127.0.0.1:{port} 2> /dev/null < /dev/null");

    /// <summary>Of the first certificate that the command prints.</summary>
    private Task<string> SerialAsync(string host, string command) =>
        _lab.ShellAsync(host, $"{command} | openssl x509 -noout -serial");

    /// <summary>No server was started anew; where one was, its host tells why.</summary>
    private async Task AreStillAsync(string[] postmasters)
    {
        var now = await PostmastersAsync();
        for (var i = 0; i < First.Length; i++)
            Assert.True(postmasters[i] == now[i], $"{First[i]}: process {postmasters[i]} became {now[i]}\n"
                + (await _lab.ExecAsync(First[i], "bash", "-c",
                    "pgmahout history; journalctl --no-pager -n 200 -u pgmahout-agent; "
                    + "tail -n 60 /var/lib/pgmahout/members/*/log/*.log")).Out);
    }

    private async Task<string[]> PostmastersAsync() => await Task.WhenAll(First.Select(host =>
        _lab.ShellAsync(host, $"head -n 1 /var/lib/pgmahout/members/{host}/data/postmaster.pid")));
}
