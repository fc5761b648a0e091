using PgMahout.Core.Cluster;

namespace PgMahout.Core.Ha;

/// <summary>
/// Before the first leader. One member alone, the first of the spec, may begin: two that initialised a cluster each
/// would have two clusters.
/// </summary>
internal static class Bootstrapping
{
    public static Decision Decide(ClusterView view)
    {
        var mayBegin = view.Spec.Members[0].Name == view.Self
            && view.Postgres is PostgresState.Uninitialized
            && LeaseKeeping.Store(view) is { Pause: null } store
            && (store.SystemIdentifier is null || store.Region is { Follows: true });
        return mayBegin
            ? Decision.Of(Rule.ClaimBootstrap, TimeSpan.Zero, LeaseKeeping.Acquire(view))
            : Decision.Of(Rule.AwaitBootstrap, view.Timing.RenewEvery);
    }

    /// <summary>
    /// The holder of the lease of a cluster that has no identity yet. Repeatable from wherever an earlier try ended.
    /// </summary>
    public static Decision Begin(ClusterView view)
    {
        if (view.Postgres is PostgresState.Stopped { ProcessesLeft: > 0 })
            return AsLeader.Keep(view, Rule.ClearOrphans, TimeSpan.Zero).Then(new HaAction.Fence());
        return Rejoining.RecentFailure(view, OperationKind.Bootstrap)
            ? AsLeader.Keep(view, Rule.AwaitRetry)
            : AsLeader.Keep(view, Rule.BootstrapCluster).Then(new HaAction.Bootstrap(view.Leadership!.Epoch));
    }
}
