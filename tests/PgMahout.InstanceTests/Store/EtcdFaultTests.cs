using System.Diagnostics;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Store;
using PgMahout.Store.Etcd;
using Xunit;
using static PgMahout.InstanceTests.Store.StoreUnderFaults;

namespace PgMahout.InstanceTests.Store;

/// <summary>What members of etcd can do to a cluster that keeps its lease there.</summary>
public sealed class EtcdFaultTests
{
    [Fact]
    public async Task After_the_death_of_its_leader_etcd_is_used_through_the_others()
    {
        await using var etcd = await ThreeAsync();
        await using var store = await etcd.PreferAsync(await etcd.LeaderIndexAsync());
        var revision = await store.MustPutAsync(Revision.None, "m1");

        await (await etcd.LeaderAsync()).KillAsync();

        Assert.Equal(
            [new StoreRecord("leadership", "m1", revision)], (await store.ReadInTheEndAsync()).Records);
        Assert.True(await store.MustPutAsync(revision, "m2") > revision);
    }

    [Fact]
    public async Task After_its_leader_froze_etcd_is_used_through_the_others_and_again_when_it_thaws()
    {
        await using var etcd = await ThreeAsync();
        var leader = await etcd.LeaderAsync();
        await using var store = await etcd.PreferAsync(etcd.Members.IndexOf(leader));
        var revision = await store.MustPutAsync(Revision.None, "m1");

        Signals.Send(leader.ProcessId, Signals.Stop);
        Assert.Equal(revision, (await store.ReadInTheEndAsync()).Find("leadership")?.Revision);
        var next = await store.MustPutAsync(revision, "m2");
        Signals.Send(leader.ProcessId, Signals.Continue);

        // It comes back as a follower that has missed something, and must not show the past.
        await using var late = new EtcdClusterStore(etcd.Settings(first: etcd.Members.IndexOf(leader)));
        Assert.Equal(next, (await late.ReadInTheEndAsync()).Find("leadership")?.Revision);
    }

    [Fact]
    public async Task Read_is_answered_within_its_limit_although_the_preferred_member_is_frozen()
    {
        await using var etcd = await ThreeAsync();
        var follower = (await etcd.LeaderIndexAsync() + 1) % 3;
        await using var store = await etcd.PreferAsync(follower);
        await store.MustPutAsync(Revision.None, "m1");

        Signals.Send(etcd.Members[follower].ProcessId, Signals.Stop);

        await store.MustReadAsync();
        // The one that answered is preferred now: the next call waits for nobody.
        var took = Stopwatch.StartNew();
        await store.MustPutAsync((await store.MustReadAsync()).Find("leadership")!.Revision, "m2");
        Assert.True(took.Elapsed < Patient / 2, $"took {took.Elapsed}");
    }

    [Fact]
    public async Task Write_to_a_frozen_member_is_unknown_and_when_it_arrives_late_it_changes_nothing()
    {
        await using var etcd = await ThreeAsync();
        var follower = (await etcd.LeaderIndexAsync() + 1) % 3;
        var all = etcd.Settings(first: follower);
        // It knows no other: on a busy machine a store that does may have left the member before it froze.
        await using var only = new EtcdClusterStore(all with { Endpoints = [etcd.Members[follower].Address] });
        await using var store = new EtcdClusterStore(all);
        var revision = await only.MustPutAsync(Revision.None, "m1");

        Signals.Send(etcd.Members[follower].ProcessId, Signals.Stop);
        var lost = await WithinAsync(Call, limit => only.WriteAsync(
            StoreTransaction.Swap("leadership", revision, "lost"), limit, Cancellation));
        var settled = (await store.MustReadAsync()).Find("leadership")!;
        var next = await store.MustPutAsync(settled.Revision, "m2");
        Signals.Send(etcd.Members[follower].ProcessId, Signals.Continue);

        Assert.Contains(
            "did not answer within 500 ms",
            Assert.IsType<WriteOutcome.Unknown>(lost).Reason,
            StringComparison.Ordinal);
        Assert.Equal("m1", settled.Value);
        await etcd.Members[follower].IsHealthyAsync();
        await using var through = new EtcdClusterStore(etcd.Settings(first: follower));
        Assert.Equal(
            [new StoreRecord("leadership", "m2", next)], (await through.ReadInTheEndAsync()).Records);
    }

    [Fact]
    public async Task Write_goes_on_to_the_next_member_where_it_certainly_was_not_sent()
    {
        await using var etcd = await ThreeAsync();
        await using var dropping = await Obstacle.DroppingAsync();
        var dead = etcd.Members[0];
        await dead.KillAsync();
        await etcd.LeaderAsync();

        foreach (var bad in new[] { dead.Address, dropping.Address })
        {
            var settings = etcd.Settings($"/pgmahout/{bad.Port}/");
            await using var store = new EtcdClusterStore(settings with { Endpoints = [bad, etcd.Members[1].Address] });
            await store.MustPutAsync(Revision.None, "m1");
            Assert.Single((await store.MustReadAsync()).Records);
        }
    }

    [Fact]
    public async Task Slow_member_is_left_for_one_that_answers()
    {
        await using var etcd = await ThreeAsync();
        var delay = TimeSpan.FromSeconds(2);
        await using var slow = Obstacle.Slow(etcd.Members[0].Address, delay);
        await using var store = new EtcdClusterStore(
            etcd.Settings() with { Endpoints = [slow.Address, etcd.Members[1].Address] });
        var took = Stopwatch.StartNew();

        await store.MustReadAsync();
        await store.MustPutAsync(Revision.None, "m1");

        Assert.True(took.Elapsed < delay, $"took {took.Elapsed}");
    }

    [Fact]
    public async Task Without_most_of_its_members_etcd_says_so_and_comes_back_with_everything()
    {
        await using var etcd = await ThreeAsync();
        await using var store = await etcd.PreferAsync(0);
        var revision = await store.MustPutAsync(Revision.None, "m1");

        await etcd.Members[0].KillAsync();
        await etcd.Members[1].KillAsync();
        var read = await WithinAsync(Call, limit => store.ReadAsync(limit, Cancellation));
        var write = await WithinAsync(Call, limit => store.WriteAsync(
            StoreTransaction.Swap("leadership", revision, "m2"), limit, Cancellation));
        await etcd.Members[0].StartAsync();
        await etcd.Members[1].StartAsync();

        Assert.Contains(
            $"{etcd.Members[0].Address.GetLeftPart(UriPartial.Authority)} refuses connections",
            Assert.IsType<StoreRead.Unreachable>(read).Reason,
            StringComparison.Ordinal);
        Assert.IsType<WriteOutcome.Unknown>(write);
        var settled = (await store.ReadInTheEndAsync()).Find("leadership")!;
        Assert.Equal(settled.Value == "m1", settled.Revision == revision);
        Assert.True(await store.MustPutAsync(settled.Revision, "m3") > settled.Revision);
    }

    [Fact]
    public async Task Journal_goes_on_where_it_was_after_a_member_died()
    {
        await using var etcd = await ThreeAsync();
        await using var store = await etcd.PreferAsync(0);
        await AppendAsync(store, "before");

        await etcd.Members[0].KillAsync();
        await store.ReadInTheEndAsync();
        await AppendAsync(store, "after");

        var journal = Assert.IsType<JournalRead.Content>(await store.ReadJournalAsync(10, Patient, Cancellation));
        Assert.Equal(["before", "after"], journal.Entries.Select(entry => entry.Text));
        Assert.Equal([1, 2], journal.Entries.Select(entry => entry.Sequence));
    }

    [Fact]
    public async Task Etcd_that_lost_its_memory_is_not_taken_for_the_store()
    {
        await using var etcd = await StartAsync(1);
        await using var store = await etcd.PreferAsync(0);
        await store.MustPutAsync(Revision.None, "m1");

        await etcd.Members[0].KillAsync();
        etcd.Members[0].Forget();
        await etcd.Members[0].StartAsync();
        await etcd.Members[0].IsHealthyAsync();

        Assert.Contains("older copy", await store.MustNotReadAsync(), StringComparison.Ordinal);
    }

    private static async Task AppendAsync(EtcdClusterStore store, string text)
    {
        var entry = new JournalEntry(
            0, DateTimeOffset.UnixEpoch, null, JournalKind.Decision, Epoch.Zero, null, text, null);
        Assert.IsType<WriteOutcome.Done>(await store.AppendAsync(entry, Patient, Cancellation));
    }
}
