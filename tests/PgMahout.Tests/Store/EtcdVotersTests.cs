using System.Diagnostics;
using PgMahout.Store;
using PgMahout.Store.Etcd;
using Xunit;

namespace PgMahout.Tests.Store;

/// <summary>Members of a real etcd that come and go.</summary>
public sealed class EtcdVotersTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private static async Task<EtcdVoter[]> KnownAsync(Task<EtcdVoterAnswer> asked) =>
        [.. Assert.IsType<EtcdVoterAnswer.Known>(await asked).Voters.OrderBy(voter => voter.PeerUrl)];

    /// <summary>Just after its start it takes no changes; it says so, and nothing else may be said.</summary>
    private static async Task<EtcdVoterAnswer> WhenWellAsync(Func<Task<EtcdVoterAnswer>> order)
    {
        var answer = await order();
        for (var tried = 0; tried < 100 && answer is EtcdVoterAnswer.Failed { IsEarly: true }; tried++)
        {
            await Task.Delay(200);
            answer = await order();
        }
        return answer is EtcdVoterAnswer.Failed failed ? throw new InvalidOperationException(failed.Why) : answer;
    }

    private static EtcdSettings Only(EtcdCluster etcd, int member) =>
        new([etcd.Members[member].Address], "/pgmahout/test/");

    [Fact]
    public async Task A_member_joins_without_a_vote_gets_it_when_it_has_everything_and_another_leaves()
    {
        Assert.SkipWhen(EtcdCluster.Missing is not null, EtcdCluster.Missing ?? "");
        await using var etcd = await EtcdCluster.StartAsync(3);
        using var voters = new EtcdVoters(etcd.Settings());
        var before = await KnownAsync(voters.ListAsync(Limit, CancellationToken.None));
        Assert.Equal(["e0", "e1", "e2"], before.Select(voter => voter.Name));

        var peer = etcd.NextPeer;
        var added = await KnownAsync(WhenWellAsync(() => voters.AddLearnerAsync(peer, Limit, CancellationToken.None)));
        Assert.Equal((peer, "", true), (added[^1].PeerUrl, added[^1].Name, added[^1].IsLearner));
        var early = await voters.PromoteAsync(added[^1].Id, Limit, CancellationToken.None);
        Assert.Contains("learner", Assert.IsType<EtcdVoterAnswer.Failed>(early).Why, StringComparison.Ordinal);

        await etcd.JoinAsync(peer, before.Select(voter => (voter.Name, voter.PeerUrl)));
        while (await voters.PromoteAsync(added[^1].Id, Limit, CancellationToken.None) is EtcdVoterAnswer.Failed)
            await Task.Delay(50);
        await KnownAsync(WhenWellAsync(() => voters.RemoveAsync(before[0].Id, Limit, CancellationToken.None)));
        await etcd.Members[0].KillAsync();

        var after = await KnownAsync(voters.ListAsync(Limit, CancellationToken.None));
        Assert.Equal(["e1", "e2", "e3"], after.Select(voter => voter.Name));
        Assert.All(after, voter => Assert.False(voter.IsLearner));
        // Of the three that are left one may go: the new one votes.
        await etcd.Members[1].KillAsync();
        await using var store = new EtcdClusterStore(Only(etcd, 2));
        Assert.IsType<StoreRead.Content>(await store.ReadAsync(EtcdCluster.Limit, CancellationToken.None));
    }

    [Fact]
    public async Task A_store_that_stays_open_finds_members_that_came_after_it_when_all_that_it_knew_are_gone()
    {
        Assert.SkipWhen(EtcdCluster.Missing is not null, EtcdCluster.Missing ?? "");
        await using var etcd = await EtcdCluster.StartAsync(3);
        var current = Only(etcd, 0).Endpoints;
        await using var store = new EtcdClusterStore(Only(etcd, 0) with { CurrentEndpoints = () => current });
        Assert.IsType<StoreRead.Content>(await store.ReadAsync(Limit, CancellationToken.None));
        var changes = 0;
        using var watch = store.Watch(() => Interlocked.Increment(ref changes));

        current = [etcd.Members[1].Address, etcd.Members[2].Address];
        await etcd.Members[0].KillAsync();

        Assert.IsType<StoreRead.Content>(await store.ReadAsync(EtcdCluster.Limit, CancellationToken.None));
        await using var other = new EtcdClusterStore(Only(etcd, 2));
        var heard = Volatile.Read(ref changes);
        Assert.IsType<WriteOutcome.Done>(await other.WriteAsync(
            new StoreTransaction([], [new StorePut("spec", "anything")]), Limit, CancellationToken.None));
        var waited = Stopwatch.StartNew();
        while (Volatile.Read(ref changes) == heard && waited.Elapsed < EtcdCluster.Limit)
            await Task.Delay(20);
        Assert.NotEqual(heard, Volatile.Read(ref changes));
    }
}
