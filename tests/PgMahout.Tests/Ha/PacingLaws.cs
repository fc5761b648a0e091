using PgMahout.Core.Ha;

namespace PgMahout.Tests.Ha;

/// <summary>When a member looks again.</summary>
internal static class PacingLaws
{
    public static IEnumerable<Law> All =>
    [
        new("Next look is never in the past", turn => turn.Decision.WakeWithin >= TimeSpan.Zero),
        new("Next look is within a renewal, or when a promise ends", turn =>
            turn.Decision.WakeWithin <= turn.View.Timing.RenewEvery
            || (turn.Decision.Rule == Rule.HonourPromise
                && turn.Decision.WakeWithin == turn.View.PromisedUntil - turn.View.Now)),
        new("Member that does nothing waits a moment", turn =>
            turn.Decision.WakeWithin > TimeSpan.Zero || !turn.Decision.Actions.IsEmpty),
        new("Holder is awake when its renewal is due, unless it lets the lease run out", turn =>
            turn.Standing != Standing.Holding
            || turn.View.Disk.IsStuck(turn.View.Timing)
            || turn.IsForeign
            || turn.Does<HaAction.RenewLease>()
            || turn.Does<HaAction.ReleaseLease>()
            || turn.Does<HaAction.AcquireLease>()
            || turn.View.Now + turn.Decision.WakeWithin <= turn.View.Lease.HeldFrom + turn.View.Timing.RenewEvery),
    ];
}
