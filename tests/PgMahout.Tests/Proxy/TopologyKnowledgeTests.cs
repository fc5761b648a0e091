using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Vocabulary;
using Xunit;
using static PgMahout.Tests.Cluster.Example;

namespace PgMahout.Tests.Proxy;

public sealed class TopologyKnowledgeTests
{
    private static readonly Epoch Third = new(3);
    private static readonly TimeSpan Silence = Seconds(3);

    private static readonly TopologyKnowledge Serving = (TopologyKnowledge.Nothing with
    {
        Backends = new[] { A, B, C }.ToImmutableSortedDictionary(
            name => name, name => new Backend(name, new ServerAddress.UnixSocket($"/run/{name}"))),
    })
        .Read(HeldBy(A), Current, Now, Limits)
        .Told(Says(A, 3, true), Now);

    [Fact]
    public void Serving_leader_is_the_primary_until_its_lease_is_not_certain_any_more()
    {
        var topology = Serving.At(Now, Silence);

        Assert.Equal(A, topology.Primary!.Name);
        Assert.Equal(Now + Seconds(2), topology.PrimaryUntil);
        Assert.Equal(topology.PrimaryUntil, Serving.ChangesAfter(Now));
        Assert.Null(Serving.At(topology.PrimaryUntil, Silence).Primary);
        Assert.Equal(Instant.Never, Serving.ChangesAfter(topology.PrimaryUntil));
    }

    [Fact]
    public void Order_to_drain_holds_clients_until_the_next_leader_serves()
    {
        var draining = Serving.Drain(Third, Now + Seconds(1));
        Assert.True(draining.At(Now, Silence).Draining);

        var stopping = draining.Told(Says(A, 3, false), Now);
        Assert.Null(stopping.At(Now, Silence).Primary);

        var moved = stopping
            .Read(HeldBy(B) with { Epoch = Third.Next }, new Revision(8), Now, Limits)
            .Told(Says(B, 4, true), Now);
        var topology = moved.At(Now, Silence);
        Assert.Equal((B, 4, false), (topology.Primary!.Name, topology.Epoch, topology.Draining));
    }

    [Fact]
    public void Order_to_drain_ends_by_itself_when_nobody_hands_over()
    {
        var draining = Serving.Drain(Third, Now + Seconds(1));

        Assert.Equal(Now + Seconds(1), draining.ChangesAfter(Now));
        Assert.False(draining.At(Now + Seconds(1), Silence).Draining);
        Assert.NotNull(draining.At(Now + Seconds(1), Silence).Primary);
    }

    [Fact]
    public void Server_that_was_only_restarted_serves_again_without_a_hold_left_over()
    {
        var back = Serving.Drain(Third, Now + Seconds(10)).Told(Says(A, 3, false), Now).Told(Says(A, 3, true), Now);

        Assert.False(back.At(Now, Silence).Draining);
        Assert.Equal(A, back.At(Now, Silence).Primary!.Name);
    }

    [Fact]
    public void Order_of_a_reign_that_is_over_is_void() =>
        Assert.False(Serving.Drain(new Epoch(2), Now + Seconds(1)).At(Now, Silence).Draining);

    [Fact]
    public void In_a_region_that_follows_standbys_are_as_old_as_the_stream_of_its_leader()
    {
        var abroad = Follower(0x700, Region.Upstream, 2);
        var streaming = Serving
            .Told(Says(A, 3, false), Now)
            .Reported(Report(A, abroad), Now, Now)
            .Reported(Report(B, Follower(0x700, A, 2)), Now, Now + Seconds(0.5));

        Assert.Equal(
            [TimeSpan.Zero, Seconds(0.5)], streaming.At(Now, Silence).Standbys.Select(standby => standby.Lag!.Value));
        Assert.Null(streaming.At(Now, Silence).Primary);

        var cut = streaming.Reported(Report(A, abroad with { Streaming = false }), Now + Seconds(2), Now + Seconds(2));
        Assert.Equal(Seconds(2), cut.At(Now + Seconds(2), Silence).Standbys.First().Lag);
    }

    [Fact]
    public void Standby_lags_by_no_less_than_the_age_of_what_it_lacks()
    {
        var seen = Serving
            .Reported(Report(A, Leader(0x600)), Now, Now)
            .Reported(Report(A, Leader(0x700)), Now + Seconds(1), Now + Seconds(1))
            .Reported(Report(B, Follower(0x650, A, 2)), Now + Seconds(1), Now + Seconds(1.5))
            .Reported(Report(C, Follower(0x700, A, 1)), Now + Seconds(1), Now + Seconds(1.5));

        var standbys = seen.At(Now + Seconds(1.6), Silence).Standbys;

        Assert.Equal(Seconds(1.5), standbys.Single(one => one.Backend.Name == B).Lag);
        Assert.Null(standbys.Single(one => one.Backend.Name == C).Lag);
    }

    [Fact]
    public void Standby_that_has_everything_lags_by_the_time_since_the_primary_was_asked()
    {
        var seen = Serving
            .Reported(Report(A, Leader(0x600)), Now, Now)
            .Reported(Report(A, Leader(0x600)), Now + Seconds(1), Now + Seconds(1))
            .Reported(Report(B, Follower(0x600, A, 2)), Now + Seconds(1), Now + Seconds(1.01));

        Assert.Equal(Seconds(0.01), seen.At(Now + Seconds(1.1), Silence).Standbys.Single().Lag);
    }

    [Fact]
    public void Standby_that_stopped_or_fell_silent_is_not_read_from()
    {
        var seen = Serving.Reported(Report(B, Follower(0x600, A, 2)), Now, Now);

        Assert.Single(seen.At(Now, Silence).Standbys);
        Assert.Empty(seen.At(Now + Silence, Silence).Standbys);
        Assert.Empty(seen.Reported(Report(B, Stopped()), Now, Now).At(Now, Silence).Standbys);
    }

    private static HolderWord Says(MemberName member, long epoch, bool serving) =>
        new(member, new Epoch(epoch), Seconds(2), serving);

    private static MemberReport Report(MemberName member, PostgresState postgres) =>
        new(member, postgres, null, Current, null);
}
