using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>Three members at one site and two at another, where one streams from the other.</summary>
public sealed class CascadeTests
{
    private const long Megabyte = 1 << 20;
    private static readonly string[] FiveAtTwoSites = ["--members", "5", "--sites", "near,near,near,far,far"];

    [Fact]
    public async Task Standby_whose_head_is_killed_streams_from_the_leader_and_no_slot_keeps_what_was_written()
    {
        await using var cluster = await LiveCluster.UpAsync(FiveAtTwoSites);
        var before = await ShapedAsync(cluster);
        Assert.Equal("m1", before.Leader);
        await WriteAsync(cluster, before, megabytes: 160);
        await Eventually.HoldsAsync("every slot has moved", LiveCluster.Limit, async () =>
            await MostKeptAsync(cluster, before) < 64 * Megabyte);

        var (head, behind) = Far(before);
        Signals.Kill(head.ServerPids);
        await cluster.AskAsync<long>(before.Primary.Port, "create table after_head (n int); select 0::bigint");

        await Eventually.HoldsAsync("what was written after the death of the head arrives", LiveCluster.Limit, () =>
            IsThereAsync(cluster, behind, "after_head"));
        var after = await cluster.HealthyAsync();
        Assert.Equal((before.Leader, before.Epoch), (after.Leader, after.Epoch));
        await WriteAsync(cluster, after, megabytes: 96);
        await Eventually.HoldsAsync("every slot has moved again", LiveCluster.Limit, async () =>
            await MostKeptAsync(cluster, after) < 64 * Megabyte);
    }

    [Fact]
    public async Task Killed_leader_and_a_switchover_to_the_other_site_lose_nothing_and_leave_everybody_streaming()
    {
        await using var cluster = await LiveCluster.UpAsync(FiveAtTwoSites);
        var before = await ShapedAsync(cluster);
        await using var writer = await Writer.StartAsync(cluster, before);

        Signals.Kill([before.Primary.Pid!.Value]);
        await writer.SuccessorAsync(before.Timeline!.Value, LiveCluster.Limit);
        var replaced = await cluster.HealthyAsync();
        var isBack = replaced.Leader is "m4" or "m5";
        if (!isBack)
            replaced = await ShapedAsync(cluster);
        var target = isBack ? "m2" : Far(replaced).Head.Name;
        (await cluster.RunAsync("switchover", "--to", target)).Exits(0);
        await writer.SuccessorAsync(replaced.Timeline!.Value, LiveCluster.Limit);

        // With a leader there, commits need each standby that could be spared: three of four would be left.
        var moved = await cluster.StatusAsync("all follow the new leader", status => status.IsHealthy
            && (isBack || status.Standbys.All(standby => standby.Upstream == target)));
        await writer.StopAsync();
        Assert.Equal(target, moved.Leader);
        await writer.NothingIsLostAsync(cluster, moved);
    }

    private static Task<Status> ShapedAsync(LiveCluster cluster) => cluster.StatusAsync(
        "one member of the far site streams from the other, and all others from the leader",
        status => status.IsHealthy && Far(status) is var (head, behind) && behind.Upstream == head.Name
            && status.Standbys.All(standby => standby.Name == behind.Name || standby.Upstream == status.Leader));

    /// <summary>The first of them that streams when the leader looks becomes the head, and stays it.</summary>
    private static (Member Head, Member Behind) Far(Status status) =>
        status.Named("m5").Upstream == status.Leader && status.Named("m4").Upstream == "m5"
            ? (status.Named("m5"), status.Named("m4"))
            : (status.Named("m4"), status.Named("m5"));

    private static async Task WriteAsync(LiveCluster cluster, Status status, int megabytes)
    {
        for (var written = 0; written < megabytes; written += 4)
            await cluster.AskAsync<string>(
                status.Primary.Port,
                $"select pg_logical_emit_message(false, 'cascade', repeat('x', {4 * Megabyte}))::text");
    }

    /// <summary>Bytes of WAL that the slot which keeps most on any member keeps.</summary>
    private static async Task<long> MostKeptAsync(LiveCluster cluster, Status status)
    {
        var most = 0L;
        foreach (var member in status.Members)
            most = Math.Max(most, await cluster.AskAsync<long>(member.Port, """
                select coalesce(max(case when pg_is_in_recovery() then pg_last_wal_replay_lsn()
                                         else pg_current_wal_lsn() end - restart_lsn), 0)::bigint
                  from pg_replication_slots
                """));
        return most;
    }

    private static async Task<bool> IsThereAsync(LiveCluster cluster, Member member, string table) =>
        await cluster.AskAsync<long>(member.Port, $"select count(*) from pg_class where relname = '{table}'") > 0;
}
