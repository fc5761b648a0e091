using Npgsql;
using PgMahout.HostTests.Harness;
using Xunit;

namespace PgMahout.HostTests;

/// <summary>Two clusters on hosts, of which one follows the other.</summary>
public sealed class RegionTests
{
    private const int WritePort = 6432;
    private const int ReadPort = 6433;

    private const string KilledWhenItIsUnderWay =
        """
        pgmahout region switchover > /tmp/said 2>&1 &
        until grep -qF '[1/4]' /tmp/said; do kill -0 $! || { cat /tmp/said; exit 1; }; sleep 0.01; done
        kill -9 $!
        """;

    private const string ModeOfKey = "stat -c '%U %a' /var/lib/pgmahout/region /var/lib/pgmahout/region/certs/host.key";

    [Fact]
    public async Task Closed_hosts_become_a_pair_whose_leadership_moves_there_and_back_and_nothing_is_lost()
    {
        await using var hosts = await RegionHosts.UpAsync(ClosedHostsTests.Rules);
        var (near, far) = (await hosts.HealthyAsync("db2"), await hosts.HealthyAsync("db4"));
        Assert.All(far.Members, member => Assert.Equal("standby", member.Role));
        Assert.Equal(["orders leads 1", "far follows 1"], await hosts.RolesAsync("db2"));
        Assert.Equal(["far follows 1", "orders leads 1"], await hosts.RolesAsync("db4"));
        Assert.Equal("postgres 700\npostgres 600", await hosts.Lab.ShellAsync("db1", ModeOfKey));
        foreach (var file in new[] { hosts.NearFile, hosts.FarFile })
            Assert.Contains(
                "nothing to do", (await hosts.DeployAsync(file)).Exits(0).Out, StringComparison.Ordinal);
        await using var writer = await HostWriter.StartAsync(hosts, near.Leader!);
        foreach (var host in RegionHosts.Far)
            await hosts.ArrivesAsync(host, writer.Rows.Max(row => row.Id), ReadPort);
        await RefusesWritesAsync(hosts, "db3");

        await MoveAsync(hosts, writer, from: "db2");

        Assert.Equal(["far leads 2", "orders follows 2"], await hosts.RolesAsync("db3"));
        Assert.False(await hosts.AskAsync<bool>("db4", "select pg_is_in_recovery()", WritePort));
        await RefusesWritesAsync(hosts, "db1");
        await hosts.HealthyAsync("db1");
        await AuthorityAsync(hosts);
        await hosts.ArrivesAsync("db2", writer.Rows.Max(row => row.Id), ReadPort);

        await MoveAsync(hosts, writer, from: "db3");

        Assert.Equal(["orders leads 3", "far follows 3"], await hosts.RolesAsync("db1"));
        await hosts.HealthyAsync("db3");
        await writer.NothingIsLostAsync((await hosts.HealthyAsync("db1")).Leader!);
    }

    [Fact]
    public async Task A_region_without_power_is_left_behind_and_follows_by_itself_when_it_has_power_again()
    {
        await using var hosts = await RegionHosts.UpAsync();
        var (near, far) = (await hosts.HealthyAsync("db1"), await hosts.HealthyAsync("db3"));
        await using var writer = await HostWriter.StartAsync(hosts, near.Leader!);
        await hosts.ArrivesAsync(far.Leader!, writer.Rows.Max(row => row.Id));

        await Task.WhenAll(RegionHosts.Near.Select(host => hosts.Lab.DoAsync("power-off", host)));
        var lost = writer.Now;
        Assert.Equal(["far follows 1", "not seen"], await hosts.RolesAsync("db4"));
        var told = writer.Now;
        var forced = (await hosts.RegionAsync("db4", "failover", "--yes")).Exits(0);
        await writer.ReachesAsync(100);
        var first = writer.Rows.First(row => row.At > lost).At - told;
        Say($"{forced.Out.Trim()}: writes again {first.TotalSeconds:F2} s after the command was given");
        var alone = (await hosts.DeployAsync(hosts.FarFile)).Exits(0);
        Assert.Contains("does not hear of this deployment", alone.Error, StringComparison.Ordinal);

        await Task.WhenAll(RegionHosts.Near.Select(host => hosts.Lab.DoAsync("power-on", host)));
        await hosts.BecomeAsync("db1", "orders follows 2", "far leads 2");
        var back = await hosts.HealthyAsync("db1");
        Assert.All(back.Members, member => Assert.Equal("standby", member.Role));
        await writer.ReachesAsync(20);
        await writer.StopAsync();

        Assert.DoesNotContain(
            writer.Rows, row => row.At > lost && RegionHosts.Near.Contains(row.Host));
        var leader = (await hosts.HealthyAsync("db3")).Leader!;
        var present = await hosts.ColumnAsync(leader, "select id from live");
        Assert.All(
            writer.Rows.Where(row => RegionHosts.Far.Contains(row.Host)), row => Assert.Contains(row.Id, present));
        foreach (var host in RegionHosts.Near)
            await hosts.ArrivesAsync(host, writer.Rows.Max(row => row.Id));
        var missing = writer.Rows.Count(row => !present.Contains(row.Id));
        Say($"{missing} of {writer.Rows.Count} confirmed rows were not there yet");
    }

    [Fact]
    public async Task A_change_is_taken_back_and_a_region_that_cannot_hear_that_it_was_left_behind_is_told()
    {
        await using var hosts = await RegionHosts.UpAsync();
        var (near, far) = (await hosts.HealthyAsync("db1"), await hosts.HealthyAsync("db3"));
        await using (var writer = await HostWriter.StartAsync(hosts, near.Leader!))
        {
            await writer.ReachesAsync(20);
            await hosts.Lab.ShellAsync("db4", KilledWhenItIsUnderWay);
            (await hosts.RegionAsync("db4", "switchover", "--cancel")).Fails(3, "REG-006");
            (await hosts.RegionAsync("db2", "switchover", "--cancel")).Exits(0);
            await writer.ReachesAsync(50);
            Assert.Equal(["orders leads 1", "far follows 1"], await hosts.RolesAsync("db2"));
            await hosts.HealthyAsync("db1");
            await writer.NothingIsLostAsync(near.Leader!);
        }

        await TakeThePortAsync(hosts);
        (await hosts.RegionAsync("db1", "follow", "--yes")).Fails(3, "REG-006");
        (await hosts.RegionAsync("db3", "failover", "--yes")).Exits(0);
        Assert.Equal(["orders leads 1", "far leads 2"], await hosts.RolesAsync("db2"));
        Assert.False(await hosts.AskAsync<bool>(near.Leader!, "select pg_is_in_recovery()"));
        (await hosts.RegionAsync("db2", "follow")).Fails(2, "PGM-003");
        (await hosts.RegionAsync("db2", "follow", "--yes")).Exits(0);
        await hosts.BecomeAsync("db1", "orders follows 2", "far leads 2");
        (await hosts.RegionAsync("db1", "follow", "--yes")).Fails(3, "REG-006");
        await RefusesWritesAsync(hosts, "db1");
        await RefusesWritesAsync(hosts, "db2");

        await Task.WhenAll(RegionHosts.Far.Select(host => hosts.Lab.ShellAsync(host, "nft delete table inet cut")));
        await hosts.AskAsync<int>(far.Leader!, "insert into live (id) values (-1)");
        foreach (var host in RegionHosts.Near)
            await hosts.ArrivesAsync(host, -1);
        Assert.All((await hosts.HealthyAsync("db1")).Members, member => Assert.Equal("standby", member.Role));
    }

    /// <summary>
    /// Of the servers there for the hosts here, so that those who ask them hear nothing; the store is not cut off.
    /// </summary>
    private static Task TakeThePortAsync(RegionHosts hosts)
    {
        var near = string.Join(", ", RegionHosts.Near.Select(hosts.Lab.Address));
        return Task.WhenAll(RegionHosts.Far.Select(host => hosts.Lab.ShellAsync(host,
            "nft add table inet cut && nft 'add chain inet cut in { type filter hook input priority 0; }' && "
            + $"nft 'add rule inet cut in ip saddr {{ {near} }} tcp dport 5432 drop'")));
    }

    /// <summary>Given on a host of the region that leads.</summary>
    private static async Task MoveAsync(RegionHosts hosts, HostWriter writer, string from)
    {
        await writer.ReachesAsync(50);
        var told = writer.Now;
        var moved = (await hosts.RegionAsync(from, "switchover")).Exits(0);
        await writer.ReachesAsync(100);
        Say($"{moved.Out.Trim()}: nobody could write for {writer.OutageSince(told).TotalSeconds:F2} s");
    }

    /// <summary>In three steps, of which each brings the other region's hosts what belongs to it.</summary>
    private static async Task AuthorityAsync(RegionHosts hosts)
    {
        const string Believed = "sha256sum < /var/lib/pgmahout/region/certs/ca.crt";
        var before = await hosts.Lab.ShellAsync("db4", Believed);
        (await hosts.DeployAsync(hosts.NearFile, "certificates", "rotate", "--ca")).Exits(0);
        Assert.NotEqual(before, await hosts.Lab.ShellAsync("db4", Believed));
        Assert.Equal(
            await hosts.Lab.ShellAsync("db1", "sha256sum < /var/lib/pgmahout/certs/ca.crt"),
            await hosts.Lab.ShellAsync("db4", Believed));
        Assert.Equal(["far leads 2", "orders follows 2"], await hosts.RolesAsync("db4"));
    }

    private static async Task RefusesWritesAsync(RegionHosts hosts, string host)
    {
        try
        {
            await hosts.AskAsync<int>(host, "create table nowhere ()", WritePort);
            Assert.Fail($"{host}, whose region follows, took a write");
        }
        catch (Exception refused) when (DeployedCluster.IsExpected(refused))
        {
            Assert.False(refused is PostgresException { SqlState: "42P07" }, "somebody took it before");
        }
    }

    private static void Say(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
