using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using Xunit;
using static PgMahout.Tests.Cluster.Example;

namespace PgMahout.Tests.Ha;

/// <summary>
/// What a decision takes in clusters of several sizes: <c>bench/store</c> runs it. Left out otherwise.
/// </summary>
public sealed class DecisionGrowthTests
{
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(0.5);

    [Theory(Explicit = true)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(50)]
    public void A_decision_takes_less_than_a_thousandth_of_the_shortest_renewal(int members)
    {
        var names = Enumerable.Range(1, members).Select(number => new MemberName($"m{number:D2}")).ToImmutableArray();
        var leading = Of(names, names[0], Rule.KeepLeading);
        var following = Of(names, names[1], Rule.FollowLeader);
        var electing = Of(names, names[1], Rule.ClaimLease);

        TestContext.Current.SendDiagnosticMessage(string.Create(
            CultureInfo.InvariantCulture,
            $"| {members} | {leading.TotalMicroseconds:F1} | {following.TotalMicroseconds:F1} "
            + $"| {electing.TotalMicroseconds:F1} |"));
        var allowed = new Timing(Timing.Shortest).RenewEvery / 1000;
        Assert.All([leading, following, electing], took => Assert.InRange(took, TimeSpan.Zero, allowed));
    }

    private static TimeSpan Of(ImmutableArray<MemberName> names, MemberName self, Rule expected)
    {
        var view = ViewOf(names, self, expected);
        Assert.Equal(expected, HaPolicy.Decide(view).Rule);
        var clock = Stopwatch.StartNew();
        var count = 0L;
        for (; clock.Elapsed < Lasting; count++)
            HaPolicy.Decide(view);
        return clock.Elapsed / count;
    }

    private static ClusterView ViewOf(ImmutableArray<MemberName> names, MemberName self, Rule rule)
    {
        var others = names.Remove(names[0]);
        var spec = Spec(Durability.Quorum, [.. names]);
        var recorded = SynchronousSet.Of(spec.CommitQuorum, others);
        var view = View(self) with
        {
            Spec = spec,
            Store = Stored(HeldBy(names[0], recorded)),
            Lease = Known(self == names[0]),
        };
        var seen = names.Remove(self);
        ImmutableArray<Slot> slots = [.. seen.Select(name => new Slot(name.SlotName, new Lsn(0x500), Lost: false))];
        if (rule == Rule.KeepLeading)
            return view with
            {
                Postgres = Leader(0x900, [.. others.Select(name => Link(name, 0x900))]) with
                {
                    Effective = recorded, Slots = slots,
                },
            };
        if (rule == Rule.FollowLeader)
            return view with
            {
                Postgres = Follower(0x900, names[0], 2) with
                {
                    Configured = SynchronousSet.Of(spec.CommitQuorum, seen), Slots = slots,
                },
                Peers = [Says(names[0], Leader(0x900, [.. others.Select(name => Link(name, 0x900))]))],
            };
        return view with
        {
            Lease = new LeaseKnowledge(Current, Now - Limits.Ttl, null, null),
            Sealed = Current,
            Postgres = Follower(0x900, null, 2),
            Peers = [.. seen.Select(name => Says(name, Follower(0x900, null, 2), Current))],
        };
    }
}
