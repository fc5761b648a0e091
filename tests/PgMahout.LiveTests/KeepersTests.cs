using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>What becomes of the service when something happens to those who look after it.</summary>
public sealed class KeepersTests(SharedCluster shared)
{
    private static readonly TimeSpan Rto = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1.5);

    [Fact]
    public async Task Killed_agent_of_the_leader_is_replaced_and_no_client_notices()
    {
        var (cluster, before) = await shared.ReadyAsync();
        await using var writer = await Writer.StartAsync(cluster, before);

        Signals.Kill([before.Primary.AgentPid!.Value]);

        var after = await cluster.StatusAsync("a new agent looks after the leader", status => status.IsHealthy
            && status.Primary.AgentPid is { } agent && agent != before.Primary.AgentPid);
        // Longer than the lease that the dead agent had renewed last.
        await Eventually.StaysAsync("no write fails", Rto + Slack, () => Task.FromResult(writer.Failures.IsEmpty));
        await writer.StopAsync();
        Assert.Equal(before.Leader, after.Leader);
        Assert.Equal(before.Primary.Pid, after.Primary.Pid);
        Assert.Equal(before.Epoch, after.Epoch);
        await writer.NothingIsLostAsync(cluster, after);
    }

    [Fact]
    public async Task Killed_supervisor_is_replaced_by_up_and_nobody_else_is_touched()
    {
        var (cluster, before) = await shared.ReadyAsync();

        Signals.Kill([before.SupervisorPid!.Value]);
        (await cluster.UpAgainAsync()).Exits(0);

        var after = await cluster.HealthyAsync();
        Assert.NotEqual(before.SupervisorPid, after.SupervisorPid);
        Assert.Equal(before.Members.Select(member => member.Pid), after.Members.Select(member => member.Pid));
        Assert.Equal(before.Members.Select(member => member.AgentPid), after.Members.Select(member => member.AgentPid));
    }

    [Fact]
    public async Task Primary_without_any_agent_is_fenced_within_the_lease_and_up_brings_all_back()
    {
        var (cluster, before) = await shared.ReadyAsync();
        await using var writer = await Writer.StartAsync(cluster, before);

        var killed = writer.Now;
        Signals.Kill([before.SupervisorPid!.Value, .. before.Members.Select(member => member.AgentPid).OfType<int>()]);
        await Eventually.HoldsAsync("no process of the primary is left", Rto + Slack,
            () => before.Primary.ServerPids.Count == 0);
        var fenced = writer.Now;

        (await cluster.UpAgainAsync()).Exits(0);
        var after = await cluster.HealthyAsync();
        await writer.ReachesAsync(20, LiveCluster.Limit);
        await writer.StopAsync();
        Assert.InRange(fenced - killed, TimeSpan.Zero, Rto + Slack);
        await writer.NothingIsLostAsync(cluster, after);
    }

    [Fact]
    public async Task Everything_killed_at_once_comes_back_by_up_with_every_confirmed_commit()
    {
        var (cluster, before) = await shared.ReadyAsync();
        await using var writer = await Writer.StartAsync(cluster, before);

        await Eventually.HoldsAsync("no process of the home is left", LiveCluster.Limit, () =>
        {
            var left = cluster.Everything;
            Signals.Kill(left);
            return left.Count == 0;
        });
        (await cluster.UpAgainAsync()).Exits(0);

        var after = await cluster.HealthyAsync();
        await writer.ReachesAsync(20, LiveCluster.Limit);
        await writer.StopAsync();
        await writer.NothingIsLostAsync(cluster, after);
    }

    [Fact]
    public async Task Primary_killed_in_a_pause_is_not_replaced_before_resume()
    {
        var (cluster, before) = await shared.ReadyAsync();
        (await cluster.RunAsync("pause", "--for", "10m", "--reason", "a test")).Exits(0);
        await using var writer = await Writer.StartAsync(cluster, before);

        Signals.Kill([before.Primary.Pid!.Value]);
        await Eventually.HoldsAsync("no process of the primary is left", LiveCluster.Limit,
            () => before.Primary.ServerPids.Count == 0);
        await Eventually.StaysAsync("nobody is promoted and nothing is started", Rto + Rto, () => Task.FromResult(
            writer.Rows.All(row => row.Timeline == before.Timeline) && before.Primary.ServerPids.Count == 0));
        (await cluster.RunAsync("resume")).Exits(0);

        var after = await cluster.HealthyAsync();
        await writer.ReachesAsync(20, LiveCluster.Limit);
        await writer.StopAsync();
        await writer.NothingIsLostAsync(cluster, after);
    }
}
