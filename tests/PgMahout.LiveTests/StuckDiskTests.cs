using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>
/// A disk that takes no more writes, under the data of one member alone: its agent and the store go on.
/// </summary>
public sealed class StuckDiskTests
{
    private static readonly TimeSpan Rto = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task Primary_whose_data_cannot_be_written_is_given_up_although_it_answers()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "3");
        var name = (await cluster.HealthyAsync()).Leader!;
        (await cluster.RunAsync("down")).Exits(0);
        await using var disk = await MemberDisk.MoveDataAsync(cluster, name);
        (await cluster.UpAgainAsync()).Exits(0);
        var before = await LeadAsync(cluster, name);
        await using var writer = await Writer.StartAsync(cluster, before);

        var stuck = writer.Now;
        await disk.FreezeAsync();
        var first = await writer.SuccessorAsync(before.Timeline!.Value, LiveCluster.Limit);
        await disk.ThawAsync();
        var after = await cluster.HealthyAsync();
        await writer.StopAsync();

        // Two leases until a disk that is busy is called stuck, and one that is not renewed any more.
        Assert.InRange(first.At - stuck, 2 * Rto, 3 * Rto + Slack);
        Assert.Contains(
            "has taken no write for longer than its limit", (await cluster.RunAsync("history")).Out,
            StringComparison.Ordinal);
        Assert.NotEqual(name, after.Leader);
        await writer.NothingIsLostAsync(cluster, after);
    }

    private static async Task<Status> LeadAsync(LiveCluster cluster, string name)
    {
        if ((await cluster.HealthyAsync()).Leader != name)
            (await cluster.RunAsync("switchover", "--to", name)).Exits(0);
        return await cluster.StatusAsync($"{name} leads", status => status.IsHealthy && status.Leader == name);
    }
}
