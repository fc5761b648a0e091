using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>What becomes of the service when something happens to the primary.</summary>
public sealed class PrimaryTests(SharedCluster shared)
{
    private static readonly TimeSpan Rto = TimeSpan.FromSeconds(3);

    /// <summary>For a machine that has more to do than to wait for our lease.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1.5);

    [Fact]
    public async Task Killed_primary_is_replaced_within_three_seconds_and_rejoins_as_a_standby()
    {
        var (cluster, before) = await shared.ReadyAsync();
        await using var writer = await Writer.StartAsync(cluster, before);

        var killed = writer.Now;
        Signals.Kill([before.Primary.Pid!.Value]);
        var first = await writer.SuccessorAsync(before.Timeline!.Value, LiveCluster.Limit);

        Assert.NotEqual(before.Primary.Port, first.Port);
        Assert.InRange(first.At - killed, TimeSpan.Zero, TimeSpan.FromSeconds(3));
        var after = await cluster.HealthyAsync();
        await writer.StopAsync();
        Assert.Equal("standby", after.Named(before.Leader!).Role);
        Assert.True(after.Epoch > before.Epoch);
        await writer.NothingIsLostAsync(cluster, after);
    }

    [Fact]
    public async Task Killed_backend_takes_the_primary_with_it_and_nothing_is_lost()
    {
        var (cluster, before) = await shared.ReadyAsync();
        await using var writer = await Writer.StartAsync(cluster, before);
        var backend = await cluster.AskAsync<int>(
            before.Primary.Port, "select pid from pg_stat_activity where backend_type = 'client backend' limit 1");

        Signals.Kill([backend]);

        await writer.SuccessorAsync(before.Timeline!.Value, LiveCluster.Limit);
        var after = await cluster.HealthyAsync();
        await writer.StopAsync();
        await writer.NothingIsLostAsync(cluster, after);
    }

    [Fact]
    public async Task Switchover_moves_the_leadership_to_the_named_member_without_loss()
    {
        var (cluster, before) = await shared.ReadyAsync();
        var target = before.Standbys.Last();
        await using var writer = await Writer.StartAsync(cluster, before);

        (await cluster.RunAsync("switchover", "--to", target.Name)).Exits(0);

        await writer.SuccessorAsync(before.Timeline!.Value, LiveCluster.Limit);
        var after = await cluster.HealthyAsync();
        await writer.StopAsync();
        Assert.Equal(target.Name, after.Leader);
        await writer.NothingIsLostAsync(cluster, after);
    }

    [Fact]
    public async Task Frozen_primary_is_replaced_within_the_lease_and_the_thawed_one_confirms_nothing_that_is_lost()
    {
        var (cluster, before) = await shared.ReadyAsync();
        await using var writer = await Writer.StartAsync(cluster, before);

        var frozen = writer.Now;
        var pids = before.Primary.AllPids;
        Signals.Freeze(pids);
        try
        {
            var first = await writer.SuccessorAsync(before.Timeline!.Value, LiveCluster.Limit);
            Assert.InRange(first.At - frozen, TimeSpan.Zero, Rto + Slack);
            await writer.ReachesAsync(50, LiveCluster.Limit);
        }
        finally
        {
            // The servers first: they get every chance to do harm before the guard stops them.
            Signals.Thaw(pids.Reverse());
        }

        var after = await cluster.HealthyAsync();
        await writer.StopAsync();
        Assert.Equal("standby", after.Named(before.Leader!).Role);
        await writer.NothingIsLostAsync(cluster, after);
    }

    [Fact]
    public async Task Guard_fences_the_backends_of_a_primary_whose_agent_and_postmaster_are_frozen()
    {
        var (cluster, before) = await shared.ReadyAsync();
        await using var writer = await Writer.StartAsync(cluster, before);
        var primary = before.Primary;

        int[] pids = [primary.AgentPid!.Value, primary.Pid!.Value];
        var frozen = writer.Now;
        Signals.Freeze(pids);
        try
        {
            await Eventually.HoldsAsync("no process of the frozen primary is left", Rto + Slack,
                () => primary.ServerPids.Count == 0);
            var fenced = writer.Now;
            await writer.SuccessorAsync(before.Timeline!.Value, LiveCluster.Limit);
            Assert.InRange(fenced - frozen, TimeSpan.Zero, Rto + Slack);
            Assert.DoesNotContain(writer.Rows, row => row.Port == primary.Port && row.Sent > fenced);
        }
        finally
        {
            Signals.Thaw(pids);
        }

        var after = await cluster.HealthyAsync();
        await writer.StopAsync();
        await writer.NothingIsLostAsync(cluster, after);
    }

    [Fact]
    public async Task Killed_guard_takes_the_primary_with_it_and_nothing_is_lost()
    {
        var (cluster, before) = await shared.ReadyAsync();
        await using var writer = await Writer.StartAsync(cluster, before);

        Signals.Kill([before.Primary.GuardPid!.Value]);

        await writer.SuccessorAsync(before.Timeline!.Value, LiveCluster.Limit);
        var after = await cluster.HealthyAsync();
        await writer.StopAsync();
        await writer.NothingIsLostAsync(cluster, after);
    }
}
