using System.Text.Json.Nodes;
using PgMahout.Core.Vocabulary;
using PgMahout.Tests.Store;
using Xunit;
using static PgMahout.InstanceTests.Store.StoreUnderFaults;

namespace PgMahout.InstanceTests.Store;

/// <summary>A watch for which nobody reads must find out by itself that its stream is no good.</summary>
public sealed class EtcdWatchTests
{
    [Fact]
    public async Task Watch_moves_when_its_member_dies()
    {
        await using var etcd = await ThreeAsync();
        await HearsAfterAsync(etcd, member => member.KillAsync());
    }

    [Fact]
    public async Task Watch_moves_when_its_member_freezes_and_the_connection_stays()
    {
        await using var etcd = await ThreeAsync();
        await HearsAfterAsync(etcd, member =>
        {
            Signals.Send(member.ProcessId, Signals.Stop);
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task Watch_from_a_revision_that_was_compacted_is_told_of_and_goes_on_from_there()
    {
        await using var etcd = await StartAsync(1);
        await using var reader = await etcd.PreferAsync(0);
        await using var writer = await etcd.PreferAsync(0);
        var revision = await writer.MustPutAsync(Revision.None, "0");
        for (var i = 1; i < 5; i++)
            revision = await writer.MustPutAsync(revision, $"{i}");
        await etcd.Members[0].PostAsync(
            "/v3/kv/compaction", new JsonObject { ["revision"] = $"{revision.Value}", ["physical"] = true });
        var called = new SemaphoreSlim(0);

        using var watch = reader.Watch(() => called.Release());

        Assert.True(await called.WaitAsync(EtcdCluster.Limit, Cancellation));
        await writer.MustPutAsync(revision, "last");
        Assert.True(await called.WaitAsync(EtcdCluster.Limit, Cancellation));
    }

    private static async Task HearsAfterAsync(EtcdCluster etcd, Func<EtcdMember, Task> harm)
    {
        var leader = await etcd.LeaderIndexAsync();
        await using var reader = await etcd.PreferAsync((leader + 1) % 3);
        await using var writer = await etcd.PreferAsync(leader);
        var called = new SemaphoreSlim(0);
        using var watch = reader.Watch(() => called.Release());
        var revision = await writer.MustPutAsync(Revision.None, "1");
        Assert.True(await called.WaitAsync(EtcdCluster.Limit, Cancellation));

        await harm(etcd.Members[(leader + 1) % 3]);
        await writer.MustPutAsync(revision, "2");

        Assert.True(await called.WaitAsync(EtcdCluster.Limit, Cancellation));
    }
}
