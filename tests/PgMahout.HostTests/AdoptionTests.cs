using System.Diagnostics;
using System.Globalization;
using Npgsql;
using PgMahout.HostTests.Harness;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests;

/// <summary>Servers that run already, with clients that write all the while, become a cluster.</summary>
public sealed class AdoptionTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private static readonly string[] All = ["db1", "db2", "db3"];

    private readonly string _directory = Directory.CreateTempSubdirectory("pgmahout-adopt-").FullName;
    private Lab _lab = null!;

    public async ValueTask InitializeAsync() => _lab = await Lab.UpAsync(3);

    public async ValueTask DisposeAsync()
    {
        if (_lab is not null)
            await _lab.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Running_servers_become_a_cluster_and_neither_they_nor_their_clients_notice()
    {
        var servers = await FormerServers.DebianAsync(_lab, ["db2", "db3"], "--data-checksums");
        WriteFile($"adopt: {{ data: {FormerServers.Debian} }}");
        var before = await Task.WhenAll(All.Select(servers.FingerprintAsync));
        var dry = (await DeployAsync("--dry-run")).Exits(0);
        Assert.Contains($"adopt {FormerServers.Debian} (primary", dry.Out, StringComparison.Ordinal);
        Assert.Contains("/etc/postgresql/15/main/start.conf", dry.Out, StringComparison.Ordinal);
        Assert.Equal(before, await Task.WhenAll(All.Select(servers.FingerprintAsync)));

        var postmasters = await servers.PostmastersAsync(All);
        await using var open = await AppClient.OpenAsync(_lab.Address("db1"));
        var backend = await ScalarAsync(open, "select pg_backend_pid()");
        await using var client = new AppClient(_lab, All);
        await client.ReachesAsync(20);

        (await DeployAsync()).Exits(0);

        Assert.Equal(postmasters, await servers.PostmastersAsync(All));
        Assert.Equal(backend, await ScalarAsync(open, "select pg_backend_pid()"));
        Assert.Equal(1, client.Connections);
        await client.ReachesAsync(20);
        var status = await HealthyFromAsync("db2");
        Assert.Equal(("db1", 3), (status.Leader, status.Members.Length));
        foreach (var host in All)
            Assert.Equal("7MB", await servers.SqlAsync(host, "show work_mem"));
        Assert.Equal("0", await servers.SqlAsync(
            "db1", "select count(*) from pg_replication_slots where slot_name like 'standby%'"));
        Assert.Equal("2", await servers.SqlAsync(
            "db1", "select count(*) from pg_stat_replication where usename = 'pgmahout_replication' "
            + "and sync_state = 'quorum'"));
        await NobodyElseStartsThemAsync(servers, postmasters);
        var again = (await DeployAsync()).Exits(0);
        Assert.Contains("nothing to do", again.Out + again.Error, StringComparison.Ordinal);

        await IsAClusterLikeAnyOtherAsync(servers, client);
    }

    [Fact]
    public async Task Servers_that_cannot_be_adopted_are_left_as_they_are()
    {
        var servers = await FormerServers.DebianAsync(_lab, ["db2", "db3"], "");
        WriteFile($"adopt: {{ data: {FormerServers.Debian} }}");
        await RefusedAsync(servers, "DEP-011", "wal_log_hints");

        await servers.SqlAsync("db1", "alter role postgres password 'of a person'");
        await RefusedAsync(servers, "DEP-010", "the role postgres has a password");
        await servers.SqlAsync("db1", "alter role postgres password null");

        await servers.SqlAsync("db3", "alter system set primary_conninfo = ''");
        await servers.SqlAsync("db3", "select pg_reload_conf()");
        await servers.StreamAsync(1);
        await RefusedAsync(servers, "DEP-010", "db3: its server is a standby and receives nothing from db1");

        await _lab.ShellAsync("db3", "pg_ctlcluster 15 main promote");
        await Eventually.HoldsAsync("db3 is a primary", Lab.Limit,
            async () => await servers.SqlAsync("db3", "select pg_is_in_recovery()") == "f");
        await RefusedAsync(servers, "DEP-010", "2 servers are primaries: db1, db3");

        await _lab.ShellAsync("db3", "systemctl stop postgresql@15-main && pg_dropcluster 15 main && "
            + $"pg_createcluster 15 main && touch {FormerServers.Debian}/standby.signal && "
            + "systemctl start postgresql@15-main");
        await RefusedAsync(servers, "DEP-010", "db3: its data is of another cluster");
    }

    [Fact]
    public async Task Servers_started_in_other_ways_are_adopted_and_started_anew_where_that_is_allowed()
    {
        var servers = await FormerServers.PlainAsync(_lab, "db2");
        WriteFile($"adopt: {{ data: {FormerServers.Plain} }}", "db3");
        var postmasters = await servers.PostmastersAsync("db1", "db2");
        await using var client = new AppClient(_lab, ["db1", "db2"]);
        await client.ReachesAsync(20);

        (await DeployAsync()).Fails(3, "DEP-011");
        Assert.Equal(1, client.Connections);
        (await DeployAsync("--allow-restart")).Exits(0);

        var status = await HealthyFromAsync("db1");
        Assert.Equal("db2", status.Leader);
        var after = await servers.PostmastersAsync("db1", "db2");
        Assert.NotEqual(postmasters[0], after[0]);
        Assert.NotEqual(postmasters[1], after[1]);
        foreach (var host in new[] { "db1", "db2" })
            Assert.Equal("on|7MB", await servers.SqlAsync(
                host, "select current_setting('wal_log_hints'), current_setting('work_mem')"));
        await client.ReachesAsync(20);
        Assert.NotEqual(0, (await _lab.ExecAsync("db1", "systemctl", "start", "mydb")).Code);
        await client.NothingIsLostAsync(_lab.Address("db2"));
    }

    private async Task RefusedAsync(FormerServers servers, string code, string said)
    {
        var before = await Task.WhenAll(All.Select(servers.FingerprintAsync));
        var refused = (await DeployAsync()).Fails(3, code);
        Assert.Contains(said, refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, await Task.WhenAll(All.Select(servers.FingerprintAsync)));
    }

    /// <summary>Not the unit that did, nor Debian's own tool, nor the next start of the host.</summary>
    private async Task NobodyElseStartsThemAsync(FormerServers servers, string[] postmasters)
    {
        foreach (var host in All)
        {
            Assert.Equal("inactive", await _lab.ShellAsync(host, "systemctl is-active postgresql@15-main || true"));
            Assert.NotEqual(0, (await _lab.ExecAsync(host, "systemctl", "start", "postgresql@15-main")).Code);
            Assert.NotEqual(0, (await _lab.ExecAsync(host, "pg_ctlcluster", "15", "main", "start")).Code);
            await _lab.ShellAsync(host, "systemctl restart postgresql");
        }
        Assert.Equal(postmasters, await servers.PostmastersAsync(All));
    }

    private async Task IsAClusterLikeAnyOtherAsync(FormerServers servers, AppClient client)
    {
        // A guard that is killed does not take an adopted server along, and is replaced.
        var guard = await _lab.ShellAsync("db1", "pgrep -f 'guard --home'");
        await _lab.ShellAsync("db1", $"kill -9 {guard}");
        await Eventually.HoldsAsync("another guard watches", Lab.Limit, async () =>
            await _lab.ShellAsync("db1", "pgrep -f 'guard --home' || true") is { Length: > 0 } now && now != guard);
        await HealthyFromAsync("db1");

        // A second later than that a guard without a lease would have killed it: the server of a hung agent ends.
        var leader = await SwitchedOverAsync();
        Assert.NotEqual("db1", leader);
        Assert.Equal("t", await servers.SqlAsync("db1", "select pg_is_in_recovery()"));

        await _lab.ShellAsync(leader, $"kill -9 $(head -n 1 {FormerServers.Debian}/postmaster.pid)");
        await client.ReachesAsync(50);
        await HealthyFromAsync("db1");

        await _lab.DoAsync("power-off", "db3");
        await _lab.DoAsync("power-on", "db3");
        var status = await HealthyFromAsync("db3");
        Assert.Equal("inactive", await _lab.ShellAsync("db3", "systemctl is-active postgresql@15-main || true"));
        await client.ReachesAsync(20);
        await client.NothingIsLostAsync(_lab.Address(status.Leader!));
    }

    private async Task<string> SwitchedOverAsync()
    {
        Ran? drill = null;
        // On a busy machine the store may not answer in time; a drill that says so has changed nothing.
        await Eventually.HoldsAsync("the store answers a drill", Lab.Limit, async () =>
        {
            drill = await _lab.ExecAsync("db1", "pgmahout", "drill", "switchover", "--yes");
            TestContext.Current.TestOutputHelper?.WriteLine(drill.ToString());
            return !drill.Error.Contains("UP-008", StringComparison.Ordinal);
        });
        drill!.Exits(0);
        return (await HealthyFromAsync("db1")).Leader!;
    }

    private void WriteFile(string adopt, params string[] witnesses) => File.WriteAllText(
        Path.Combine(_directory, "cluster.yml"),
        $$"""
        cluster: orders
        ssh: { user: root, identity: {{Lab.Identity}} }
        etcd: [db1, db2, db3]
        proxy: false
        {{adopt}}
        hosts:
        {{string.Join('\n', All.Select(host => $"  - {{ name: {host}, address: {_lab.Address(host)}"
            + (witnesses.Contains(host) ? ", role: witness }" : " }")))}}

        """);

    private async Task<Ran> DeployAsync(params string[] arguments)
    {
        var begun = Stopwatch.GetTimestamp();
        var ran = await Program.RunAsync(
            Program.Path,
            ["deploy", Path.Combine(_directory, "cluster.yml"), .. arguments, "--known-hosts", _lab.KnownHosts],
            Limit);
        var took = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        TestContext.Current.TestOutputHelper?.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"== {took:F1} s: {ran}"));
        return ran;
    }

    private async Task<Status> HealthyFromAsync(string host)
    {
        Status? status = null;
        await Eventually.HoldsAsync($"healthy, seen from {host}", Lab.Limit, async () =>
        {
            var ran = await _lab.ExecAsync(host, "pgmahout", "status", "-o", "json");
            status = ran.Out.Length > 0 ? Status.Parse(ran.Out) : null;
            return status is { IsHealthy: true };
        });
        return status!;
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
