using PgMahout.Core.Cluster;

namespace PgMahout.Core.Ha;

/// <summary>
/// The data directory belongs to something else. It is left alone; a lease held without data is handed over, or left
/// to run out: nobody can be served from here.
/// </summary>
internal static class WithForeignData
{
    public static Decision Decide(ClusterView view) =>
        Standings.Of(view) == Standing.Holding
        && LeaseKeeping.Store(view).Pause is null
        && view.Postgres is PostgresState.Foreign or PostgresState.Stopped { ProcessesLeft: 0 }
        && Election.Heir(view) is { } heir
            ? Decision.Of(Rule.HandOverLostData, Decision.Soon, LeaseKeeping.Release(view, heir))
            : Decision.Of(Rule.LeaveForeignData, view.Timing.RenewEvery);
}
