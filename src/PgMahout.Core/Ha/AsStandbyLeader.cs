using PgMahout.Core.Cluster;
using PgMahout.Core.Replication;

namespace PgMahout.Core.Ha;

/// <summary>
/// The leader of a cluster that follows another region: a standby of the primary there, whichever member that is by
/// now, and never promoted. It climbs the same ladder back to its upstream as every other member does to its leader.
/// </summary>
internal static class AsStandbyLeader
{
    private const int StartsBeforeHandingOver = 2;

    public static Decision Decide(ClusterView view)
    {
        var store = LeaseKeeping.Store(view);
        if (store.Switchover is { } asked && asked.From != view.Self)
            return Switchover.Close(view, asked);
        return view.Postgres switch
        {
            PostgresState.Standby standby => Following(view, standby),
            PostgresState.Stopped stopped => Returning(view, stopped),
            PostgresState.Starting starting =>
                AsLeader.WhileNotAnswering(view, starting.Since, Rule.AwaitStart),
            PostgresState.Unresponsive silent =>
                AsLeader.WhileNotAnswering(view, silent.Since, Rule.AwaitAnswer),
            PostgresState.Uninitialized => FromNothing(view),
            PostgresState.Foreign => WithoutPrimary.LostData(view),
            PostgresState.Primary => throw new InvalidOperationException("a stale primary was not fenced"),
            _ => throw new InvalidOperationException($"unknown state {view.Postgres.GetType().Name}"),
        };
    }

    private static Decision Following(ClusterView view, PostgresState.Standby standby)
    {
        var source = FollowingView.Source(view)?.Primary;
        if (source is not null && !source.History.Contains(standby.Received))
            return Stop(view, Rule.StopDiverged);
        if (view.Request is { } request)
            return Stop(view, Rule.RestartStandby, new HaAction.CloseRequest(request));
        if (LeaseKeeping.Store(view).Switchover is { } asked)
            return Move(view, asked);
        if (standby.Upstream != Region.Upstream)
            return AsLeader.Keep(view, Rule.PointAtRegion, Decision.Soon).Then(new HaAction.Follow(Region.Upstream));
        if (source is not null && !standby.Streaming && view.Now - standby.StreamedAt > view.Timing.FollowPatience)
            return Unstick(view, standby, source);
        return AsLeader.Keep(view, Rule.LeadAsStandby).Then([.. SlotPlan.OnStandby(view, standby, null)]);
    }

    /// <summary>A copy of the whole cluster only when the WAL that is needed is known to be gone there.</summary>
    private static Decision Unstick(ClusterView view, PostgresState.Standby standby, PostgresState.Primary source)
    {
        var slot = source.Slots.FirstOrDefault(candidate => candidate.Name == Region.SlotName);
        var walIsGone = slot is { Lost: true } || slot?.RestartAt > standby.Received.Lsn;
        return walIsGone && !Rejoining.RecentFailure(view, OperationKind.Clone)
            ? AsLeader.Keep(view, Rule.CloneLeader).Then(new HaAction.CloneFrom(Region.Upstream))
            : Stop(view, Rule.RestartStandby);
    }

    /// <summary>The lease is wanted elsewhere in this region: no commit is at stake, so it just moves.</summary>
    private static Decision Move(ClusterView view, SwitchoverRequest asked)
    {
        var candidates = Election.Successors(view);
        var chosen = asked.To is { } name
            ? candidates.FirstOrDefault(candidate => candidate.Name == name)
            : Candidate.Best(candidates);
        return chosen is { Eligible: true }
            ? AsLeader.Keep(view, Rule.StopForSwitchover).Then(new HaAction.Stop(StopMode.Fast))
            : AsLeader.Keep(view, Rule.RefuseSwitchover).Then(new HaAction.CloseSwitchover(
                asked.Id, false, chosen is null ? "nobody can take over" : $"{chosen.Name}: {chosen.Disqualified}"));
    }

    private static Decision Returning(ClusterView view, PostgresState.Stopped stopped)
    {
        if (stopped.ProcessesLeft > 0)
            return AsLeader.Keep(view, Rule.ClearOrphans, TimeSpan.Zero).Then(new HaAction.Fence());
        var starts = view.Failures.Count(failure => failure.Kind == OperationKind.Start);
        var moves = LeaseKeeping.Store(view).Switchover is not null || starts >= StartsBeforeHandingOver;
        if (moves && Heir(view) is { } heir)
            return Decision.Of(Rule.HandOver, TimeSpan.Zero, LeaseKeeping.Release(view, heir));
        return Holding(view, Rejoining.Decide(FollowingView.WithRegion(view), stopped, Region.Upstream));
    }

    private static Decision FromNothing(ClusterView view) =>
        Heir(view) is { } heir
            ? Decision.Of(Rule.HandOverLostData, TimeSpan.Zero, LeaseKeeping.Release(view, heir))
            : Holding(view, Rejoining.FromNothing(FollowingView.WithRegion(view), Region.Upstream));

    private static Candidate? Heir(ClusterView view)
    {
        var candidates = Election.Successors(view);
        var asked = LeaseKeeping.Store(view).Switchover?.To;
        return candidates.FirstOrDefault(candidate => candidate.Eligible && candidate.Name == asked)
            ?? Candidate.Best(candidates);
    }

    /// <summary>What a member does that has another leader, but with the lease in hand.</summary>
    private static Decision Holding(ClusterView view, Decision decision) =>
        AsLeader.Keep(view, decision.Rule, decision.WakeWithin).Then([.. decision.Actions]);

    private static Decision Stop(ClusterView view, Rule rule, params ReadOnlySpan<HaAction> before) =>
        AsLeader.Keep(view, rule, Decision.Soon).Then(before).Then(new HaAction.Stop(StopMode.Fast));
}
