using PgMahout.Core.Cluster;
using PgMahout.Core.Replication;

namespace PgMahout.Core.Ha;

/// <summary>This member holds the lease. Whatever else it does, it renews first.</summary>
internal static class AsLeader
{
    public static Decision Decide(ClusterView view)
    {
        var store = LeaseKeeping.Store(view);
        if (BesideRegion.Supersession(view) is { } superseded)
            return superseded;
        if (view.Operation is not null)
            return Keep(view, Rule.AwaitOperation);
        if (view.Request == MemberRequest.Shutdown)
            return ShutDown(view);
        if (store.Pause is not null && (store.SystemIdentifier is null || view.Postgres is not PostgresState.Primary))
            return Keep(view, Rule.HoldStillWhilePaused);
        if (BesideRegion.Decide(view) is { } decided)
            return decided;
        // A standby is a copy of a cluster whose first leader died before it could say so: promoted, it is published.
        if (store.SystemIdentifier is null && view.Postgres is not PostgresState.Standby)
            return Bootstrapping.Begin(view);

        return view.Postgres switch
        {
            PostgresState.Primary primary => WithPrimary(view, primary),
            PostgresState.Standby standby => Promotion(view, standby),
            PostgresState.Starting starting => WhileNotAnswering(view, starting.Since, Rule.AwaitStart),
            PostgresState.Unresponsive silent => WhileNotAnswering(view, silent.Since, Rule.AwaitAnswer),
            PostgresState.Stopped stopped => WithoutPrimary.Decide(view, stopped),
            PostgresState.Uninitialized or PostgresState.Foreign => WithoutPrimary.LostData(view),
            _ => throw new InvalidOperationException($"unknown state {view.Postgres.GetType().Name}"),
        };
    }

    private static Decision WithPrimary(ClusterView view, PostgresState.Primary primary)
    {
        if (Switchover.Decide(view, primary) is { } moved)
            return moved;
        if (WithFailingDisk.Decide(view, primary) is { } left)
            return left;
        if (view.Request is { } request && LeaseKeeping.Store(view).Pause is null)
            return request == MemberRequest.Restart
                ? Keep(view, Rule.RestartPrimary)
                    .Then(new HaAction.Stop(StopMode.Fast, Transactions.AllowedToEnd))
                : Keep(view, Rule.KeepLeading).Then(new HaAction.CloseRequest(request));

        var recorded = view.Leadership!.Synchronous;
        var slots = SlotPlan.OnPrimary(view, primary);
        return SynchronousPlanner.Next(view, primary, recorded) switch
        {
            SynchronousStep.SetEffective step =>
                Keep(view, Rule.AdjustSynchronous, Decision.Soon).Then(new HaAction.SetSynchronous(step.Set)),
            SynchronousStep.Record step =>
                Decision.Of(Rule.AdjustSynchronous, Decision.Soon, [.. LeaseKeeping.Renew(view, step.Set)]),
            SynchronousStep.AwaitFlush => Keep(view, Rule.KeepLeading, Decision.Soon).Then([.. slots]),
            SynchronousStep.Settled => Keep(view, Rule.KeepLeading).Then([.. slots]),
            var step => throw new InvalidOperationException($"unknown step {step.GetType().Name}"),
        };
    }

    /// <summary>
    /// The lease was taken in an earlier turn. What the first commits wait for is set before recovery ends: a primary
    /// that is born without it could confirm a commit that nobody else has. A timeline that has this epoch's number
    /// already comes from a promotion that broke off; the next one needs another number, and so another reign.
    /// </summary>
    private static Decision Promotion(ClusterView view, PostgresState.Standby standby)
    {
        var epoch = view.Leadership!.Epoch.Value;
        if (standby.Received.Timeline.Value >= epoch || view.Region?.Owns(epoch) == false)
            return Decision.Of(Rule.PromoteAsHolder, TimeSpan.Zero, LeaseKeeping.Acquire(view));
        var decision = Keep(view, Rule.PromoteAsHolder);
        var wanted = SynchronousPlanner.AtPromotion(view);
        if (!SynchronousPlanner.SufficesForPromotion(standby.Configured, wanted))
            decision = decision.Then(new HaAction.SetSynchronous(wanted));
        return decision.Then(new HaAction.Promote(view.Leadership!.Epoch));
    }

    /// <summary>Crash recovery or a hang: patience, unless somebody else could take over at once.</summary>
    internal static Decision WhileNotAnswering(ClusterView view, Vocabulary.Instant since, Rule patience)
    {
        var lasting = view.Now - since > view.Timing.UnresponsiveLimit;
        return lasting && (view.Postgres is PostgresState.Unresponsive || Election.Heir(view) is not null)
            ? Keep(view, Rule.FenceUnresponsive, TimeSpan.Zero).Then(new HaAction.Fence())
            : Keep(view, patience, Decision.Soon * 2);
    }

    private static Decision ShutDown(ClusterView view) =>
        WithoutStore.MayServe(view) || view.Postgres is PostgresState.Standby
            ? Keep(view, Rule.ShutDownMember).Then(new HaAction.Stop(StopMode.Fast))
            : Keep(view, Rule.ShutDownMember);

    internal static Decision Keep(ClusterView view, Rule rule) => Keep(view, rule, view.Timing.RenewEvery);

    internal static Decision Keep(ClusterView view, Rule rule, TimeSpan wakeWithin)
    {
        var renewal = LeaseKeeping.Renew(view);
        return Decision.Of(rule, renewal.IsEmpty ? BeforeRenewal(view, wakeWithin) : wakeWithin, [.. renewal]);
    }

    /// <summary>A turn that an event began must not put the next renewal off: three may fail, not two.</summary>
    private static TimeSpan BeforeRenewal(ClusterView view, TimeSpan within)
    {
        var due = view.Lease.HeldFrom!.Value + view.Timing.RenewEvery - view.Now;
        return due < within ? due : within;
    }
}
