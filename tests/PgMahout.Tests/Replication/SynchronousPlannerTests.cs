using PgMahout.Core.Cluster;
using PgMahout.Core.Replication;
using PgMahout.Core.Vocabulary;
using Xunit;
using static PgMahout.Tests.Cluster.Example;

namespace PgMahout.Tests.Replication;

public sealed class SynchronousPlannerTests
{
    private static readonly SynchronousSet Both = SynchronousSet.Of(1, [B, C]);
    private static readonly SynchronousSet OnlyB = SynchronousSet.Of(1, [B]);
    private static readonly PostgresState.Primary Followed = Leader(0x900, Link(B, 0x900), Link(C, 0x900));

    [Theory]
    [InlineData(Durability.Quorum, "any 1 of b, c")]
    [InlineData(Durability.Strict, "any 1 of b, c")]
    [InlineData(Durability.Async, "nobody")]
    public void All_standbys_that_stream_are_wanted(Durability durability, string wanted) =>
        Assert.Equal(wanted, SynchronousPlanner.Wanted(View(A, durability), Followed).ToString());

    [Theory]
    [InlineData(Durability.Quorum, "nobody")]
    [InlineData(Durability.Strict, "any 1 of b, c")]
    [InlineData(Durability.Async, "nobody")]
    public void With_no_standby_left_only_strict_commits_wait(Durability durability, string wanted) =>
        Assert.Equal(wanted, SynchronousPlanner.Wanted(View(A, durability), Leader(0x900)).ToString());

    [Fact]
    public void Voter_that_stopped_streaming_a_moment_ago_stays_and_a_new_one_must_stream()
    {
        var hiccup = Link(B, 0x900, streaming: false) with { StreamedAt = Now - Limits.DegradeAfter };
        var primary = Leader(0x900, hiccup);

        Assert.Equal(OnlyB, SynchronousPlanner.Wanted(View(A), primary with { Effective = OnlyB }));
        Assert.Equal(SynchronousSet.Nobody, SynchronousPlanner.Wanted(View(A), primary));
    }

    [Fact]
    public void Voter_that_has_not_streamed_for_longer_is_left_out()
    {
        var lost = Link(B, 0x900, streaming: false) with { StreamedAt = Now - Limits.DegradeAfter - Seconds(0.001) };

        var wanted = SynchronousPlanner.Wanted(View(A), Leader(0x900, lost) with { Effective = OnlyB });

        Assert.Equal(SynchronousSet.Nobody, wanted);
    }

    [Fact]
    public void Member_that_is_never_promoted_is_no_voter()
    {
        var view = View(A);
        var spec = view.Spec with { Members = [.. view.Spec.Members.Select(Unpromotable)] };

        Assert.Equal(OnlyB, SynchronousPlanner.Wanted(view with { Spec = spec }, Followed));
    }

    [Fact]
    public void Record_narrows_only_when_the_rest_has_flushed_what_was_confirmed_before()
    {
        var primary = Leader(0x900, Link(B, 0x8FF)) with { Effective = OnlyB, SettledAt = new Lsn(0x900) };

        Assert.IsType<SynchronousStep.AwaitFlush>(SynchronousPlanner.Next(Both, primary, OnlyB));
        Assert.IsType<SynchronousStep.AwaitFlush>(
            SynchronousPlanner.Next(Both, primary with { Standbys = [Link(B, 0x900)], SettledAt = null }, OnlyB));
        Assert.Equal(
            new SynchronousStep.Record(OnlyB),
            SynchronousPlanner.Next(Both, primary with { Standbys = [Link(B, 0x900)] }, OnlyB));
    }

    [Fact]
    public void Record_widens_before_the_effect()
    {
        var primary = Followed with { Effective = OnlyB };

        Assert.Equal(new SynchronousStep.Record(Both), SynchronousPlanner.Next(OnlyB, primary, Both));
        Assert.Equal(new SynchronousStep.SetEffective(Both), SynchronousPlanner.Next(Both, primary, Both));
    }

    [Theory]
    [InlineData(Durability.Quorum, "nobody")]
    [InlineData(Durability.Strict, "any 1 of b, c")]
    [InlineData(Durability.Async, "nobody")]
    public void First_commit_of_a_reign_waits_as_the_spec_says_even_if_nobody_answers(Durability durability, string set)
    {
        var view = View(A, durability).Hearing(Silent(B), Silent(C));

        Assert.Equal(set, SynchronousPlanner.AtPromotion(view).ToString());
    }

    [Fact]
    public void First_commit_of_a_reign_waits_for_the_standbys_that_answer()
    {
        var view = View(A).Hearing(Says(B, Follower(0x500, null)), Says(C, Stopped()));

        Assert.Equal(OnlyB, SynchronousPlanner.AtPromotion(view));
    }

    private static MemberSpec Unpromotable(MemberSpec member) =>
        member.Name == C ? member with { Priority = 0 } : member;
}
