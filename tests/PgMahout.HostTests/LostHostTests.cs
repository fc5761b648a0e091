using System.Globalization;
using PgMahout.HostTests.Harness;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests;

/// <summary>What a cluster on three hosts does when hosts and lines fail, with a member of etcd on each.</summary>
public sealed class LostHostTests : IAsyncLifetime
{
    private static readonly TimeSpan Rto = TimeSpan.FromSeconds(3);

    /// <summary>On two processors that three hosts, a client and maybe a compiler share.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(3);

    private HostCluster _cluster = null!;

    private Lab Lab => _cluster.Lab;

    public async ValueTask InitializeAsync() => _cluster = await HostCluster.UpAsync(Rto);

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Power_loss_of_the_primarys_host_loses_nothing_that_was_confirmed(bool withEtcdsLeader)
    {
        var primary = (await _cluster.HealthyAsync()).Leader!;
        if (withEtcdsLeader)
            primary = await LeadWhereEtcdLeadsAsync(primary);
        var other = Lab.Hosts.First(host => host != primary);
        await using var writer = await HostWriter.StartAsync(_cluster, primary);

        var lost = writer.Now;
        await Lab.DoAsync("power-off", primary);
        var after = await _cluster.StatusAsync("another member leads and runs", other,
            status => status.Leader is { } leader && leader != primary && status.Primary.State == "running");
        await writer.ReachesAsync(100);

        var outage = writer.OutageSince(lost);
        Say($"power loss of {primary}{(withEtcdsLeader ? ", which led etcd" : "")}: {outage.TotalSeconds:F2} s");
        Assert.InRange(outage, TimeSpan.Zero, Rto + Slack);
        await Lab.DoAsync("power-on", primary);
        await _cluster.HealthyAsync(primary);
        await writer.NothingIsLostAsync(after.Leader!);
    }

    [Fact]
    public async Task A_primary_that_is_cut_off_confirms_nothing_that_the_others_do_not_have_and_comes_back_by_itself()
    {
        var before = await _cluster.HealthyAsync();
        var primary = before.Leader!;
        var other = Lab.Hosts.First(host => host != primary);
        await using var writer = await HostWriter.StartAsync(_cluster, primary);
        await Lab.ShellAsync(primary, KeptHost.Sql("create table inside (id bigint primary key)"));
        using var inside = Lab.Launch(primary, "i=0; while :; do i=$((i + 1)); timeout 5 "
            + KeptHost.Sql("insert into inside values ('$i')")
            + " > /dev/null 2>&1 && echo $i >> /root/confirmed; done");
        await Eventually.HoldsAsync("the client inside is served", Lab.Limit, async () => await CountInsideAsync() > 3);

        var cut = writer.Now;
        await Lab.DoAsync("cut", primary);
        var after = await _cluster.StatusAsync("the other side has a primary", other,
            status => status.Leader is { } leader && leader != primary && status.Primary.State == "running");
        await writer.ReachesAsync(100);
        var outage = writer.OutageSince(cut);
        await Eventually.HoldsAsync("no server process is left on the isolated side", Rto + Slack,
            async () => await Lab.ShellAsync(primary, "pgrep -c -x postgres || true") == "0");
        var confirmed = await CountInsideAsync();
        await Eventually.StaysAsync("nothing is confirmed there", Rto,
            async () => await CountInsideAsync() == confirmed);

        Say($"cut off {primary}: {outage.TotalSeconds:F2} s");
        Assert.InRange(outage, TimeSpan.Zero, Rto + Slack);
        inside.Kill();
        await Lab.HealAsync();
        await _cluster.HealthyAsync(primary);
        await writer.NothingIsLostAsync(after.Leader!);
        var rows = await _cluster.ColumnAsync(after.Leader!, "select id from inside");
        var promised = (await Lab.ShellAsync(primary, "cat /root/confirmed")).Split('\n')
            .Select(line => long.Parse(line, CultureInfo.InvariantCulture));
        Assert.Empty(promised.Except(rows));

        async Task<int> CountInsideAsync() => int.Parse(
            await Lab.ShellAsync(primary, "cat /root/confirmed 2> /dev/null | wc -l"), CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task A_frozen_primary_finds_itself_replaced_when_it_goes_on()
    {
        var primary = (await _cluster.HealthyAsync()).Leader!;
        var other = Lab.Hosts.First(host => host != primary);
        await using var writer = await HostWriter.StartAsync(_cluster, primary);

        var frozen = writer.Now;
        await Lab.DoAsync("freeze", primary);
        var after = await _cluster.StatusAsync("another member leads and runs", other,
            status => status.Leader is { } leader && leader != primary && status.Primary.State == "running");
        await writer.ReachesAsync(100);
        var outage = writer.OutageSince(frozen);
        await Lab.DoAsync("thaw", primary);
        await _cluster.HealthyAsync(primary);

        Say($"froze {primary}: {outage.TotalSeconds:F2} s");
        Assert.InRange(outage, TimeSpan.Zero, Rto + Slack);
        await writer.NothingIsLostAsync(after.Leader!);
    }

    [Fact]
    public async Task All_hosts_at_once_come_back_with_everything_that_was_confirmed()
    {
        var primary = (await _cluster.HealthyAsync()).Leader!;
        await using var writer = await HostWriter.StartAsync(_cluster, primary);

        var lost = writer.Now;
        await Task.WhenAll(Lab.Hosts.Select(host => Lab.DoAsync("power-off", host)));
        await Task.WhenAll(Lab.Hosts.Select(host => Lab.DoAsync("power-on", host)));

        var after = await _cluster.HealthyAsync();
        await writer.ReachesAsync(20);
        Say($"all hosts lost their power, and have it back: {writer.OutageSince(lost).TotalSeconds:F2} s");
        await writer.NothingIsLostAsync(after.Leader!);
    }

    [Fact]
    public async Task A_shutdown_of_the_primarys_host_hands_over_before_it_stops()
    {
        var primary = (await _cluster.HealthyAsync()).Leader!;
        var other = Lab.Hosts.First(host => host != primary);
        await using var writer = await HostWriter.StartAsync(_cluster, primary);

        var told = writer.Now;
        await Lab.ExecAsync(primary, "systemctl", "poweroff");
        await Eventually.HoldsAsync("the host is off", Lab.Limit, async () => await Lab.StateAsync(primary) == "off");
        await writer.ReachesAsync(100);

        var outage = writer.OutageSince(told);
        Say($"shut {primary} down: {outage.TotalSeconds:F2} s");
        // Less than a lease: nobody had to wait for it to run out.
        Assert.InRange(outage, TimeSpan.Zero, Rto);
        var after = await _cluster.StatusAsync("another member leads", other,
            status => status.Leader is { } leader && leader != primary);
        await writer.NothingIsLostAsync(after.Leader!);
    }

    private async Task<string> LeadWhereEtcdLeadsAsync(string primary)
    {
        var leader = await _cluster.EtcdLeaderAsync(primary);
        if (leader == primary)
            return primary;
        await Lab.ShellAsync(primary, "runuser -u postgres -- /opt/pgmahout/current/pgmahout switchover "
            + $"--to {leader} --home /var/lib/pgmahout --yes");
        await _cluster.HealthyAsync(leader);
        Assert.Equal(leader, await _cluster.EtcdLeaderAsync(leader));
        return leader;
    }


    private static void Say(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
