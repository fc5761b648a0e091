using PgMahout.Core.Cluster;
using PgMahout.Core.Replication;

namespace PgMahout.Core.Ha;

/// <summary>
/// This member holds the lease and its PostgreSQL is down. Handing over to a standby that has everything is faster
/// than crash recovery and no less safe, so recovery in place is for when there is nobody. After a clean stop there is
/// nothing to recover: unless the stop was for a switchover, it is simply started again.
/// </summary>
internal static class WithoutPrimary
{
    private const int StartsBeforeGivingUp = 2;
    private const int LooksBeforeGivingUp = 3;

    public static Decision Decide(ClusterView view, PostgresState.Stopped stopped)
    {
        // What waits for the disk dies when the disk answers; until then the lease could not be handed over.
        if (stopped.ProcessesLeft > 0 && view.Disk.IsStuck(view.Timing))
            return Decision.Of(Rule.YieldStuckDisk, Decision.Soon, new HaAction.Fence());
        if (stopped.ProcessesLeft > 0)
            return AsLeader.Keep(view, Rule.ClearOrphans, TimeSpan.Zero).Then(new HaAction.Fence());
        if (NeedsEnd(view, stopped))
            return AsLeader.Keep(view, Rule.InspectBeforeRejoin).Then(new HaAction.InspectWal());
        if (view.Request == MemberRequest.Restart)
            return Start(view, stopped, Rule.RestartPrimary).Then(new HaAction.CloseRequest(MemberRequest.Restart));
        if (stopped.Clean && !MustMove(view) && view.Failures.All(failure => failure.Kind != OperationKind.Start))
            return Start(view, stopped, Rule.RecoverInPlace);
        if (Election.Heir(view) is { } heir)
            return Decision.Of(Rule.HandOver, TimeSpan.Zero, LeaseKeeping.Release(view, heir));

        var failed = view.Failures.Count(failure => failure.Kind == OperationKind.Start);
        return failed >= StartsBeforeGivingUp && Rejoining.RecentFailure(view, OperationKind.Start)
            ? AsLeader.Keep(view, Rule.AwaitRetry)
            : Start(view, stopped, Rule.RecoverInPlace);
    }

    /// <summary>The holder has no data. Nobody can be served from here.</summary>
    public static Decision LostData(ClusterView view) =>
        Election.Heir(view) is { } heir
            ? Decision.Of(Rule.HandOverLostData, TimeSpan.Zero, LeaseKeeping.Release(view, heir))
            : AsLeader.Keep(view, Rule.HandOverLostData);

    /// <summary>
    /// A server that was a standby comes up as one, and is promoted in the next turn. Started as a primary it would go
    /// on writing under the old timeline's number, and WAL of the same name and address would exist twice.
    /// </summary>
    private static Decision Start(ClusterView view, PostgresState.Stopped stopped, Rule rule) =>
        AsLeader.Keep(view, rule).Then(stopped.WasStandby
            ? new HaAction.StartStandby(null)
            : new HaAction.StartPrimary(view.Leadership!.Epoch, FirstSet(view)));

    /// <summary>
    /// What the first commits wait for. A record of nobody says only that nobody else has everything, as after the
    /// lease was taken back: then they wait as after a promotion, or strict commits would be confirmed alone.
    /// </summary>
    private static SynchronousSet FirstSet(ClusterView view) =>
        view.Leadership!.Synchronous is { Quorum: > 0 } recorded ? recorded : SynchronousPlanner.AtPromotion(view);

    private static bool MustMove(ClusterView view) =>
        (LeaseKeeping.Store(view).Switchover is { } request && request.From == view.Self)
        || (view.Disk.IsFilling && Election.Heir(view) is { IsFilling: false });

    /// <summary>
    /// Without synchronous commit, whether a candidate has everything can only be told from where our WAL ends; and the
    /// record should say so before this server goes on.
    /// </summary>
    private static bool NeedsEnd(ClusterView view, PostgresState.Stopped stopped) =>
        stopped.End is null
        && view.Spec.Durability == Durability.Async
        && view.Failures.Count(failure => failure.Kind == OperationKind.InspectWal) < LooksBeforeGivingUp;
}
