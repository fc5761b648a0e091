using PgMahout.Core.Cluster;

namespace PgMahout.Core.Ha;

/// <summary>
/// What a member does, as a function of what it sees. Total: every view has a decision. Each standing is decided in
/// a file of its own beside this one.
/// </summary>
public static class HaPolicy
{
    public static Decision Decide(ClusterView given)
    {
        var view = FollowingView.Of(given);
        if (!view.Store.TryGet(out var store))
            return WithoutStore.Decide(view);
        if (IsForeign(view, store))
            return WithForeignData.Decide(view);

        return Standings.Of(view) switch
        {
            Standing.NeverLed => Bootstrapping.Decide(view),
            Standing.Holding => AsLeader.Decide(view),
            Standing.Unconfirmed => AsUnconfirmedLeader.Decide(view),
            Standing.OtherHolds => FollowingView.Redirected(view, AsStandby.Decide(view)),
            Standing.Expired => InElection.Decide(view),
            Standing.Released => InSuccession.Decide(view),
        };
    }

    /// <summary>
    /// A data directory of another cluster is somebody's data: it is neither fenced, nor started, nor replaced.
    /// </summary>
    private static bool IsForeign(ClusterView view, StoreContent store) => view.Postgres switch
    {
        PostgresState.Foreign => true,
        PostgresState.Stopped stopped => IsOther(stopped.SystemIdentifier, store),
        PostgresState.Standby standby => IsOther(standby.SystemIdentifier, store),
        PostgresState.Primary primary => IsOther(primary.SystemIdentifier, store),
        PostgresState.Uninitialized or PostgresState.Starting or PostgresState.Unresponsive => false,
        _ => throw new InvalidOperationException($"unknown state {view.Postgres.GetType().Name}"),
    };

    private static bool IsOther(ulong identifier, StoreContent store) =>
        store.SystemIdentifier is { } known && known != identifier;
}
