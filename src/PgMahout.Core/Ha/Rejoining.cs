using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Ha;

/// <summary>
/// The rejoin ladder of a stopped member: follow if its WAL is part of the leader's history, else rewind, else clone.
/// The first rung that works is the cheapest. No rung that discards anything is climbed without a leader that was
/// seen running just now.
/// </summary>
internal static class Rejoining
{
    private const int StartsBeforeCloning = 3;

    public static Decision Decide(ClusterView view, PostgresState.Stopped stopped, MemberName holder)
    {
        if (stopped.ProcessesLeft > 0)
            return Decision.Of(Rule.ClearOrphans, TimeSpan.Zero, new HaAction.Fence());
        if (view.PeerReport(holder)?.Postgres is not PostgresState.Primary leader)
            return BeforeLeaderIsKnown(view, stopped, holder);
        if (view.Request is { } request)
            return request == MemberRequest.Reinitialize
                ? CloneNow(view, holder).Then(new HaAction.CloseRequest(request))
                : Decision.Of(Rule.RestartStandby, TimeSpan.Zero, new HaAction.CloseRequest(request));
        if (Failed(view, OperationKind.Start) >= StartsBeforeCloning || Failed(view, OperationKind.Rewind) > 0)
            return Clone(view, holder);
        if (RecentFailure(view, OperationKind.Start) || RecentFailure(view, OperationKind.InspectWal))
            return Step(view, Rule.AwaitRetry);
        if (stopped.End is not { } end)
            return Step(view, Rule.InspectBeforeRejoin, new HaAction.InspectWal());

        return leader.History.Contains(end)
            ? Step(view, Rule.StartStandby, new HaAction.StartStandby(holder))
            : Step(view, Rule.RewindDiverged, new HaAction.RewindFrom(holder));
    }

    /// <summary>A member without any data of its own.</summary>
    public static Decision FromNothing(ClusterView view, MemberName holder) =>
        view.PeerReport(holder)?.Postgres is not PostgresState.Primary || !IsPublished(view)
            ? Decision.Of(Rule.AwaitPrimary, AsStandby.Wake(view, Decision.Soon * 4))
            : view.Request is { } request
                ? CloneNow(view, holder).Then(new HaAction.CloseRequest(request))
                : Clone(view, holder);

    /// <summary>
    /// A copy of a cluster that the store does not know would hold commits that its first leader, should it lose its
    /// data now, overwrites with another cluster.
    /// </summary>
    private static bool IsPublished(ClusterView view) => LeaseKeeping.Store(view).SystemIdentifier is not null;

    /// <summary>Whether this kind of work failed so recently that trying again now would only repeat it.</summary>
    public static bool RecentFailure(ClusterView view, OperationKind kind) =>
        view.Failures.LastOrDefault(failure => failure.Kind == kind) is { } last
        && view.Now - last.At < view.Timing.RetryAfter;

    /// <summary>
    /// A standby may come up and wait; a former primary must first know where the new history begins, unless the
    /// holder has lost its data: then there is no new history, and whoever has the old one may be needed as an heir.
    /// </summary>
    private static Decision BeforeLeaderIsKnown(ClusterView view, PostgresState.Stopped stopped, MemberName holder) =>
        (stopped.WasStandby || LostItsData(view, holder)) && !RecentFailure(view, OperationKind.Start)
            ? Step(view, Rule.StartStandby, new HaAction.StartStandby(holder))
            : Decision.Of(Rule.AwaitPrimary, AsStandby.Wake(view, Decision.Soon * 4));

    private static bool LostItsData(ClusterView view, MemberName holder) =>
        view.PeerReport(holder)?.Postgres is PostgresState.Uninitialized or PostgresState.Foreign;

    private static Decision Clone(ClusterView view, MemberName holder) =>
        RecentFailure(view, OperationKind.Clone)
            ? Step(view, Rule.AwaitRetry)
            : CloneNow(view, holder);

    /// <summary>What an operator asks for does not wait for the next try.</summary>
    private static Decision CloneNow(ClusterView view, MemberName holder) =>
        Step(view, Rule.CloneLeader, new HaAction.CloneFrom(holder));

    private static Decision Step(ClusterView view, Rule rule, params ReadOnlySpan<HaAction> actions) =>
        Decision.Of(rule, AsStandby.Wake(view, view.Timing.RenewEvery), actions);

    private static int Failed(ClusterView view, OperationKind kind) =>
        view.Failures.Count(failure => failure.Kind == kind);
}
