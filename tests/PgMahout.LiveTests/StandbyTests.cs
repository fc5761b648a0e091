using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>Standbys come back by themselves; members come and go when told.</summary>
public sealed class StandbyTests(SharedCluster shared)
{
    [Fact]
    public async Task Killed_standby_comes_back_by_itself_and_the_leader_stays()
    {
        var (cluster, before) = await shared.ReadyAsync();
        var standby = before.Standbys.First();

        Signals.Kill([standby.Pid!.Value]);

        var after = await BackAsync(cluster, standby);
        Assert.Equal(before.Leader, after.Leader);
        Assert.Equal(before.Epoch, after.Epoch);
    }

    [Fact]
    public async Task Standby_whose_data_directory_is_deleted_is_cloned_again_by_itself()
    {
        var (cluster, before) = await shared.ReadyAsync();
        var standby = before.Standbys.First();
        await cluster.AskAsync<long>(before.Primary.Port,
            "create table if not exists cloned (n int); insert into cloned values (1); select 0::bigint");

        var deleted = standby.DataDirectory + ".deleted";
        Directory.Move(standby.DataDirectory, deleted);
        Directory.Delete(deleted, recursive: true);
        Signals.Kill([standby.Pid!.Value]);

        var after = await BackAsync(cluster, standby);
        Assert.Equal(before.Leader, after.Leader);
        await Eventually.HoldsAsync("the clone has the row", LiveCluster.Limit,
            async () => await cluster.AskAsync<long>(standby.Port, "select count(*) from cloned") > 0);
    }

    [Fact]
    public async Task Logins_of_the_cluster_itself_that_were_changed_by_hand_are_set_back()
    {
        var (cluster, before) = await shared.ReadyAsync();

        await cluster.AskAsync<long>(before.Primary.Port,
            "select 0::bigint; alter role pgmahout_replication nologin password 'mine'");
        await cluster.AskAsync<long>(before.Primary.Port,
            """
            select count(pg_terminate_backend(pid)) from pg_stat_replication;
            alter role postgres password 'mine' valid until '2020-01-01'
            """);

        await Eventually.HoldsAsync("the primary takes the login of the cluster again", LiveCluster.Limit, async () =>
        {
            try
            {
                return await cluster.AskAsync<long>(before.Primary.Port, "select 1::bigint") == 1;
            }
            catch (Npgsql.PostgresException)
            {
                return false;
            }
        });
        var after = await cluster.HealthyAsync();
        Assert.Equal(before.Leader, after.Leader);
        Assert.Equal(before.Epoch, after.Epoch);
    }

    [Fact]
    public async Task Restarted_standby_is_the_same_member_with_a_new_postmaster()
    {
        var (cluster, before) = await shared.ReadyAsync();
        var standby = before.Standbys.First();

        (await cluster.RunAsync("restart", standby.Name)).Exits(0);

        var after = await BackAsync(cluster, standby);
        Assert.Equal(before.Leader, after.Leader);
    }

    [Fact]
    public async Task Reinitialized_standby_is_a_fresh_clone()
    {
        var (cluster, before) = await shared.ReadyAsync();
        var standby = before.Standbys.First();
        var mark = Path.Combine(standby.DataDirectory, "mark-of-the-old-directory");
        await File.WriteAllTextAsync(mark, "old");

        (await cluster.RunAsync("member", "reinit", standby.Name)).Fails(2, "PGM-003");
        (await cluster.RunAsync("member", "reinit", standby.Name, "--yes")).Exits(0);

        await BackAsync(cluster, standby);
        Assert.False(File.Exists(mark));
    }

    [Fact]
    public async Task Added_member_streams_and_a_removed_one_leaves_no_process()
    {
        var (cluster, before) = await shared.ReadyAsync();

        (await cluster.RunAsync("member", "add", "extra")).Exits(0);
        var grown = await cluster.StatusAsync("four members are healthy",
            status => status.IsHealthy && status.Members.Length == 4);
        var extra = grown.Named("extra");
        Assert.Equal("standby", extra.Role);

        (await cluster.RunAsync("member", "remove", "extra")).Exits(0);
        var after = await cluster.StatusAsync("three members are healthy",
            status => status.IsHealthy && status.Members.Length == 3);
        await Eventually.HoldsAsync("no process of the removed member is left", LiveCluster.Limit,
            () => extra.AllPids.All(pid => !Processes.IsAlive(pid)));
        Assert.Equal(before.Leader, after.Leader);
        Assert.Equal(0, await cluster.AskAsync<long>(
            after.Primary.Port, "select count(*) from pg_replication_slots where slot_name like '%extra%'"));
    }

    [Fact]
    public async Task Leader_is_neither_removed_nor_reinitialized()
    {
        var (cluster, before) = await shared.ReadyAsync();

        (await cluster.RunAsync("member", "remove", before.Leader!, "--yes")).Fails(3, "MEM-003");
        (await cluster.RunAsync("member", "reinit", before.Leader!, "--yes")).Fails(3, "MEM-003");

        var after = await cluster.HealthyAsync();
        Assert.Equal(before.Primary.Pid, after.Primary.Pid);
    }

    private static Task<Status> BackAsync(LiveCluster cluster, Member before) =>
        cluster.StatusAsync($"{before.Name} streams again from a new postmaster", status => status.IsHealthy
            && status.Named(before.Name).Pid is { } pid && pid != before.Pid);
}
