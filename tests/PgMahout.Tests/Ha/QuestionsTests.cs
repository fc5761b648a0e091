using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Tests.Cluster;
using Xunit;
using static PgMahout.Tests.Cluster.Example;

namespace PgMahout.Tests.Ha;

public sealed class QuestionsTests
{
    private static readonly LeaseKnowledge RanOut = new(Current, Now - Limits.Ttl, null, null);

    private static readonly ClusterView Electing =
        View(B) with { Lease = RanOut, Sealed = Current, Postgres = Follower(0x500, null) };

    private static readonly ClusterView Promoting = View(B).WithStore(store => store with
    {
        Leadership = HeldBy(B, AnyOneOf(B, C)),
    }) with
    {
        Lease = Known(held: true), Postgres = Follower(0x500, null),
    };

    [Fact]
    public void Member_that_has_yet_to_seal_itself_asks_nobody_first()
    {
        var questions = Questions.Of(Electing with { Sealed = null }, null);

        Assert.Empty(questions.Asked);
        Assert.Equal(Rule.SealForElection, HaPolicy.Decide(Electing with { Sealed = null }).Rule);
    }

    [Fact]
    public void Election_waits_for_the_voters_and_not_for_the_leader_that_fell_silent()
    {
        var questions = Questions.Of(Electing, null);

        Assert.Equal([A, C], questions.Asked);
        Assert.Equal([C], questions.Awaited);
        Assert.Equal(Rule.ClaimLease, HaPolicy.Decide(Electing.Hearing(
            Silent(A), Says(C, Follower(0x500, null), Current))).Rule);
    }

    [Fact]
    public void Without_synchronous_commit_an_election_waits_for_everybody()
    {
        var view = Electing with { Spec = Electing.Spec with { Durability = Durability.Async } };

        Assert.Equal([A, C], Questions.Of(view, null).Awaited);
    }

    [Fact]
    public void Promotion_waits_for_the_voters_as_long_as_they_are_enough_for_a_commit()
    {
        Assert.Equal([C], Questions.Of(Promoting, null).Awaited);

        var alone = Promoting.WithStore(store => store with { Leadership = HeldBy(B, AnyOneOf(B)) });

        Assert.Equal([A, C], Questions.Of(alone, null).Awaited);
    }

    [Fact]
    public void Holder_whose_server_is_gone_waits_for_everybody_who_could_be_its_heir()
    {
        Assert.Equal([B, C], Questions.Of(View(A) with { Postgres = Stopped(end: At(0x500)) }, null).Awaited);
    }

    [Fact]
    public void Leader_whose_server_runs_and_whose_disk_is_well_asks_nobody()
    {
        var leading = View(A) with { Postgres = Leader(0x900, Link(B, 0x900)) };

        Assert.Empty(Questions.Of(leading, null).Asked);
        Assert.Equal([B, C], Questions.Of(leading with { Disk = Filling }, null).Asked);
    }

    [Fact]
    public void Standby_that_streams_asks_its_leader_once_in_a_ttl_and_another_one_always()
    {
        var recently = Now - Seconds(1);

        Assert.Equal([A], Questions.Of(View(B), null).Asked);
        Assert.Empty(Questions.Of(View(B), recently).Asked);
        Assert.Equal([A], Questions.Of(View(B), Now - Limits.Ttl).Asked);
        Assert.Equal([A], Questions.Of(View(B) with { Postgres = Follower(0x500, null) }, recently).Asked);
    }

    [Fact]
    public void Leader_asks_those_behind_heads_now_and_then_and_they_ask_their_head_too()
    {
        var placed = View(A) with
        {
            Spec = View(A).Spec with
            {
                Members = [.. View(A).Spec.Members.Select(it => it with { Site = it.Name == A ? "near" : "far" })],
                Cascade = Cascade.BySite,
            },
        };
        placed = placed.WithStore(store => store with { Leadership = HeldBy(A) with { Heads = SiteHeads.Of([B]) } });
        var leading = placed with { Postgres = Leader(0x900, Link(B, 0x900)) };
        var behind = placed with { Self = C, Lease = Known() };

        Assert.Equal([C], Questions.Of(leading, null).Asked);
        Assert.Empty(Questions.Of(leading, Now - Limits.Ttl).Asked);
        Assert.Equal([C], Questions.Of(leading, Now - Limits.FollowPatience).Asked);
        Assert.Equal([A, B], Questions.Of(behind, null).Asked);
        Assert.Equal([A], Questions.Of(behind with { Self = B }, null).Asked);
        Assert.Equal(Now, Questions.AskedAt(leading.Hearing(Silent(C)), null));
        Assert.Null(Questions.AskedAt(leading, null));
        Assert.Null(Questions.AskedAt(behind.Hearing(Silent(A)), null));
        Assert.Equal(Now, Questions.AskedAt(behind.Hearing(Says(A, Leader(0x900))), null));
    }

    [Fact]
    public void Nobody_is_asked_while_a_released_lease_waits_for_its_heir()
    {
        var released = View(C).WithStore(store => store with { Leadership = HeldBy(A).ReleasedTo(B, null) });

        Assert.Empty(Questions.Of(released, null).Asked);
        Assert.Equal([A, B], Questions.Of(released with { Lease = RanOut }, null).Asked);
    }
}
