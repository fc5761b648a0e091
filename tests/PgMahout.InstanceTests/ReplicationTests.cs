using System.Collections.Concurrent;
using System.Diagnostics;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Rejoin;
using Xunit;

namespace PgMahout.InstanceTests;

public sealed class ReplicationTests
{
    [Fact]
    public async Task Clone_reports_progress_and_becomes_a_streaming_standby()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(2);
        var seen = new ConcurrentBag<CloneProgress>();

        TestMember.Done(await cluster.B.Instance.CloneAsync(
            cluster.A.Name, new Immediate<CloneProgress>(seen.Add), TestMember.Limit, default));
        await cluster.B.StartStandbyAsync(cluster.A.Name);
        var standby = await cluster.B.UntilAsync<PostgresState.Standby>(state => state.Streaming);
        var primary = await cluster.A.UntilAsync<PostgresState.Primary>(
            state => state.Standbys is [{ Streaming: true }]);

        Assert.Contains(seen, progress => progress.Copied == progress.Total && progress.Total.Bytes > 10_000_000);
        Assert.Equal(cluster.A.Name, standby.Upstream);
        Assert.Equal(cluster.B.Name, primary.Standbys[0].Member);
        var slot = Assert.Single(primary.Slots, slot => slot.Name == cluster.B.Name.SlotName);
        Assert.True(slot is { RestartAt: not null, Lost: false });
    }

    [Fact]
    public async Task Unfinished_clone_is_no_server_and_the_next_clone_replaces_it()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(2);
        var unfinished = cluster.B.Instance.Settings.DataDirectory + ".unfinished";
        Directory.CreateDirectory(unfinished);
        await File.WriteAllTextAsync(Path.Combine(unfinished, "PG_VERSION"), "15\n");

        Assert.IsType<PostgresState.Uninitialized>(await cluster.B.ObserveAsync());
        TestMember.Done(await cluster.B.Instance.CloneAsync(
            cluster.A.Name, new Progress<CloneProgress>(), TestMember.Limit, default));

        Assert.IsType<PostgresState.Stopped>(await cluster.B.ObserveAsync());
        Assert.False(Directory.Exists(unfinished));
    }

    [Fact]
    public async Task Synchronous_set_takes_effect_and_settles_behind_earlier_commits()
    {
        await using var cluster = await TestCluster.StreamingAsync(2);
        await cluster.A.UntilAsync<PostgresState.Primary>(state => state.SettledAt is not null);
        await cluster.A.ExecuteAsync("CREATE TABLE t AS SELECT 1 AS i");
        var written = (await cluster.A.UntilAsync<PostgresState.Primary>(_ => true)).Written.Lsn;

        var set = SynchronousSet.Of(1, [cluster.B.Name]);
        TestMember.Done(await cluster.A.Instance.SetSynchronousAsync(set, TestMember.Limit, default));
        var changed = await cluster.A.UntilAsync<PostgresState.Primary>(state => state.Effective == set);
        var settled = await cluster.A.UntilAsync<PostgresState.Primary>(state => state.SettledAt is not null);

        Assert.Null(changed.SettledAt);
        Assert.True(settled.SettledAt >= written);
    }

    [Fact]
    public async Task Setting_that_somebody_fixed_by_alter_system_is_taken_back()
    {
        await using var cluster = await TestCluster.StreamingAsync(2);
        await cluster.A.ExecuteAsync("ALTER SYSTEM SET synchronous_standby_names = ''");

        var set = SynchronousSet.Of(1, [cluster.B.Name]);
        TestMember.Done(await cluster.A.Instance.SetSynchronousAsync(set, TestMember.Limit, default));

        await cluster.A.UntilAsync<PostgresState.Primary>(state => state.Effective == set);
    }

    [Fact]
    public async Task Promoted_standby_is_followed_by_the_other_and_keeps_every_confirmed_row()
    {
        await using var cluster = await TestCluster.StreamingAsync(3);
        var set = SynchronousSet.Of(1, [cluster.B.Name, cluster.C.Name]);
        TestMember.Done(await cluster.A.Instance.SetSynchronousAsync(set, TestMember.Limit, default));
        await cluster.A.ExecuteAsync("CREATE TABLE t AS SELECT 1 AS i");
        TestMember.Done(await cluster.A.Instance.FenceAsync(TestMember.Limit));
        var (b, c) = (await Received(cluster.B), await Received(cluster.C));
        var (heir, other) = b >= c ? (cluster.B, cluster.C) : (cluster.C, cluster.B);

        TestMember.Done(await other.Instance.FollowAsync(heir.Name, TestMember.Limit, default));
        TestMember.Done(await heir.Instance.PromoteAsync(new TimelineId(2), TestMember.Limit, default));
        TestMember.Done(await heir.Instance.PromoteAsync(new TimelineId(2), TestMember.Limit, default));
        await other.StreamsAsync();
        var primary = await heir.UntilAsync<PostgresState.Primary>(_ => true);
        await heir.ExecuteAsync("INSERT INTO t VALUES (2)");
        var follower = await other.UntilAsync<PostgresState.Standby>(state => state.Received.Timeline.Value == 2);

        Assert.Equal(2, await heir.QueryAsync<long>("SELECT count(*) FROM t"));
        Assert.Equal(TimelineId.First, Assert.Single(primary.History.Ancestors).Timeline);
        Assert.True(primary.History.Contains(new WalPosition(TimelineId.First, Lsn.Max(b.Lsn, c.Lsn))));
        Assert.Equal(heir.Name, follower.Upstream);
    }

    [Fact]
    public async Task Promotion_takes_the_timeline_number_it_is_given_and_followers_cross_the_gap()
    {
        await using var cluster = await TestCluster.StreamingAsync(3);
        TestMember.Done(await cluster.A.Instance.FenceAsync(TestMember.Limit));
        var (b, c) = (await Received(cluster.B), await Received(cluster.C));
        var (heir, other) = b >= c ? (cluster.B, cluster.C) : (cluster.C, cluster.B);

        TestMember.Done(await other.Instance.FollowAsync(heir.Name, TestMember.Limit, default));
        TestMember.Done(await heir.Instance.PromoteAsync(new TimelineId(5), TestMember.Limit, default));
        await other.StreamsAsync();
        await heir.ExecuteAsync("CREATE TABLE t (i int)");
        var follower = await other.UntilAsync<PostgresState.Standby>(state => state.Received.Timeline.Value == 5);
        TestMember.Done(await other.Instance.StopAsync(StopMode.Fast, TestMember.Limit, default));
        await other.StartStandbyAsync(heir.Name);
        await other.StreamsAsync();

        var primary = await heir.UntilAsync<PostgresState.Primary>(_ => true);
        Assert.Equal(5u, primary.Written.Timeline.Value);
        Assert.Equal(TimelineId.First, Assert.Single(primary.History.Ancestors).Timeline);
        Assert.Equal(heir.Name, follower.Upstream);
    }

    [Fact]
    public async Task Sealed_standby_confirms_nothing_more()
    {
        await using var cluster = await TestCluster.StreamingAsync(2);
        TestMember.Done(await cluster.A.Instance.SetSynchronousAsync(
            SynchronousSet.Of(1, [cluster.B.Name]), TestMember.Limit, default));
        await cluster.A.ExecuteAsync("CREATE TABLE t (i int)");

        TestMember.Done(await cluster.B.Instance.SealAsync(TestMember.Limit, default));
        var final = await Received(cluster.B);
        var commit = cluster.A.ExecuteAsync("INSERT INTO t VALUES (1)");
        await cluster.A.UntilAsync<PostgresState.Primary>(state => state.Written.Lsn > final.Lsn);
        await cluster.A.WaitsAsync("SyncRep");
        var standby = await cluster.B.UntilAsync<PostgresState.Standby>(_ => true);

        Assert.Equal(final, standby.Received);
        Assert.Null(standby.Upstream);
        Assert.False(standby.Streaming);
        Assert.False(commit.IsCompleted);
        TestMember.Done(await cluster.B.Instance.FollowAsync(cluster.A.Name, TestMember.Limit, default));
        await commit.WaitAsync(TestMember.Limit);
    }

    [Fact]
    public async Task Standby_streams_from_a_standby_and_comes_back_to_the_primary_where_it_left()
    {
        await using var cluster = await TestCluster.StreamingAsync(3);

        TestMember.Done(await cluster.C.Instance.FollowAsync(cluster.B.Name, TestMember.Limit, default));
        await cluster.C.UntilAsync<PostgresState.Standby>(state =>
            state.Streaming && state.Upstream == cluster.B.Name);
        var links = await cluster.A.UntilAsync<PostgresState.Primary>(state => state.Standbys.Length == 1);
        await cluster.A.ExecuteAsync("CREATE TABLE through_b AS SELECT 1 AS i");
        var written = (await cluster.A.UntilAsync<PostgresState.Primary>(_ => true)).Written;
        var behind = await cluster.C.UntilAsync<PostgresState.Standby>(state => state.Received >= written);
        TestMember.Done(await cluster.A.Instance.KeepSlotAsync(
            cluster.C.Name.SlotName, behind.Received.Lsn, TestMember.Limit, default));
        await cluster.B.DisposeAsync();
        TestMember.Done(await cluster.C.Instance.FollowAsync(cluster.A.Name, TestMember.Limit, default));

        Assert.Equal(cluster.B.Name, links.Standbys[0].Member);
        await cluster.C.UntilAsync<PostgresState.Standby>(state =>
            state.Streaming && state.Upstream == cluster.A.Name);
    }

    [Fact]
    public async Task Slot_of_a_standby_that_streams_elsewhere_no_longer_holds_back_vacuum()
    {
        await using var cluster = await TestCluster.StreamingAsync(3);
        var slot = cluster.C.Name.SlotName;
        var horizon = $"SELECT xmin IS NOT NULL FROM pg_replication_slots WHERE slot_name = '{slot}'";
        await cluster.C.ExecuteAsync("ALTER SYSTEM SET hot_standby_feedback = on");
        await cluster.C.ExecuteAsync("SELECT pg_reload_conf()");
        await UntilAsync("the standby holds back vacuum", () => cluster.A.QueryAsync<bool>(horizon));

        TestMember.Done(await cluster.C.Instance.FollowAsync(cluster.B.Name, TestMember.Limit, default));
        await cluster.A.UntilAsync<PostgresState.Primary>(state => state.Standbys.Length == 1);
        await cluster.A.ExecuteAsync("CREATE TABLE elsewhere AS SELECT 1 AS i");
        var written = (await cluster.A.UntilAsync<PostgresState.Primary>(_ => true)).Written;
        await cluster.C.UntilAsync<PostgresState.Standby>(state => state.Received >= written);
        var held = await cluster.A.QueryAsync<bool>(horizon);
        TestMember.Done(await cluster.A.Instance.KeepSlotAsync(slot, written.Lsn, TestMember.Limit, default));

        Assert.True(held, "a slot keeps the horizon of a standby that has gone");
        Assert.False(await cluster.A.QueryAsync<bool>(horizon));
        var kept = (await cluster.A.UntilAsync<PostgresState.Primary>(_ => true)).Slots.Single(it => it.Name == slot);
        Assert.True(kept.RestartAt <= written.Lsn, $"{kept} begins after {written}");
    }

    private static async Task UntilAsync(string condition, Func<Task<bool>> holds)
    {
        var watch = Stopwatch.StartNew();
        while (!await holds())
        {
            Assert.True(watch.Elapsed < TestMember.Limit, $"not in time: {condition}");
            await Task.Delay(20);
        }
    }

    [Fact]
    public async Task Slots_of_a_standby_move_forward_and_go_when_dropped()
    {
        await using var cluster = await TestCluster.StreamingAsync(2);
        await cluster.A.ExecuteAsync("CREATE TABLE t AS SELECT generate_series(1, 100000) AS i");
        var target = (await cluster.A.UntilAsync<PostgresState.Primary>(_ => true)).Written.Lsn;
        await cluster.B.UntilAsync<PostgresState.Standby>(state => state.Replayed >= target);
        var slot = cluster.A.Name.SlotName;

        TestMember.Done(await cluster.B.Instance.KeepSlotAsync(slot, target, TestMember.Limit, default));
        var moved = await cluster.B.UntilAsync<PostgresState.Standby>(_ => true);
        TestMember.Done(await cluster.B.Instance.DropSlotAsync(slot, TestMember.Limit, default));
        TestMember.Done(await cluster.B.Instance.DropSlotAsync(slot, TestMember.Limit, default));
        var dropped = await cluster.B.UntilAsync<PostgresState.Standby>(_ => true);

        Assert.Equal(target, moved.Slots.Single(s => s.Name == slot).RestartAt);
        Assert.DoesNotContain(dropped.Slots, s => s.Name == slot);
    }

    [Fact]
    public async Task Follower_that_reconnects_every_hundred_milliseconds_is_promoted_without_waiting_for_that()
    {
        await using var cluster = await TestCluster.StreamingAsync(2);
        cluster.A.Launched!.Kill();
        await cluster.B.UntilAsync<PostgresState.Standby>(state => !state.Streaming);

        var watch = Stopwatch.StartNew();
        TestMember.Done(await cluster.B.Instance.PromoteAsync(new TimelineId(2), TestMember.Limit, default));

        Assert.True(watch.ElapsedMilliseconds < 1000, $"promoted after {watch.ElapsedMilliseconds} ms");
        Assert.Equal(2u, (await cluster.B.UntilAsync<PostgresState.Primary>(_ => true)).Written.Timeline.Value);
    }

    private static async Task<WalPosition> Received(TestMember member) =>
        (await member.UntilAsync<PostgresState.Standby>(state => !state.Streaming)).Received;

    private sealed class Immediate<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
