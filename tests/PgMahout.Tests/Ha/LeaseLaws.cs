using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Tests.Ha;

/// <summary>Who may write the leadership record, when, and what.</summary>
internal static class LeaseLaws
{
    public static IEnumerable<Law> All =>
    [
        new("Lease is taken on the revision that was read, for the next epoch, trusting nobody", turn =>
            turn.Find<HaAction.AcquireLease>() is not { } acquire
            || (acquire.Expected == turn.Store?.Revision
                && acquire.Next.Epoch == (turn.Leadership?.Epoch ?? Epoch.Zero).Next
                && acquire.Next.Holder == turn.View.Self
                && acquire.Next.IsHeld
                && acquire.Next.Synchronous.Quorum == 0)),
        new("First lease is taken by the first member alone, with no data and no identity", turn =>
            turn.Leadership is not null
            || !turn.Does<HaAction.AcquireLease>()
            || (turn.View.Spec.Members[0].Name == turn.View.Self
                && turn.View.Postgres is PostgresState.Uninitialized
                && turn.Store is { SystemIdentifier: null })),
        new("Lease of another that was not released is taken after a full ttl, unpromised and sealed", turn =>
            !TakesFromAnother(turn)
            || !turn.Leadership!.IsHeld
            || ToElect(turn)),
        new("Released lease is taken by its heir, or like any other once the heir had its time", turn =>
            !TakesFromAnother(turn)
            || turn.Leadership is not { Released: { } handover }
            || (handover.Heir == turn.View.Self && turn.Received(turn.View.Self) is { } at && !(at < handover.At))
            || ToElect(turn)),
        new("Lease is taken only by a running standby, or by the holder itself", turn =>
            !TakesFromAnother(turn) || turn.View.Postgres is PostgresState.Standby),
        new("Standby outside the recorded set never takes the lease, unless it is the heir or forced", turn =>
            !TakesFromAnother(turn)
            || !turn.Synchronous
            || turn.Leadership!.Synchronous.Contains(turn.View.Self)
            || turn.Leadership.Released?.Heir == turn.View.Self
            || turn.IsForced),
        new("Lease is elected to the one with most WAL among a promotion quorum of sealed voters", turn =>
            !TakesFromAnother(turn)
            || !turn.Synchronous
            || turn.Leadership!.Released?.Heir == turn.View.Self
            || turn.IsForced
            || LeadsAQuorum(turn)),
        new("Asynchronous standby beyond the lag limit never takes the lease, unless it is the heir or forced", turn =>
            !TakesFromAnother(turn)
            || turn.Synchronous
            || turn.Leadership!.Released?.Heir == turn.View.Self
            || turn.IsForced
            || turn.View.LeaderWritten is not { } written
            || (turn.Received(turn.View.Self) is { } own
                && Lsn.Distance(own.Lsn, written.Lsn) <= turn.View.Spec.MaximumLag)),
        new("Lease is renewed by its holder, on the revision that was read, within its epoch", turn =>
            turn.Find<HaAction.RenewLease>() is not { } renew
            || (renew.Expected == turn.Store?.Revision
                && turn.Leadership is { IsHeld: true } held
                && held.Holder == turn.View.Self
                && renew.Next.IsHeld
                && renew.Next.Holder == held.Holder
                && renew.Next.Epoch == held.Epoch)),
        new("Recorded set changes only under a running primary whose commits meet it", turn =>
            turn.Find<HaAction.RenewLease>() is not { } renew
            || renew.Next.Synchronous == turn.Leadership!.Synchronous
            || (turn.View.Postgres is PostgresState.Primary primary
                && (primary.Effective.Meets(renew.Next.Synchronous)
                    || !primary.Effective.Meets(turn.Leadership.Synchronous)))),
        new("Holder whose renewal is due renews before everything else, unless its disk hangs", turn =>
            turn.Standing != Standing.Holding
            || turn.View.Disk.IsStuck(turn.View.Timing)
            || turn.IsForeign
            || turn.Does<HaAction.ReleaseLease>()
            || turn.View.Now - turn.View.Lease.HeldFrom < turn.View.Timing.RenewEvery
            || turn.Decision.Actions is [HaAction.RenewLease or HaAction.AcquireLease, ..]),
        new("Lease is released by its holder, on the revision that was read, with no process left", turn =>
            turn.Find<HaAction.ReleaseLease>() is not { } release
            || (turn.Standing == Standing.Holding
                && release.Expected == turn.Store?.Revision
                && release.Next == turn.Leadership! with { Released = release.Next.Released }
                && turn.View.Postgres is PostgresState.Stopped { ProcessesLeft: 0 }
                    or PostgresState.Uninitialized or PostgresState.Foreign)),
        new("Lease is released to a standby that was heard since our PostgreSQL was seen dead", turn =>
            turn.Find<HaAction.ReleaseLease>() is not { Next.Released: { } handover }
            || (handover.Heir != turn.View.Self
                && handover.At is { } at
                && turn.Received(handover.Heir) == at)),
        new("Lease is released to the voter with most WAL among a promotion quorum that was heard", turn =>
            turn.Find<HaAction.ReleaseLease>() is not { Next.Released: { } handover }
            || !turn.Synchronous
            || IsForcedTo(turn, handover.Heir)
            || IsBestOfQuorum(turn, handover.Heir)),
        new("Asynchronous lease is released to somebody who has everything, while we have anything", turn =>
            turn.Find<HaAction.ReleaseLease>() is not { Next.Released: { } handover }
            || turn.Synchronous
            || turn.IsForeign
            || IsForcedTo(turn, handover.Heir)
            || turn.View.Postgres is PostgresState.Uninitialized
            || (turn.View.Postgres is PostgresState.Stopped { End: { } end } && handover.At >= end)),
        new("Promises are asked for only by a primary within its time that cannot reach the store", turn =>
            !turn.Does<HaAction.AskForPromises>()
            || (turn.Store is null
                && turn.View.Postgres is PostgresState.Primary
                && turn.View.Now < turn.View.Lease.FenceAt(turn.View.Timing))),
    ];

    private static bool TakesFromAnother(Turn turn) =>
        turn.Does<HaAction.AcquireLease>() && turn.Leadership is { } leadership && leadership.Holder != turn.View.Self;

    /// <summary>A promise is given to a holder; one that released the lease needs it no more.</summary>
    private static bool ToElect(Turn turn)
    {
        var held = turn.Leadership!.IsHeld;
        return turn.View.Now >= turn.View.Lease.SeenAt + (held ? turn.View.Timing.Ttl : turn.View.Timing.HeirPatience)
            && !(held && turn.View.PromisedUntil > turn.View.Now)
            && turn.IsSealed(turn.View.Self);
    }

    private static bool LeadsAQuorum(Turn turn)
    {
        var recorded = turn.Leadership!.Synchronous;
        var heard = recorded.Voters.Where(voter => turn.IsSealed(voter) && turn.Received(voter) is not null).ToList();
        return recorded.Quorum > 0
            && heard.Count >= recorded.PromotionQuorum
            && heard.All(voter => turn.Received(voter) <= turn.Received(turn.View.Self));
    }

    private static bool IsBestOfQuorum(Turn turn, MemberName heir)
    {
        var recorded = turn.Leadership!.Synchronous;
        var heard = recorded.Voters
            .Where(voter => voter != turn.View.Self && turn.Received(voter) is not null)
            .ToList();
        return recorded.Quorum > 0
            && heard.Count >= recorded.PromotionQuorum
            && heard.Contains(heir)
            && heard.All(voter => turn.Received(voter) <= turn.Received(heir));
    }

    private static bool IsForcedTo(Turn turn, MemberName heir) =>
        turn.Store?.Switchover is { Force: true } request
        && request.From == turn.View.Self
        && (request.To is null || request.To == heir);
}
