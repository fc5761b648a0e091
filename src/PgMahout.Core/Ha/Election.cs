using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Replication;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Ha;

/// <summary>
/// Who may lead next, and for everybody else why not. Two situations: a holder that knows its PostgreSQL dead chooses
/// an heir; standbys whose holder fell silent elect one among those that have sealed themselves against it.
/// </summary>
public static class Election
{
    private static readonly ByteSize SwitchoverLag = ByteSize.Megabytes(16);
    private const string NoPriority = "its priority is 0";
    private const string NoVote = "it is not in the recorded synchronous set";
    private const string BeyondLag = "it is beyond the lag limit";

    /// <summary>
    /// The member that the holder should hand over to, its own PostgreSQL being dead or stopped. The operator's choice
    /// first, if it qualifies: without force, only when nobody has more WAL. (Scenario: any 1 of b, c; commit 7 is
    /// confirmed by b alone; the leader is asked to move to c, and dies before it has stopped cleanly.)
    /// </summary>
    public static Candidate? Heir(ClusterView view)
    {
        var heirs = Heirs(view);
        var best = Candidate.Best(heirs);
        var asked = LeaseKeeping.Store(view).Switchover;
        var chosen = asked?.From == view.Self ? heirs.FirstOrDefault(heir => heir.Name == asked.To) : null;
        return chosen is { Eligible: true } && (asked!.Force || chosen.Position >= best!.Position) ? chosen : best;
    }

    /// <summary>
    /// Every other member as an heir. All our processes are gone when this decides, so what the voters report now is
    /// final: no commit can be confirmed any more. Among a promotion quorum of them, the one with most has everything.
    /// Force excuses the member that the operator named, and nobody else.
    /// </summary>
    public static ImmutableArray<Candidate> Heirs(ClusterView view)
    {
        var others = view.Spec.Others(view.Self).Select(member => Describe(view, member)).ToImmutableArray();
        var forced = LeaseKeeping.Store(view).Switchover is { Force: true } request && request.From == view.Self
            ? request
            : null;
        var heirs = view.Spec.Durability == Durability.Async ? WithEverything(view, others) : WithQuorum(view, others);
        return forced is null
            ? heirs
            : [.. others.Zip(heirs, (other, judged) => forced.To is null || forced.To == other.Name ? other : judged)];
    }

    /// <summary>Candidates for a planned switchover from a running primary.</summary>
    public static ImmutableArray<Candidate> Successors(ClusterView view, PostgresState.Primary primary)
    {
        var recorded = view.Leadership!.Synchronous;
        return [.. view.Spec.Others(view.Self).Select(member =>
        {
            var candidate = Describe(view, member);
            var link = primary.Standbys.FirstOrDefault(standby => standby.Member == member.Name);
            candidate = Require(candidate, link is { Streaming: true }, WhyNotStreaming(view, member.Name));
            candidate = Require(candidate,
                candidate.Position is { } at && Lsn.Distance(at.Lsn, primary.Written.Lsn) <= SwitchoverLag,
                $"it is more than {SwitchoverLag} behind");
            candidate = Require(candidate,
                !candidate.IsFilling, $"its disk {view.PeerReport(member.Name)?.Disk?.Complaint(view.Timing)}");
            return Require(candidate,
                view.Spec.Durability == Durability.Async || recorded.Contains(member.Name),
                NoVote);
        })];
    }

    /// <summary>
    /// Candidates where no commit is at stake: a standby leader's, in a cluster that follows another region.
    /// </summary>
    public static ImmutableArray<Candidate> Successors(ClusterView view) =>
        [.. view.Spec.Others(view.Self).Select(member => Describe(view, member))];

    /// <summary>
    /// The sealed members, this one included, and the one that wins. With synchronous commit the winner exists only
    /// once a promotion quorum of the recorded voters has sealed; each confirmed commit is then on one of them.
    /// </summary>
    public static Tally Count(ClusterView view)
    {
        var revision = LeaseKeeping.Revision(view);
        var recorded = view.Leadership!.Synchronous;
        var all = view.Spec.Members
            .Select(member => member.Name == view.Self ? DescribeSelf(view, member) : Describe(view, member))
            .Select(candidate => Require(
                candidate, IsSealed(view, candidate.Name, revision), "it has not sealed itself against the old leader"))
            .ToImmutableArray();
        return view.Spec.Durability == Durability.Async
            ? new Tally([.. all.Select(candidate => Require(candidate, WithinLag(view, candidate), BeyondLag))], 1)
            : new Tally([.. all.Select(candidate => RequireVote(candidate, recorded))], recorded.PromotionQuorum);
    }

    /// <summary>Whether this member could win at all, were everybody to answer; the reason if not.</summary>
    public static string? WhyNotEligible(ClusterView view)
    {
        if (view.Spec.Find(view.Self) is not { Promotable: true })
            return NoPriority;
        if (view.Spec.Durability == Durability.Async)
            return null;
        var recorded = view.Leadership!.Synchronous;
        return recorded.Contains(view.Self)
            ? null
            : $"the recorded synchronous set is {recorded}: it may lack confirmed commits";
    }

    /// <summary>What keeps a member from confirming the leader's commits, as a clause for people.</summary>
    internal static string WhyNotStreaming(ClusterView view, MemberName name) =>
        UpstreamChoice.HeadFor(view.Spec, view.Leadership, name) is { } head
            ? $"it streams from {head}, the head of its site"
            : "it is not streaming from the leader";

    private static Candidate Describe(ClusterView view, MemberSpec member)
    {
        if (!member.Promotable)
            return new Candidate(member.Name, null, 0, NoPriority);
        if (view.PeerReading(member.Name) is not Reading<MemberReport>.Fresh { Value: var report } reading)
            return new Candidate(member.Name, null, member.Priority, "it does not answer");
        if (reading.At < view.PostgresAt)
            return new Candidate(member.Name, null, member.Priority, "its last answer is too old");
        return report.Postgres is PostgresState.Standby standby
            ? new Candidate(member.Name, standby.Received, member.Priority, null)
            {
                IsFilling = report.Disk is { IsFilling: true },
            }
            : new Candidate(member.Name, null, member.Priority, "its PostgreSQL is not a running standby");
    }

    private static Candidate DescribeSelf(ClusterView view, MemberSpec member) =>
        view.Postgres is PostgresState.Standby standby
            ? new Candidate(member.Name, standby.Received, member.Priority, member.Promotable ? null : NoPriority)
            {
                IsFilling = view.Disk.IsFilling,
            }
            : new Candidate(member.Name, null, member.Priority, "its PostgreSQL is not a running standby");

    private static Candidate Require(Candidate candidate, bool holds, string otherwise) =>
        candidate.Eligible && !holds ? candidate with { Disqualified = otherwise } : candidate;

    private static Candidate RequireVote(Candidate candidate, SynchronousSet recorded) =>
        Require(candidate, recorded.Contains(candidate.Name), NoVote);

    private static ImmutableArray<Candidate> WithQuorum(ClusterView view, ImmutableArray<Candidate> others)
    {
        var recorded = view.Leadership!.Synchronous;
        var voters = others
            .Select(candidate => RequireVote(candidate, recorded))
            .ToImmutableArray();
        var heard = voters.Count(voter => voter.Eligible);
        return [.. voters.Select(voter => Require(voter, heard >= recorded.PromotionQuorum,
            $"only {heard} of the {recorded.PromotionQuorum} voters that must be heard answer"))];
    }

    /// <summary>
    /// A holder that lost its data can compare with nothing of its own; the lag limit decides, as if its host had died.
    /// </summary>
    private static ImmutableArray<Candidate> WithEverything(ClusterView view, ImmutableArray<Candidate> others) =>
        [.. others.Select(candidate => view.Postgres is PostgresState.Uninitialized
            ? Require(candidate, WithinLag(view, candidate), BeyondLag)
            : Require(candidate, HasAllOf(view, candidate), "it lacks WAL that this member has"))];

    private static bool HasAllOf(ClusterView view, Candidate candidate) =>
        view.Postgres is PostgresState.Stopped { End: { } end } && candidate.Position >= end;

    /// <summary>
    /// Compared with all that is known of the newest history: what the holder wrote into the record with each renewal,
    /// or told with its plea for a promise, so never older than its lease; and what the members that answer have. What
    /// is on an older timeline was given up when the newer one began.
    /// </summary>
    private static bool WithinLag(ClusterView view, Candidate candidate)
    {
        var record = view.Leadership!;
        return view.Peers.Select(peer => PositionOf(view, peer.Name))
            .Append(record.Written)
            .Append(view.LeaderWritten)
            .All(end => end is not { } known
                || known.Timeline < record.Written?.Timeline
                || (candidate.Position is { } own
                    && Lsn.Distance(Shared(record, own, known), known.Lsn) <= view.Spec.MaximumLag));
    }

    /// <summary>
    /// How much <paramref name="own"/> has of what leads to <paramref name="end"/>: less than its address says, if it
    /// went on writing when the others were promoted. (Scenario: c stops at 1:900; b was promoted at 1:500 and has
    /// reached 2:1000; c lacks 500 bytes of that and not 100.) Where the histories part may not be in the record yet;
    /// then nothing of it is known to be shared. (Scenario: b is promoted, the store is gone before b could write so,
    /// and b leads on promises: c heard of 2:1000, and the record has only timeline 1.)
    /// </summary>
    private static Lsn Shared(Leadership record, WalPosition own, WalPosition end) =>
        own.Timeline >= end.Timeline ? own.Lsn
        : record.History is { } history && history.Current == end.Timeline ? history.SharedWith(own)
        : Lsn.Zero;

    private static WalPosition? PositionOf(ClusterView view, MemberName name) =>
        view.PeerReport(name)?.Postgres is PostgresState.Standby standby ? standby.Received : null;

    private static bool IsSealed(ClusterView view, MemberName name, Revision revision) =>
        (name == view.Self ? view.Sealed : view.PeerReport(name)?.Sealed) == revision;
}

/// <summary>The state of an election as one member sees it.</summary>
/// <param name="Needed">How many eligible candidates must be known before one may win.</param>
public sealed record Tally(ImmutableArray<Candidate> Candidates, int Needed)
{
    public int Heard => Candidates.Count(candidate => candidate.Eligible);

    public Candidate? Winner => Heard >= Needed ? Candidate.Best(Candidates) : null;
}
