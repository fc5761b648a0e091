using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Tests.Cluster;
using Xunit;
using static PgMahout.Tests.Cluster.Example;

namespace PgMahout.Tests.Ha;

public sealed class ExplanationTests
{
    private static readonly ClusterView Leading =
        View(A) with { Postgres = Leader(0x900, Link(B, 0x900), Link(C, 0x8FF)) };

    [Fact]
    public void Leader_says_how_long_it_still_holds_the_lease_and_who_knows_its_commits() =>
        Assert.Equal(
            "Epoch 3: a holds the lease for another 2.2 s; confirmed commits are known to any 1 of b, c; "
            + "PostgreSQL here: primary at 2:0/900.",
            Explanation.Situation(Leading));

    [Theory]
    [InlineData(0.5, "a holds the lease, renewed 0.5 s ago")]
    [InlineData(3.5, "a has not renewed its lease for 3.5 s")]
    public void Follower_says_how_fresh_the_lease_is(double age, string lease)
    {
        var view = View(B) with { Lease = Known() with { SeenAt = Now - Seconds(age) } };

        Assert.Contains(lease, Explanation.Situation(view), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_view_is_explained()
    {
        foreach (var sight in Universe.Sample(seed: 5, count: 20_000))
        {
            var successors = Explanation.Successors(sight.View);

            Assert.Matches(@"\.$", Explanation.Situation(sight.View));
            Assert.Matches(@"\.$", Explanation.IfPrimaryDied(sight.View, successors));
        }
    }

    [Fact]
    public void Silence_of_the_store_is_said_with_its_reason() =>
        Assert.Equal(
            "The store cannot be read: timeout.",
            Explanation.Situation(View(A) with { Store = new Reading<StoreContent>.Missing("timeout", Now) }));

    [Fact]
    public void Pause_is_said_with_who_and_why()
    {
        var view = Leading.WithStore(store => store with { Pause = new Pause(Seconds(60), "ann", "disks") });

        Assert.EndsWith("Paused by ann for another 60.0 s: disks.", Explanation.Situation(view));
    }

    [Fact]
    public void Death_of_the_primary_is_foretold_with_the_successor_and_the_loss()
    {
        Assert.Equal(
            "b would lead: at once if only PostgreSQL died, after 3.0 s if the host did; "
            + "no confirmed commit would be lost.",
            Foretold(Leading));
        Assert.EndsWith(
            "at most 16.0 MB of the newest commits could be lost.",
            Foretold(Leading with { Spec = Spec(Durability.Async, A, B, C) }));
    }

    [Fact]
    public void Nobody_is_foretold_when_no_quorum_could_be_heard()
    {
        var alone = Leading with { Postgres = Leader(0x900, Link(B, 0x900), Link(C, 0x900, streaming: false)) };
        var unknown = Leading.WithStore(store => store with { Leadership = HeldBy(A, SynchronousSet.Nobody) });

        Assert.StartsWith("Nobody could take over from a by itself", Foretold(alone));
        Assert.Contains("known to a alone", Foretold(unknown), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_member_but_the_leader_is_told_why_it_would_not_succeed()
    {
        var onlyB = Leading.WithStore(store => store with { Leadership = HeldBy(A, AnyOneOf(B)) });

        var successors = Explanation.Successors(onlyB);

        Assert.Equal([B, C], successors.Select(successor => successor.Name));
        Assert.Equal([null, "it is not in the recorded synchronous set"], successors.Select(each => each.Disqualified));
        Assert.Equal(At(0x8FF, 2), successors[1].Position);
    }

    private static string Foretold(ClusterView view) =>
        Explanation.IfPrimaryDied(view, Explanation.Successors(view));
}
