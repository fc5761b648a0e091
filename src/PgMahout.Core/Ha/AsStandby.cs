using PgMahout.Core.Cluster;
using PgMahout.Core.Replication;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Ha;

/// <summary>Another member holds the lease. This one follows it, or gets back to where it can.</summary>
internal static class AsStandby
{
    public static Decision Decide(ClusterView view)
    {
        var holder = view.Leadership!.Holder;
        if (IsStalePrimary(view))
            return Decision.Of(Rule.FenceStalePrimary, TimeSpan.Zero, new HaAction.Fence());
        if (Standstill(view) is { } still)
            return still;

        return view.Postgres switch
        {
            PostgresState.Standby standby => Following(view, standby, holder),
            PostgresState.Stopped stopped => Rejoining.Decide(view, stopped, holder),
            PostgresState.Uninitialized => Rejoining.FromNothing(view, holder),
            PostgresState.Starting => Decision.Of(Rule.AwaitStart, Wake(view, Decision.Soon * 4)),
            PostgresState.Unresponsive silent => WhileSilent(view, silent),
            PostgresState.Primary => throw new InvalidOperationException("a stale primary was not fenced"),
            PostgresState.Foreign => Decision.Of(Rule.LeaveForeignData, view.Timing.RenewEvery),
            _ => throw new InvalidOperationException($"unknown state {view.Postgres.GetType().Name}"),
        };
    }

    /// <summary>
    /// A server that runs as primary, or is on its way to, or has left processes of which one can still confirm a
    /// commit, without the lease. Not even a pause excuses it. What pg_rewind has of a server does the crash recovery
    /// that comes before a rewind, takes no client, and may take long.
    /// </summary>
    internal static bool IsStalePrimary(ClusterView view) =>
        view.Postgres is PostgresState.Primary or PostgresState.Unresponsive { WasPrimary: true }
        || (view.Postgres is PostgresState.Stopped { WasStandby: false, ProcessesLeft: > 0 }
            && view.Operation?.Kind is not OperationKind.Rewind)
        || view.Operation?.Kind is OperationKind.Promote;

    /// <summary>
    /// Reasons to do nothing that come before every other, for any member that does not hold the lease.
    /// </summary>
    internal static Decision? Standstill(ClusterView view)
    {
        if (view.Operation is not null)
            return Decision.Of(Rule.AwaitOperation, Wake(view, view.Timing.RenewEvery));
        if (view.Request == MemberRequest.Shutdown)
            return view.Postgres is PostgresState.Standby or PostgresState.Starting or PostgresState.Unresponsive
                ? Decision.Of(Rule.ShutDownMember, view.Timing.RenewEvery, new HaAction.Stop(StopMode.Fast))
                : Decision.Of(Rule.ShutDownMember, view.Timing.RenewEvery);
        return LeaseKeeping.Store(view).Pause is not null
            ? Decision.Of(Rule.HoldStillWhilePaused, view.Timing.RenewEvery)
            : null;
    }

    /// <summary>No later than the moment when the lease could be taken: an election should not begin late.</summary>
    internal static TimeSpan Wake(ClusterView view, TimeSpan within)
    {
        var left = view.Lease.TakeableAt(view.Timing) - view.Now;
        return left > TimeSpan.Zero && left < within ? left : within;
    }

    private static Decision Following(ClusterView view, PostgresState.Standby standby, MemberName holder)
    {
        var leader = view.PeerReport(holder)?.Postgres as PostgresState.Primary;
        if (leader is not null && !leader.History.Contains(standby.Received))
            return Decision.Of(Rule.StopDiverged, Decision.Soon, new HaAction.Stop(StopMode.Fast));
        if (view.Request is { } request)
            return OnRequest(view, request, holder, leader);
        if (InSuccession.MayBeSealed(view, standby))
            return Decision.Of(Rule.AwaitRenewal, Wake(view, Decision.Soon * 4));
        var upstream = UpstreamChoice.Of(view, standby);
        if (standby.Upstream != upstream)
            return Decision.Of(
                upstream == holder ? Rule.PointAtLeader : Rule.PointAtHead,
                Decision.Soon,
                new HaAction.Follow(upstream));
        if (upstream != holder)
            return Keep(view, standby, Rule.FollowHead);
        if (leader is not null && IsStuck(view, standby))
            return Unstick(view, standby, leader, holder);

        if (!standby.Streaming && view.Now - standby.StreamedAt < view.Timing.Ttl)
            return Reconnect(leader, holder);
        return Keep(view, standby, Rule.FollowLeader);
    }

    /// <summary>
    /// It follows whom it should. A head that sends nothing is looked at again soon: it may have to be left.
    /// </summary>
    private static Decision Keep(ClusterView view, PostgresState.Standby standby, Rule rule)
    {
        var again = rule == Rule.FollowHead && !standby.Streaming ? Decision.Soon * 4 : view.Timing.RenewEvery;
        var follow = Decision.Of(rule, Wake(view, again));
        var prepared = SynchronousPlanner.Prepared(view);
        if (standby.Configured != prepared)
            return follow.Then(new HaAction.SetSynchronous(prepared));
        var leader = view.PeerReport(view.Leadership!.Holder)?.Postgres as PostgresState.Primary;
        return follow.Then([.. SlotPlan.OnStandby(view, standby, leader)]);
    }

    private static Decision OnRequest(
        ClusterView view, MemberRequest request, MemberName holder, PostgresState.Primary? leader)
    {
        var close = new HaAction.CloseRequest(request);
        return request switch
        {
            MemberRequest.Reinitialize => leader is null
                ? Decision.Of(Rule.AwaitPrimary, view.Timing.RenewEvery)
                : Decision.Of(Rule.CloneLeader, view.Timing.RenewEvery, close, new HaAction.CloneFrom(holder)),
            MemberRequest.Restart or MemberRequest.Rejoin =>
                Decision.Of(Rule.RestartStandby, Decision.Soon, close, new HaAction.Stop(StopMode.Fast)),
            MemberRequest.Shutdown =>
                throw new InvalidOperationException("a shutdown is decided before everything else"),
        };
    }

    /// <summary>
    /// It streamed a moment ago: a new leader is on its way, and its first commits wait for this member. Once it is a
    /// primary, following it again makes PostgreSQL try at once instead of at its next interval.
    /// </summary>
    private static Decision Reconnect(PostgresState.Primary? leader, MemberName holder) =>
        leader is null
            ? Decision.Of(Rule.AwaitPrimary, Decision.Soon)
            : Decision.Of(Rule.PointAtLeader, Decision.Soon, new HaAction.Follow(holder));

    private static bool IsStuck(ClusterView view, PostgresState.Standby standby) =>
        !standby.Streaming && view.Now - standby.StreamedAt > view.Timing.FollowPatience;

    /// <summary>
    /// Clone only on evidence that the WAL it needs is gone; otherwise a restart, which costs nothing but also cures
    /// nothing that lies in the network.
    /// </summary>
    private static Decision Unstick(
        ClusterView view, PostgresState.Standby standby, PostgresState.Primary leader, MemberName holder)
    {
        var slot = leader.Slots.FirstOrDefault(candidate => candidate.Name == view.Self.SlotName);
        var walIsGone = slot is null or { Lost: true } || slot.RestartAt > standby.Received.Lsn;
        return walIsGone && !Rejoining.RecentFailure(view, OperationKind.Clone)
            ? Decision.Of(Rule.CloneLeader, view.Timing.RenewEvery, new HaAction.CloneFrom(holder))
            : Decision.Of(Rule.RestartStandby, Decision.Soon, new HaAction.Stop(StopMode.Fast));
    }

    internal static Decision WhileSilent(ClusterView view, PostgresState.Unresponsive silent) =>
        view.Now - silent.Since > view.Timing.UnresponsiveLimit
            ? Decision.Of(Rule.RestartStandby, Decision.Soon, new HaAction.Fence())
            : Decision.Of(Rule.AwaitAnswer, Wake(view, Decision.Soon * 4));
}
