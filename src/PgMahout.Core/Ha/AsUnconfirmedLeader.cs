using PgMahout.Core.Cluster;

namespace PgMahout.Core.Ha;

/// <summary>
/// The record names this member, but its time may have run out: its renewals failed, or its agent was restarted and
/// remembers nothing. In the first case PostgreSQL is fenced before anything else; in the second it is left alone (its
/// guard still knows the deadline). Then the lease is confirmed by writing it: if nobody took it, it is ours still.
/// </summary>
internal static class AsUnconfirmedLeader
{
    public static Decision Decide(ClusterView view)
    {
        var ranOut = view.Lease.FenceAt(view.Timing) is not null;
        if (ranOut && WithoutStore.MayServe(view))
            return Decision.Of(Rule.FenceUnconfirmed, TimeSpan.Zero, new HaAction.Fence());
        if (view.Disk.IsStuck(view.Timing))
            return Decision.Of(Rule.YieldStuckDisk, view.Timing.RenewEvery);

        var rule = ranOut ? Rule.ReclaimLease : Rule.ConfirmLease;
        return Decision.Of(
            rule, Decision.Soon, new HaAction.RenewLease(LeaseKeeping.Revision(view), LeaseKeeping.Present(view)));
    }
}
