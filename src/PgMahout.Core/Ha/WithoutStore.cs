using PgMahout.Core.Cluster;

namespace PgMahout.Core.Ha;

/// <summary>
/// The store is out of reach. A standby carries on. A leader leads only as long as every promotable member, asked
/// directly, promises not to take over; if one of them is silent it may be taking over right now.
/// </summary>
internal static class WithoutStore
{
    public static Decision Decide(ClusterView view)
    {
        var timing = view.Timing;
        if (view.Lease.FenceAt(timing) is not { } fenceAt)
            return Decision.Of(Rule.FollowWithoutStore, timing.RenewEvery);
        if (view.Now >= fenceAt)
            return MayServe(view)
                ? Decision.Of(Rule.FenceUnconfirmed, timing.RenewEvery, new HaAction.Fence())
                : Decision.Of(Rule.AwaitStore, timing.RenewEvery);
        if (BesideRegion.IsSuperseded(view) && MayServe(view))
            return Decision.Of(Rule.AdoptRegion, timing.RenewEvery, new HaAction.Fence());
        if (view.Postgres is not PostgresState.Primary primary)
            return Decision.Of(Rule.AwaitStore, timing.RenewEvery);
        return view.Now - view.Lease.HeldFrom!.Value >= timing.RenewEvery * 0.9
            ? Decision.Of(Rule.LeadOnPromises, timing.RenewEvery / 2, new HaAction.AskForPromises(
                view.Spec.Durability == Durability.Async ? primary.Written : null))
            : Decision.Of(Rule.LeadOnPromises, timing.RenewEvery / 2);
    }

    /// <summary>Whether something runs that could confirm a commit, or is about to.</summary>
    internal static bool MayServe(ClusterView view) => view.Postgres switch
    {
        PostgresState.Primary or PostgresState.Starting or PostgresState.Unresponsive => true,
        PostgresState.Stopped stopped => stopped.ProcessesLeft > 0,
        PostgresState.Standby => view.Operation?.Kind == OperationKind.Promote,
        PostgresState.Uninitialized or PostgresState.Foreign => false,
        _ => throw new InvalidOperationException($"unknown state {view.Postgres.GetType().Name}"),
    };
}
