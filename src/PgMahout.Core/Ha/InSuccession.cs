using PgMahout.Core.Cluster;

namespace PgMahout.Core.Ha;

/// <summary>
/// The holder gave the lease up, with nothing of its PostgreSQL left, and named an heir. The heir takes it at once; the
/// others turn to the heir before it is even promoted, so that its first commit finds them connected. If the heir does
/// not come, an election follows, and in the end the old holder takes its own back.
/// </summary>
internal static class InSuccession
{
    public static Decision Decide(ClusterView view)
    {
        var leadership = view.Leadership!;
        var handover = leadership.Released!;
        if (AsStandby.IsStalePrimary(view))
            return Decision.Of(Rule.FenceStalePrimary, TimeSpan.Zero, new HaAction.Fence());
        if (AsStandby.Standstill(view) is { } still)
            return still;
        if (handover.Heir == view.Self && view.Postgres is PostgresState.Standby standby && HasAll(standby, handover))
            return Decision.Of(Rule.TakeAsHeir, TimeSpan.Zero, LeaseKeeping.Acquire(view));
        if (leadership.Holder == view.Self)
            return AsFormerHolder(view);
        if (view.Now < view.Lease.SeenAt + view.Timing.HeirPatience)
            return AwaitHeir(view, handover);
        return InElection.Decide(view);
    }

    /// <summary>The heir was chosen for what it had then; it must still have it.</summary>
    private static bool HasAll(PostgresState.Standby standby, Handover handover) =>
        handover.At is not { } at || standby.Received >= at;

    private static Decision AwaitHeir(ClusterView view, Handover handover) =>
        handover.Heir != view.Self
        && view.Postgres is PostgresState.Standby standby
        && standby.Upstream != handover.Heir
        && !MayBeSealed(view, standby)
            ? Decision.Of(Rule.PointAtLeader, Decision.Soon, new HaAction.Follow(handover.Heir))
            : Decision.Of(Rule.AwaitHeir, Decision.Soon);

    /// <summary>An earlier run of its agent may have promised, in an election, that it receives nothing.</summary>
    internal static bool MayBeSealed(ClusterView view, PostgresState.Standby standby) =>
        standby.Upstream is null && !view.Lease.Moved;

    /// <summary>
    /// It has everything, but the others could be quicker; it waits for heir and election to have had their chance.
    /// </summary>
    private static Decision AsFormerHolder(ClusterView view)
    {
        var myTurn = view.Lease.SeenAt + view.Timing.HeirPatience * 3;
        return view.Now >= myTurn && view.Postgres is PostgresState.Stopped
            ? Decision.Of(Rule.ReclaimLease, TimeSpan.Zero, LeaseKeeping.Acquire(view))
            : Decision.Of(Rule.AwaitHeir, view.Timing.RenewEvery / 2);
    }
}
