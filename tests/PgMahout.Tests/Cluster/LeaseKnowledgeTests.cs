using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using Xunit;
using static PgMahout.Tests.Cluster.Example;

namespace PgMahout.Tests.Cluster;

public sealed class LeaseKnowledgeTests
{
    private static readonly Revision Next = new(8);
    private static readonly LeaseKnowledge Held = new(Current, At(1), At(0.9), null);
    private static readonly LeaseKnowledge Followed = new(Current, At(1), null, null);

    [Fact]
    public void Nothing_may_be_taken_for_a_full_ttl_by_an_agent_that_just_started()
    {
        var fresh = LeaseKnowledge.StartingAt(At(10));

        Assert.Equal(At(13), fresh.TakeableAt(Limits));
        Assert.Null(fresh.FenceAt(Limits));
        Assert.Equal(At(13.2), fresh.Saw(Current, mine: false, At(10.2)).TakeableAt(Limits));
    }

    [Fact]
    public void Record_has_moved_once_a_second_revision_was_seen_since_the_agent_began()
    {
        var first = LeaseKnowledge.StartingAt(At(10)).Saw(Current, mine: false, At(10.2));

        Assert.False(first.Moved);
        Assert.False(first.Saw(Current, mine: false, At(11)).Moved);
        Assert.True(first.Saw(Next, mine: false, At(11)).Moved);
    }

    [Fact]
    public void Taker_counts_from_when_it_first_saw_a_revision()
    {
        var again = Followed.Saw(Current, mine: false, At(2)).Saw(Current, mine: false, At(3));

        Assert.Equal(At(4), again.TakeableAt(Limits));
        Assert.Equal(At(6.5), again.Saw(Next, mine: false, At(3.5)).TakeableAt(Limits));
    }

    [Fact]
    public void Holder_counts_from_before_it_sent_its_write()
    {
        var renewed = Held.Wrote(Next, mine: true, sentAt: At(2), now: At(2.4));

        Assert.Equal(At(2) + Limits.FenceAfter, renewed.FenceAt(Limits));
        Assert.Equal(Next, renewed.Revision);
        Assert.Null(renewed.UnansweredFrom);
    }

    [Fact]
    public void Unanswered_renewal_does_not_prolong_the_lease()
    {
        var unsure = Held.WriteUnanswered(At(2)).Saw(Current, mine: true, At(2.1));

        Assert.Equal(Held.FenceAt(Limits), unsure.FenceAt(Limits));
    }

    [Fact]
    public void Unanswered_renewal_that_was_applied_counts_from_when_the_oldest_was_sent()
    {
        var unsure = Held.WriteUnanswered(At(2)).WriteUnanswered(At(3));

        var settled = unsure.Saw(Next, mine: true, At(3.2));

        Assert.Equal(At(2), settled.HeldFrom);
        Assert.Null(settled.UnansweredFrom);
    }

    [Fact]
    public void Renewal_that_shows_up_late_takes_nothing_away_from_what_promises_gave_since()
    {
        var promised = Held.WriteUnanswered(At(2)).Promised(At(3.5));

        var settled = promised.Saw(Next, mine: true, At(4));

        Assert.Equal(At(3.5) + Limits.FenceAfter, settled.FenceAt(Limits));
        Assert.Null(settled.UnansweredFrom);
    }

    [Fact]
    public void Unanswered_acquisition_that_was_applied_makes_a_holder()
    {
        var settled = Followed.WriteUnanswered(At(4)).Saw(Next, mine: true, At(4.5));

        Assert.Equal(At(4) + Limits.FenceAfter, settled.FenceAt(Limits));
    }

    [Fact]
    public void Renewal_that_is_applied_when_its_time_is_over_leaves_the_holder_fenced()
    {
        var late = Held.WriteUnanswered(At(2)).Saw(Next, mine: true, At(9));

        Assert.True(At(9) > late.FenceAt(Limits));
    }

    [Fact]
    public void Restarted_agent_of_the_holder_knows_no_deadline_until_it_writes()
    {
        var restarted = LeaseKnowledge.StartingAt(At(10)).Saw(Current, mine: true, At(10.1));

        Assert.Null(restarted.FenceAt(Limits));
        Assert.Equal(At(10.2), restarted.Wrote(Next, mine: true, At(10.2), At(10.3)).HeldFrom);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    public void Record_that_names_another_ends_the_reign(long revision) =>
        Assert.Null(Held.Saw(new Revision(revision), mine: false, At(2)).FenceAt(Limits));

    [Fact]
    public void Released_lease_is_not_held() =>
        Assert.Null(Held.Wrote(Next, mine: false, At(2), At(2.1)).FenceAt(Limits));

    [Fact]
    public void Promise_prolongs_a_lease_and_makes_none()
    {
        Assert.Equal(At(2), Held.Promised(At(2)).HeldFrom);
        Assert.Equal(At(0.9), Held.Promised(At(0.5)).HeldFrom);
        Assert.Null(Followed.Promised(At(2)).HeldFrom);
    }

    [Fact]
    public void Promise_does_not_delay_those_who_may_take_the_lease() =>
        Assert.Equal(Held.TakeableAt(Limits), Held.Promised(At(2)).TakeableAt(Limits));

    /// <summary>
    /// Both ends of one write that took any time at all: the holder stops before the taker, who can have seen it no
    /// earlier than it was sent, may begin.
    /// </summary>
    [Fact]
    public void Holder_is_fenced_before_any_taker_may_act_however_long_the_write_took()
    {
        foreach (var took in new[] { 0.0, 0.1, 1, 2.6, 5, 60 })
        {
            var holder = Held.Wrote(Next, mine: true, sentAt: At(2), now: At(2 + took));
            var taker = Followed.Saw(Next, mine: false, At(2));

            Assert.True(holder.FenceAt(Limits) <= taker.TakeableAt(Limits) - Limits.FenceMargin);
        }
    }

    private static Instant At(double seconds) => Instant.Zero + Seconds(seconds);
}
