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
            && LeaseKeeping.Store(view) is { SystemIdentifier: null, Pause: null };
        return mayBegin
            ? Decision.Of(Rule.ClaimBootstrap, TimeSpan.Zero, LeaseKeeping.Acquire(view))
            : Decision.Of(Rule.AwaitBootstrap, view.Timing.RenewEvery);
    }

    /// <summary>
    /// The holder of the lease of a cluster that has no identity yet. Repeatable from wherever an earlier try ended.
    /// </summary>
    public static Decision Begin(ClusterView view) =>
        Rejoining.RecentFailure(view, OperationKind.Bootstrap)
            ? Decision.Of(Rule.AwaitRetry, view.Timing.RenewEvery).Then([.. LeaseKeeping.Renew(view)])
            : Decision.Of(Rule.BootstrapCluster, view.Timing.RenewEvery)
                .Then([.. LeaseKeeping.Renew(view), new HaAction.Bootstrap(view.Leadership!.Epoch)]);
}
