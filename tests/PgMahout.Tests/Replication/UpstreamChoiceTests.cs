using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Replication;
using PgMahout.Core.Vocabulary;
using Xunit;
using static PgMahout.Tests.Cluster.Example;

namespace PgMahout.Tests.Replication;

/// <summary>a, b and c stand at one site, d and e at another; a leads, at 0/9000000.</summary>
public sealed class UpstreamChoiceTests
{
    private const ulong Segment = 16 << 20;
    private const ulong Here = 9 * Segment;
    private static readonly MemberName D = new("d");
    private static readonly MemberName E = new("e");

    [Fact]
    public void One_member_of_another_site_is_its_head_by_priority_and_then_by_name()
    {
        var view = Cascading();

        Assert.Equal([D], Heads(view, B, C, D, E));
        Assert.Equal([E], Heads(view with { Spec = With(view.Spec, E, it => it with { Priority = 200 }) }, B, C, D, E));
    }

    [Fact]
    public void Nobody_is_head_where_cascading_is_off_or_a_site_has_one_member()
    {
        var view = Cascading();

        Assert.Empty(Heads(view with { Spec = view.Spec with { Cascade = Cascade.Off } }, B, C, D, E));
        Assert.Empty(Heads(view with { Spec = With(view.Spec, E, it => it with { Site = null }) }, B, C, D, E));
    }

    [Fact]
    public void Head_that_streams_stays_whoever_else_is_there()
    {
        Assert.Equal([E], Heads(Cascading(E), B, C, D, E));
        Assert.Equal([E], Heads(Cascading(E), B, C, E));
    }

    [Fact]
    public void Head_that_does_not_stream_goes_first_and_another_is_named_later()
    {
        Assert.Empty(Heads(Cascading(D), B, C, E));
        Assert.Equal([E], Heads(Cascading(), B, C, E));
    }

    [Fact]
    public void Member_that_is_far_behind_is_not_made_head()
    {
        var primary = Leader(Here, Link(B, Here), Link(C, Here), Link(D, 7 * Segment), Link(E, Here));

        Assert.Equal([E], UpstreamChoice.Heads(Cascading(), primary).Names);
        Assert.Equal([D], UpstreamChoice.Heads(Cascading(D), primary).Names);
    }

    [Fact]
    public void Voters_are_spared_only_while_one_more_than_commits_need_stays()
    {
        Assert.Equal(2, Cascading().Spec.CommitQuorum);
        Assert.Empty(Heads(Cascading(), C, D, E));
        Assert.Empty(Heads(Cascading(D), C, D));

        var readers = Cascading();
        readers = readers with { Spec = With(readers.Spec, E, it => it with { Priority = 0 }) };
        Assert.Equal([D], Heads(readers, C, D, E));
    }

    [Fact]
    public void Member_that_never_leads_is_head_only_where_nobody_may()
    {
        var view = Cascading();
        var spec = With(view.Spec, D, it => it with { Priority = 0 });

        Assert.Equal([E], Heads(view with { Spec = spec }, B, C, D, E));
        spec = With(spec, E, it => it with { Priority = 0 });
        Assert.Equal([D], Heads(view with { Spec = spec }, B, C, D, E));
    }

    [Fact]
    public void Of_two_sites_the_one_that_has_a_head_keeps_it_when_commits_spare_only_one()
    {
        var view = Cascading(E);
        var spec = With(With(view.Spec, B, it => it with { Site = "mid" }), C, it => it with { Site = "mid" });

        Assert.Equal([E], Heads(view with { Spec = spec }, B, C, E));
        Assert.Equal([B], Heads(Cascading(B) with { Spec = spec }, B, D, E));
    }

    [Fact]
    public void Heads_and_the_leaders_site_stream_from_the_leader()
    {
        var (spec, record) = (Cascading(D).Spec, HeldBy(A) with { Heads = SiteHeads.Of([D]) });

        Assert.Equal(
            new MemberName?[] { null, null, null, null, D },
            spec.Members.Select(member => UpstreamChoice.HeadFor(spec, record, member.Name)));
        Assert.Null(UpstreamChoice.HeadFor(spec, record.ReleasedTo(B, null), E));
        Assert.Null(UpstreamChoice.HeadFor(spec, HeldBy(D) with { Heads = SiteHeads.Of([D]) }, E));
    }

    [Fact]
    public void No_record_makes_a_chain_or_a_ring()
    {
        var spec = Cascading().Spec;
        var found =
            from holder in spec.Members
            from chosen in Enumerable.Range(0, 32)
            let heads = spec.Members.Where((_, index) => (chosen >> index & 1) == 1).Select(member => member.Name)
            let record = HeldBy(holder.Name) with { Heads = SiteHeads.Of(heads) }
            from member in spec.Members
            let head = UpstreamChoice.HeadFor(spec, record, member.Name)
            where head is not null
            select UpstreamChoice.HeadFor(spec, record, head.Value);

        Assert.NotEmpty(found);
        Assert.All(found, head => Assert.Null(head));
    }

    [Fact]
    public void Slot_of_a_member_behind_a_head_is_moved_to_what_it_says_itself()
    {
        var view = Cascading(D);
        var primary = Slotted(Leader(Here, Link(B, Here), Link(C, Here), Link(D, Here)));
        var behind = Follower(7 * Segment, D, timeline: 2);

        Assert.Empty(SlotPlan.OnPrimary(view, primary));
        Assert.Equal(
            [new HaAction.KeepSlot("pgmahout_e", new Lsn(7 * Segment))],
            SlotPlan.OnPrimary(view.Hearing(Says(E, behind)), primary));
        Assert.Empty(SlotPlan.OnPrimary(view.Hearing(Says(E, Follower(7 * Segment, D, timeline: 1))), primary));
        Assert.Empty(SlotPlan.OnPrimary(view.Hearing(Says(E, Stopped(wasStandby: true))), primary));
        Assert.Empty(SlotPlan.OnPrimary(Cascading().Hearing(Says(E, behind)), primary));
    }

    [Fact]
    public void Standbys_move_such_a_slot_to_where_the_leader_has_it()
    {
        var leader = Slotted(Leader(Here, Link(B, Here), Link(C, Here), Link(D, Here)));
        leader = leader with
        {
            Slots = [.. leader.Slots.Select(slot => slot with { RestartAt = new Lsn(5 * Segment) })],
        };
        var standby = Slotted(Follower(Here, A, timeline: 2));

        Assert.Contains(
            new HaAction.KeepSlot("pgmahout_e", new Lsn(5 * Segment)),
            SlotPlan.OnStandby(Cascading(D) with { Self = B }, standby, leader));
        Assert.DoesNotContain(
            SlotPlan.OnStandby(Cascading() with { Self = B }, standby, leader),
            action => action is HaAction.KeepSlot { Slot: "pgmahout_e" });
    }

    [Fact]
    public void Commits_do_not_wait_for_members_behind_a_head()
    {
        var primary = Leader(Here, Link(B, Here), Link(C, Here), Link(D, Here), Link(E, Here));

        Assert.Equal(SynchronousSet.Of(2, [B, C, D]), SynchronousPlanner.Wanted(Cascading(D), primary));
        Assert.Equal(SynchronousSet.Of(2, [B, C, D, E]), SynchronousPlanner.Wanted(Cascading(), primary));
    }

    [Fact]
    public void Switchover_to_a_member_behind_a_head_is_refused_with_the_heads_name()
    {
        var view = Cascading(D).Hearing(Says(E, Follower(Here, D, timeline: 2)));

        var successors = Election.Successors(view, Leader(Here, Link(D, Here)));

        Assert.Equal(
            "it streams from d, the head of its site", successors.First(candidate => candidate.Name == E).Disqualified);
    }

    [Fact]
    public void Changed_heads_are_recorded_at_once()
    {
        var view = Cascading() with { Lease = Known(held: true) };
        var primary = Leader(Here, Link(B, Here), Link(C, Here), Link(D, Here), Link(E, Here)) with
        {
            Effective = SynchronousSet.Of(2, [B, C, D, E]),
        };

        var decision = HaPolicy.Decide(view with { Postgres = Slotted(primary), Now = Now - Seconds(0.4) });

        Assert.Equal(
            [D], decision.Actions.OfType<HaAction.RenewLease>().Select(renew => renew.Next.Heads.Names).Single());
    }

    private static ClusterView Cascading(params MemberName[] heads) => View(A) with
    {
        Spec = Spec(Durability.Quorum, A, B, C, D, E) with
        {
            Members =
            [
                .. Spec(Durability.Quorum, A, B, C, D, E).Members.Select(member =>
                    member with { Site = member.Name == D || member.Name == E ? "far" : "near" }),
            ],
            Cascade = Cascade.BySite,
        },
        Store = Stored(HeldBy(A, SynchronousSet.Of(2, [B, C, D, E])) with { Heads = SiteHeads.Of(heads) }),
    };

    private static ClusterSpec With(ClusterSpec spec, MemberName name, Func<MemberSpec, MemberSpec> change) => spec with
    {
        Members = [.. spec.Members.Select(member => member.Name == name ? change(member) : member)],
    };

    private static IEnumerable<MemberName> Heads(ClusterView view, params MemberName[] streaming) =>
        UpstreamChoice.Heads(view, Leader(Here, [.. streaming.Select(name => Link(name, Here))])).Names;

    private static PostgresState.Primary Slotted(PostgresState.Primary primary) =>
        primary with { Slots = [.. new[] { B, C, D, E }.Select(name => new Slot(name.SlotName, Lsn.Zero, false))] };

    private static PostgresState.Standby Slotted(PostgresState.Standby standby) =>
        standby with { Slots = [.. new[] { A, C, D, E }.Select(name => new Slot(name.SlotName, Lsn.Zero, false))] };
}
