using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Tests.Cluster;
using Xunit;
using static PgMahout.Tests.Cluster.Example;

namespace PgMahout.Tests.Ha;

public sealed class ElectionTests
{
    private static readonly ClusterView Crashed = View(A) with { Postgres = Stopped(end: At(0x500)) };
    private static readonly ClusterView Leading =
        View(A) with { Postgres = Leader(0x900, Link(B, 0x900), Link(C, 0x900)) };

    private static readonly ClusterView Voting = View(B) with { Sealed = Current, Postgres = Follower(0x500, null) };

    [Fact]
    public void Heir_is_the_one_with_most_WAL_among_a_quorum_of_voters()
    {
        var view = Crashed.Hearing(Says(B, Follower(0x4F0, A)), Says(C, Follower(0x500, A)));

        Assert.Equal(new Candidate(C, At(0x500), 100, null), Election.Heir(view));
    }

    [Theory]
    [InlineData("b: it does not answer")]
    [InlineData("c: only 1 of the 2 voters that must be heard answer")]
    public void There_is_no_heir_without_a_quorum_of_voters(string reason)
    {
        var view = Crashed.Hearing(Silent(B), Says(C, Follower(0x500, A)));

        Assert.Null(Election.Heir(view));
        Assert.Contains(reason, Reasons(Election.Heirs(view)));
    }

    [Fact]
    public void Word_from_before_our_own_PostgreSQL_was_seen_dead_does_not_count()
    {
        var early = new Reading<MemberReport>.Fresh(
            new MemberReport(B, Follower(0x500, A), null, Current, null), Crashed.PostgresAt - Seconds(0.001));
        var view = Crashed.Hearing(new Peer(B, early), Says(C, Follower(0x500, A)));

        Assert.Contains("b: its last answer is too old", Reasons(Election.Heirs(view)));
    }

    [Fact]
    public void Member_is_no_heir_unless_it_is_a_promotable_running_standby_of_the_recorded_set()
    {
        var view = Crashed.Hearing(Says(B, Stopped(wasStandby: true)), Says(C, Follower(0x500, A)));
        var onlyB = view.WithStore(store => store with { Leadership = HeldBy(A, AnyOneOf(B)) });

        Assert.Contains("b: its PostgreSQL is not a running standby", Reasons(Election.Heirs(view)));
        Assert.Contains("c: it is not in the recorded synchronous set", Reasons(Election.Heirs(onlyB)));
        Assert.Contains("b: its priority is 0", Reasons(Election.Heirs(view with { Spec = Never(view, B) })));
    }

    [Fact]
    public void Asynchronous_heir_has_everything_that_this_member_has()
    {
        var view = Crashed with { Spec = Spec(Durability.Async, A, B, C) };
        var heard = view.Hearing(Says(B, Follower(0x4FF, A)), Says(C, Follower(0x500, A)));

        Assert.Equal(C, Election.Heir(heard)!.Name);
        Assert.Equal(["b: it lacks WAL that this member has"], Reasons(Election.Heirs(heard)));
        Assert.Null(Election.Heir(heard with { Postgres = Stopped() }));
    }

    [Fact]
    public void Asynchronous_holder_that_lost_its_data_hands_over_within_the_lag_limit()
    {
        var view = View(A, Durability.Async) with { Postgres = new PostgresState.Uninitialized() };
        var heard = view.Hearing(Says(B, Follower(0x4FF, A)), Says(C, Follower(0x500, A)));

        Assert.Equal(C, Election.Heir(heard)!.Name);
        Assert.Null(Election.Heir(heard with { LeaderWritten = At(1 << 30) }));
    }

    [Fact]
    public void Asked_for_heir_is_taken_when_nobody_has_more()
    {
        var view = Crashed.Hearing(Says(B, Follower(0x500, A)), Says(C, Follower(0x500, A)));
        var behind = Crashed.Hearing(Says(B, Follower(0x500, A)), Says(C, Follower(0x4FF, A)));

        Assert.Equal(B, Election.Heir(view)!.Name);
        Assert.Equal(C, Election.Heir(Asked(view, C))!.Name);
        Assert.Equal(B, Election.Heir(Asked(behind, C))!.Name);
        Assert.Equal(C, Election.Heir(Asked(behind, C, force: true))!.Name);
    }

    [Fact]
    public void Force_excuses_the_named_member_and_nobody_else()
    {
        var view = Crashed.Hearing(Silent(B), Says(C, Follower(0x100, A)));

        Assert.Null(Election.Heir(Asked(view, B, force: true)));
        Assert.Equal(C, Election.Heir(Asked(view, C, force: true))!.Name);
        Assert.Equal(C, Election.Heir(Asked(view, null, force: true))!.Name);
    }

    [Theory]
    [InlineData(false, 0x900UL, "c: it is not streaming from the leader")]
    [InlineData(true, 0x900UL, "c: it is more than 16.0 MB behind")]
    public void Successor_streams_and_is_nearly_level(bool streaming, ulong received, string reason)
    {
        var far = Leader(0x900 + (17 << 20), Link(B, 0x900), Link(C, 0x900, streaming));

        var successors = Election.Successors(Leading.Hearing(Says(C, Follower(received, A))), far);

        Assert.Contains(reason, Reasons(successors));
    }

    [Fact]
    public void Successor_is_a_voter()
    {
        var view = Leading.Hearing(Says(B, Follower(0x900, A)), Says(C, Follower(0x900, A)))
            .WithStore(store => store with { Leadership = HeldBy(A, AnyOneOf(B)) });

        var successors = Election.Successors(view, (PostgresState.Primary)view.Postgres);

        Assert.Equal(["c: it is not in the recorded synchronous set"], Reasons(successors));
        Assert.Equal(B, Candidate.Best(successors)!.Name);
    }

    [Fact]
    public void Elected_is_the_sealed_voter_with_most_WAL_once_a_quorum_has_sealed()
    {
        var view = Voting.WithStore(store => store with { Leadership = HeldBy(A, AnyOneOf(B, C)) });

        var sealing = Election.Count(view.Hearing(Says(C, Follower(0x600, null), Current)));
        var hesitant = Election.Count(view.Hearing(Says(C, Follower(0x600, A), new Revision(6))));

        Assert.Equal((2, C), (sealing.Needed, sealing.Winner!.Name));
        Assert.Null(hesitant.Winner);
        Assert.Contains("c: it has not sealed itself against the old leader", Reasons(hesitant.Candidates));
        Assert.Contains("a: it does not answer", Reasons(hesitant.Candidates));
    }

    [Fact]
    public void Asynchronous_candidate_beyond_the_lag_limit_is_not_elected()
    {
        var view = Voting with { Spec = Spec(Durability.Async, A, B, C), LeaderWritten = At(0x500 + (16 << 20)) };

        Assert.Equal(B, Election.Count(view).Winner!.Name);
        Assert.Contains(
            "b: it is beyond the lag limit",
            Reasons(Election.Count(view with { LeaderWritten = At(0x501 + (16 << 20)) }).Candidates));
    }

    [Theory]
    [InlineData(0x900, 100, true)]
    [InlineData(0x500, 0x500, true)]
    [InlineData(0x500, 0x501, false)]
    public void Asynchronous_candidate_that_missed_a_promotion_is_measured_from_where_the_histories_part(
        ulong received, ulong sinceThen, bool elected)
    {
        var view = Voting with
        {
            Spec = Spec(Durability.Async, A, B, C) with { MaximumLag = new ByteSize(0x500) },
            Postgres = Follower(received, null),
        };
        var ahead = view.WithStore(store => store with
        {
            Leadership = store.Leadership! with { Written = At(0x500 + sinceThen, 2), History = Second },
        });

        Assert.Equal(elected ? B : null, Election.Count(ahead).Winner?.Name);
    }

    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(1, 2, false)]
    [InlineData(2, 2, true)]
    public void Asynchronous_candidate_that_missed_a_promotion_which_the_record_does_not_know_yet_is_not_elected(
        uint own, uint leader, bool elected)
    {
        var view = Voting with
        {
            Spec = Spec(Durability.Async, A, B, C) with { MaximumLag = new ByteSize(0x500) },
            Postgres = Follower(0x900, null, timeline: own),
            LeaderWritten = At(0xA00, leader),
        };
        var before = view.WithStore(store => store with
        {
            Leadership = store.Leadership! with { Written = At(0x800), History = TimelineHistory.Initial },
        });

        Assert.Equal(elected ? B : null, Election.Count(before).Winner?.Name);
    }

    [Fact]
    public void Asynchronous_candidate_is_not_measured_by_a_history_that_was_given_up()
    {
        var view = Voting with
        {
            Spec = Spec(Durability.Async, A, B, C),
            Postgres = Follower(0x600, null, timeline: 2),
            LeaderWritten = At(1UL << 40),
        };
        var forced = view.WithStore(store => store with
        {
            Leadership = store.Leadership! with { Written = At(0x600, 2), History = Second },
        });

        Assert.Equal(B, Election.Count(forced).Winner?.Name);
    }

    [Theory]
    [InlineData(Durability.Quorum, "the recorded synchronous set is any 1 of c: it may lack confirmed commits")]
    [InlineData(Durability.Strict, "the recorded synchronous set is any 1 of c: it may lack confirmed commits")]
    [InlineData(Durability.Async, null)]
    public void Member_outside_the_recorded_set_knows_why_it_cannot_win(Durability durability, string? reason)
    {
        var view = View(B, durability).WithStore(store => store with { Leadership = HeldBy(A, AnyOneOf(C)) });

        Assert.Equal(reason, Election.WhyNotEligible(view));
        Assert.Equal("its priority is 0", Election.WhyNotEligible(view with { Spec = Never(view, B) }));
        Assert.Null(Election.WhyNotEligible(View(B, durability)));
    }

    private static IEnumerable<string> Reasons(IEnumerable<Candidate> candidates) => candidates
        .Where(candidate => !candidate.Eligible)
        .Select(candidate => $"{candidate.Name}: {candidate.Disqualified}");

    private static ClusterView Asked(ClusterView view, MemberName? to, bool force = false) => view.WithStore(
        store => store with { Switchover = new SwitchoverRequest("s1", A, to, force, "ann", null) });

    private static ClusterSpec Never(ClusterView view, MemberName promoted) => view.Spec with
    {
        Members = [.. view.Spec.Members.Select(member =>
            member.Name == promoted ? member with { Priority = 0 } : member)],
    };
}
