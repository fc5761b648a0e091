using PgMahout.Core.Cluster;

namespace PgMahout.Core.Ha;

/// <summary>
/// Where a member stands towards the lease: the first question of every decision. Derived from the view, never stored.
/// </summary>
public enum Standing
{
    /// <summary>There was no leader yet.</summary>
    NeverLed,

    /// <summary>This member holds the lease and may act on it.</summary>
    Holding,

    /// <summary>The record names this member, but it cannot be sure that its time has not run out.</summary>
    Unconfirmed,

    /// <summary>Another member holds the lease, as far as this one may know.</summary>
    OtherHolds,

    /// <summary>
    /// Another member held the lease and has not renewed it for a full ttl of this member's own clock.
    /// </summary>
    Expired,

    /// <summary>The holder gave the lease up and named an heir.</summary>
    Released,
}

public static class Standings
{
    public static Standing Of(ClusterView view)
    {
        if (view.Leadership is not { } leadership)
            return Standing.NeverLed;
        if (!leadership.IsHeld)
            return Standing.Released;
        if (leadership.Holder == view.Self)
            return view.Lease.FenceAt(view.Timing) is { } fenceAt && view.Now < fenceAt
                ? Standing.Holding
                : Standing.Unconfirmed;
        return view.Now >= view.Lease.TakeableAt(view.Timing) ? Standing.Expired : Standing.OtherHolds;
    }
}
