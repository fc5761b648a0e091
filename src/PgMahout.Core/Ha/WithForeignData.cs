using PgMahout.Core.Cluster;

namespace PgMahout.Core.Ha;

/// <summary>
/// The data directory belongs to something else. It is left alone; a lease held without data is handed over.
/// </summary>
internal static class WithForeignData
{
    public static Decision Decide(ClusterView view) =>
        Standings.Of(view) == Standing.Holding && Election.Heir(view) is { } heir
            ? Decision.Of(Rule.HandOverLostData, TimeSpan.Zero, LeaseKeeping.Release(view, heir))
            : Decision.Of(Rule.LeaveForeignData, view.Timing.RenewEvery);
}
