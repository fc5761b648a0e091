using PgMahout.Core.Cluster;

namespace PgMahout.Core.Ha;

/// <summary>
/// The lease has not been renewed for a full ttl. The holder may be dead, or frozen and about to thaw, so each member
/// first stops receiving from it (seals itself) and only then counts: what a sealed member reports is final.
/// </summary>
internal static class InElection
{
    public static Decision Decide(ClusterView view)
    {
        if (AsStandby.IsStalePrimary(view))
            return Decision.Of(Rule.FenceStalePrimary, TimeSpan.Zero, new HaAction.Fence());
        if (AsStandby.Standstill(view) is { } still)
            return still;
        if (view.PromisedUntil > view.Now && view.Leadership is { IsHeld: true })
            return Decision.Of(Rule.HonourPromise, view.PromisedUntil.Value - view.Now);

        return view.Postgres switch
        {
            PostgresState.Standby => AsCandidate(view),
            PostgresState.Stopped stopped => Prepare(view, stopped),
            PostgresState.Starting => Decision.Of(Rule.AwaitReadiness, Decision.Soon),
            PostgresState.Unresponsive silent => AsStandby.WhileSilent(view, silent),
            PostgresState.Uninitialized => Decision.Of(Rule.NotEligible, view.Timing.RenewEvery),
            PostgresState.Foreign => Decision.Of(Rule.LeaveForeignData, view.Timing.RenewEvery),
            PostgresState.Primary => throw new InvalidOperationException("a stale primary was not fenced"),
            _ => throw new InvalidOperationException($"unknown state {view.Postgres.GetType().Name}"),
        };
    }

    private static Decision AsCandidate(ClusterView view)
    {
        var store = LeaseKeeping.Store(view);
        if (view.Sealed != store.Revision)
            return Decision.Of(Rule.SealForElection, TimeSpan.Zero, new HaAction.Seal(store.Revision));
        if (store.Switchover is { Force: true } request
            && request.To == view.Self
            && request.From == view.Leadership!.Holder)
            return Decision.Of(Rule.TakeByForce, TimeSpan.Zero, LeaseKeeping.Acquire(view));
        if (Election.WhyNotEligible(view) is not null)
            return Decision.Of(Rule.NotEligible, view.Timing.RenewEvery / 2);

        var tally = Election.Count(view);
        if (tally.Winner is not { } winner || MustWaitForOthers(view, tally))
            return Decision.Of(Rule.AwaitVotes, Decision.Soon);
        return winner.Name == view.Self || MayStandIn(view, tally, winner)
            ? Decision.Of(Rule.ClaimLease, TimeSpan.Zero, LeaseKeeping.Acquire(view))
            : Decision.Of(Rule.YieldToBetter, Decision.Soon);
    }

    /// <summary>
    /// Without synchronous commit nothing tells how many must be heard, so everybody that answers gets a moment to
    /// seal itself: it may have more WAL than this member.
    /// </summary>
    private static bool MustWaitForOthers(ClusterView view, Tally tally) =>
        view.Spec.Durability == Durability.Async
        && !PatienceIsOver(view)
        && tally.Candidates.Any(candidate => !candidate.Eligible && candidate.Position is not null);

    /// <summary>
    /// The winner hears us, or does not; after a while an equal takes its place. One with less WAL never does.
    /// </summary>
    private static bool MayStandIn(ClusterView view, Tally tally, Candidate winner) =>
        PatienceIsOver(view)
        && tally.Candidates.Any(candidate =>
            candidate.Name == view.Self && candidate.Eligible && candidate.Position == winner.Position);

    private static bool PatienceIsOver(ClusterView view) =>
        view.Now >= view.Lease.TakeableAt(view.Timing) + view.Timing.HeirPatience;

    /// <summary>
    /// After a power cut everybody is down: standbys come up, following nobody, so that they can be counted.
    /// </summary>
    private static Decision Prepare(ClusterView view, PostgresState.Stopped stopped)
    {
        if (stopped.ProcessesLeft > 0)
            return Decision.Of(Rule.ClearOrphans, TimeSpan.Zero, new HaAction.Fence());
        return stopped.WasStandby && !Rejoining.RecentFailure(view, OperationKind.Start)
            ? Decision.Of(Rule.StartForElection, view.Timing.RenewEvery, new HaAction.StartStandby(null))
            : Decision.Of(Rule.NotEligible, view.Timing.RenewEvery);
    }
}
