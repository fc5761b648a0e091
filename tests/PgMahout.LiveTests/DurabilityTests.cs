using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

public sealed class DurabilityTests
{
    [Fact]
    public async Task Async_cluster_waits_for_no_standby_and_fails_over()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "2", "--durability", "async");
        var before = await cluster.StatusAsync();
        Assert.Equal("", await cluster.AskAsync<string>(before.Primary.Port, "show synchronous_standby_names"));
        await using var writer = await Writer.StartAsync(cluster, before);

        var frozen = before.Primary.AllPids;
        Signals.Freeze(frozen);

        var first = await writer.SuccessorAsync(before.Timeline!.Value, LiveCluster.Limit);
        Signals.Thaw(frozen);
        Assert.NotEqual(before.Primary.Port, first.Port);
        await cluster.HealthyAsync();
    }

    [Fact]
    public async Task Async_primary_whose_postmaster_is_killed_loses_nothing_that_its_disk_still_has()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "2", "--durability", "async");
        var before = await cluster.StatusAsync();
        await using var writer = await Writer.StartAsync(cluster, before);

        Signals.Kill([before.Primary.Pid!.Value]);

        await writer.ReachesAsync(50, LiveCluster.Limit);
        await writer.StopAsync();
        await writer.NothingIsLostAsync(cluster, await cluster.HealthyAsync());
    }

    [Fact]
    public async Task Strict_commit_waits_while_both_standbys_are_frozen_and_strict_fails_over_without_loss()
    {
        await using var cluster = await LiveCluster.UpAsync("--durability", "strict");
        var before = await cluster.StatusAsync();
        await using (var writer = await Writer.StartAsync(cluster, before))
        {
            var frozen = before.Standbys.SelectMany(standby => standby.AllPids).ToList();
            Signals.Freeze(frozen);
            var from = writer.Now;
            await Eventually.StaysAsync("no commit is confirmed by the primary alone", TimeSpan.FromSeconds(6),
                () => Task.FromResult(writer.Rows.All(row => row.Sent <= from)));
            Signals.Thaw(frozen);
            await writer.ReachesAsync(20, LiveCluster.Limit);
        }
        var again = await cluster.HealthyAsync();
        await using var second = await Writer.StartAsync(cluster, again);

        Signals.Kill([again.Primary.Pid!.Value]);

        await second.SuccessorAsync(again.Timeline!.Value, LiveCluster.Limit);
        var after = await cluster.HealthyAsync();
        await second.StopAsync();
        await second.NothingIsLostAsync(cluster, after);
    }

    [Fact]
    public async Task Quorum_cluster_goes_on_alone_when_its_last_standby_is_frozen()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "2");
        var before = await cluster.StatusAsync();
        await using var writer = await Writer.StartAsync(cluster, before);
        var frozen = before.Standbys.Single().AllPids;

        Signals.Freeze(frozen);
        var from = writer.Now;
        await Eventually.HoldsAsync("commits are confirmed without the standby", TimeSpan.FromSeconds(15),
            () => writer.Rows.Any(row => row.Sent > from + TimeSpan.FromMilliseconds(100)));
        Signals.Thaw(frozen);

        var after = await cluster.HealthyAsync();
        await writer.StopAsync();
        Assert.Equal(before.Leader, after.Leader);
        await writer.NothingIsLostAsync(cluster, after);
    }
}
