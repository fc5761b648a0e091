using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Replication;
using PgMahout.Postgres;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Loop;

/// <summary>
/// Carries decisions out, in order, until one action is not done. Short effects are awaited within a limit; long ones
/// are started and show up as the operation of the next view.
/// </summary>
internal sealed class Actuator(
    PostgresInstance instance, LeaseWriter lease, ServerWork servers, AgentState state)
{
    private static readonly TimeSpan FenceLimit = TimeSpan.FromSeconds(5);

    public async Task ApplyAsync(ClusterView view, Decision decision, CancellationToken cancellation)
    {
        // A turn never outlasts a renewal interval by much: what is left undone is decided again in the next one.
        var until = view.Now + view.Timing.RenewEvery;
        foreach (var action in decision.Actions)
            if (BootClock.Now() >= until || !await ApplyAsync(view, action, cancellation))
                return;
    }

    private async Task<bool> ApplyAsync(ClusterView view, HaAction action, CancellationToken cancellation)
    {
        var reload = view.Timing.ObserveLimit;
        return action switch
        {
            HaAction.AcquireLease acquire => await lease.AcquireAsync(view, acquire, cancellation),
            HaAction.RenewLease renew => await lease.RenewAsync(view, renew, cancellation),
            HaAction.ReleaseLease release => await lease.ReleaseAsync(view, release, cancellation),
            HaAction.AskForPromises ask => await lease.AskForPromisesAsync(view, ask, cancellation),
            HaAction.CloseSwitchover close => await lease.CloseSwitchoverAsync(view, close, cancellation),
            HaAction.CloseRequest close => Close(close.Request),
            HaAction.Fence => await FenceAsync(),
            HaAction.Bootstrap bootstrap => servers.Bootstrap(view, bootstrap),
            HaAction.StartPrimary start => servers.StartPrimary(view, start),
            HaAction.StartStandby start => servers.StartStandby(view, start),
            HaAction.Stop stop => servers.Stop(view, stop),
            HaAction.Promote promote => servers.Promote(view, promote),
            HaAction.InspectWal => servers.InspectWal(),
            HaAction.RewindFrom rewind => servers.Rewind(view, rewind),
            HaAction.CloneFrom clone => servers.Clone(view, clone),
            HaAction.Follow follow => await FollowAsync(view, follow, reload, cancellation),
            HaAction.Seal seal => await SealAsync(seal, reload, cancellation),
            HaAction.SetSynchronous set => await SetSynchronousAsync(view, set, reload, cancellation),
            HaAction.KeepSlot keep =>
                Report(await instance.KeepSlotAsync(keep.Slot, keep.AdvanceTo, reload, cancellation)),
            HaAction.DropSlot drop => Report(await instance.DropSlotAsync(drop.Slot, reload, cancellation)),
            _ => throw new InvalidOperationException($"unknown action {action.GetType().Name}"),
        };
    }

    private bool Close(MemberRequest request)
    {
        state.Memory.Request = null;
        if (request is MemberRequest.Rejoin or MemberRequest.Reinitialize)
            state.Work.ForgetFailures();
        return true;
    }

    private async Task<bool> FenceAsync()
    {
        var outcome = await instance.FenceAsync(FenceLimit);
        var why = state.Memory.Decision is { } decision ? $": {RuleText.Occasion(decision.Rule)}" : "";
        state.Journal.Record(JournalKind.Fenced, $"every PostgreSQL process of this member was killed{why}");
        return Report(outcome);
    }

    private async Task<bool> FollowAsync(
        ClusterView view, HaAction.Follow follow, TimeSpan limit, CancellationToken cancellation)
    {
        var left = UpstreamChoice.Leaving(view, follow.Upstream);
        if (left is not null && left != state.Memory.LeftHead)
            state.Journal.Record(
                JournalKind.Decision,
                $"{view.Self} turns to {follow.Upstream}: it does not receive from {left.Head}, the head of its site");
        state.Memory.LeftHead = left;
        state.Memory.Sealed = null;
        state.Memory.Disarm();
        return Report(await instance.FollowAsync(follow.Upstream, limit, cancellation));
    }

    private async Task<bool> SealAsync(HaAction.Seal seal, TimeSpan limit, CancellationToken cancellation)
    {
        var outcome = await instance.SealAsync(limit, cancellation);
        if (outcome.Failure is null)
            state.Memory.Sealed = seal.Revision;
        return Report(outcome);
    }

    private async Task<bool> SetSynchronousAsync(
        ClusterView view, HaAction.SetSynchronous set, TimeSpan limit, CancellationToken cancellation)
    {
        if (!Report(await instance.SetSynchronousAsync(set.Set, limit, cancellation)))
            return false;
        if (view.Postgres is not PostgresState.Primary)
            return true;
        var alone = set.Set.Quorum < view.Spec.CommitQuorum;
        state.Journal.Record(
            alone ? JournalKind.Degraded : JournalKind.SynchronousSet,
            alone
                ? $"commits are confirmed by {set.Set}: fewer than the {view.Spec.CommitQuorum} wanted are streaming"
                : $"commits are confirmed by {set.Set}");
        return true;
    }

    private static bool Report(Outcome outcome)
    {
        if (outcome.Failure is { } problem)
            Console.Error.WriteLine(problem);
        return outcome.Failure is null;
    }
}
