using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Tests.Ha;

/// <summary>What may be done to PostgreSQL and its data directory, and what must be.</summary>
internal static class InstanceLaws
{
    public static IEnumerable<Law> All =>
    [
        new("Nothing becomes primary without the lease held and time left", turn =>
            !MakesPrimary(turn)
            || (turn.Standing == Standing.Holding && turn.View.Now < turn.View.Lease.FenceAt(turn.View.Timing))),
        new("Lease is not taken in the turn in which something becomes primary", turn =>
            !(turn.Does<HaAction.AcquireLease>() && MakesPrimary(turn))),
        new("What becomes primary does so for the epoch that is held", turn => turn.DoesOnly(action => action switch
        {
            HaAction.Promote promote => promote.Epoch == turn.Leadership?.Epoch,
            HaAction.StartPrimary start => start.Epoch == turn.Leadership?.Epoch,
            HaAction.Bootstrap bootstrap => bootstrap.Epoch == turn.Leadership?.Epoch,
            _ => true,
        })),
        new("Only a running standby is promoted, and not again while it is", turn =>
            !turn.Does<HaAction.Promote>()
            || (turn.View.Postgres is PostgresState.Standby && turn.View.Operation is null)),
        new("Stopped standby is never started as primary: it would write its timeline a second time", turn =>
            !turn.Does<HaAction.StartPrimary>()
            || turn.View.Postgres is PostgresState.Stopped { WasStandby: false, ProcessesLeft: 0 }),
        new("First commits of a strict primary wait for somebody", turn =>
            turn.View.Spec.Durability != Durability.Strict
            || ((turn.Find<HaAction.StartPrimary>() is not { } start || start.Synchronous.Quorum > 0)
                && (!turn.Does<HaAction.Promote>() || FirstCommitsWaitFor(turn).Quorum > 0))),
        new("Running primary waits for what meets its record", turn =>
            turn.View.Postgres is not PostgresState.Primary
            || turn.Find<HaAction.SetSynchronous>() is not { } change
            || change.Set.Meets(turn.Leadership!.Synchronous)),
        new("Cluster is made once", turn =>
            !turn.Does<HaAction.Bootstrap>() || turn.Store is { SystemIdentifier: null }),
        new("Data is copied and rewound only from the holder, seen as primary just now, by somebody else", turn =>
            Source(turn) is not { } source
            || (turn.Standing == Standing.OtherHolds
                && source == turn.Leadership!.Holder
                && source != turn.View.Self
                && turn.FreshWord(source)?.Postgres is PostgresState.Primary)),
        new("Running server is not copied over, unless it is a standby that cannot go on", turn =>
            Source(turn) is null
            || turn.View.Postgres is PostgresState.Uninitialized
                or PostgresState.Stopped { ProcessesLeft: 0 } or PostgresState.Standby),
        new("In a pause nothing begins, ends or is rebuilt, but by the operator's request to shut down", turn =>
            !turn.Paused
            || turn.DoesOnly(action => IsQuiet(action)
                || (action is HaAction.Stop && turn.View.Request == MemberRequest.Shutdown))),
        new("Member that is going down starts nothing", turn =>
            turn.View.Request != MemberRequest.Shutdown
            || turn.Store is null
            || turn.DoesOnly(action => action is not (HaAction.StartPrimary or HaAction.StartStandby or HaAction.Promote
                or HaAction.CloneFrom or HaAction.RewindFrom or HaAction.Bootstrap))),
        new("Data of another cluster is left alone", turn =>
            !turn.IsForeign || turn.DoesOnly(action => action is HaAction.ReleaseLease)),
        new("Server that runs as primary without the lease is killed, pause or not", turn =>
            turn.Store is null
            || turn.IsForeign
            || turn.Standing is Standing.NeverLed or Standing.Holding or Standing.Unconfirmed
            || !MayConfirm(turn)
            || turn.Decision.Actions is [HaAction.Fence]),
        new("Server of a holder whose time ran out is killed before the lease is written", turn =>
            turn.IsForeign
            || turn.Standing is Standing.Holding
            || !(turn.View.Lease.FenceAt(turn.View.Timing) <= turn.View.Now)
            || !MayConfirm(turn)
            || turn.Decision.Actions is [HaAction.Fence]),
        new("Server of a holder with an agent that just started is not touched", turn =>
            turn.Standing != Standing.Unconfirmed
            || turn.View.Lease.HeldFrom is not null
            || turn.DoesOnly(action => action is HaAction.RenewLease)),
        new("Primary of the holder is stopped only on request, or for a disk that fails and a standby to go to", turn =>
            turn.Standing != Standing.Holding
            || turn.View.Postgres is not PostgresState.Primary primary
            || (!turn.Does<HaAction.Fence>() && !turn.Does<HaAction.Stop>())
            || (turn.Does<HaAction.Stop>() && (turn.Store!.Switchover is not null || turn.View.Request is not null))
            || (LeavesDisk(turn) && !turn.Paused && primary.Standbys.Any(link => link.Streaming
                && turn.Received(link.Member) is not null))),
        new("Long work is not begun twice, nor beside other long work", turn =>
            turn.Decision.Actions.Count(IsLong) <= (turn.View.Operation is null ? 1 : 0)),
        new("Nothing is started while processes of the last server are left", turn =>
            !turn.HasOrphans || turn.DoesOnly(action => action is HaAction.Stop || !IsLong(action))),
        new("Member seals itself in an election only, for the revision it read", turn =>
            turn.Find<HaAction.Seal>() is not { } seal
            || (turn.Standing is Standing.Expired or Standing.Released
                && seal.Revision == turn.Store!.Revision
                && turn.View.Postgres is PostgresState.Standby)),
        new("Member follows the holder, the heir or a head that does, and never itself", turn =>
            turn.DoesOnly(action => action switch
            {
                HaAction.Follow follow => MayFollow(turn, follow.Upstream),
                HaAction.StartStandby { Upstream: { } upstream } => MayFollow(turn, upstream),
                _ => true,
            })),
        new("Slots are cared for on a running server, and only our own are dropped", turn =>
            turn.DoesOnly(action => action switch
            {
                HaAction.KeepSlot => turn.View.Postgres is PostgresState.Primary or PostgresState.Standby,
                HaAction.DropSlot drop => drop.Slot.StartsWith("pgmahout", StringComparison.Ordinal)
                    && turn.View.Spec.Others(turn.View.Self).All(member => member.Name.SlotName != drop.Slot),
                _ => true,
            })),
    ];

    private static bool LeavesDisk(Turn turn) => turn.Does<HaAction.Fence>()
        ? turn.View.Disk.IsStuck(turn.View.Timing)
        : turn.View.Disk.IsFilling;

    private static bool MakesPrimary(Turn turn) =>
        turn.Does<HaAction.Promote>() || turn.Does<HaAction.StartPrimary>() || turn.Does<HaAction.Bootstrap>();

    /// <summary>Something runs here, or is about to, that could confirm a commit.</summary>
    private static bool MayConfirm(Turn turn) => turn.View.Postgres switch
    {
        PostgresState.Primary or PostgresState.Unresponsive { WasPrimary: true } => true,
        // A rewind begins when nothing is left, and recovers a crashed server by itself, without clients.
        PostgresState.Stopped { WasStandby: false, ProcessesLeft: > 0 } =>
            turn.View.Operation?.Kind != OperationKind.Rewind
                || turn.Standing is Standing.Holding or Standing.Unconfirmed,
        PostgresState.Standby => turn.View.Operation?.Kind == OperationKind.Promote,
        _ => false,
    };

    private static SynchronousSet FirstCommitsWaitFor(Turn turn) =>
        turn.Find<HaAction.SetSynchronous>()?.Set
        ?? (turn.View.Postgres as PostgresState.Standby)?.Configured
        ?? SynchronousSet.Nobody;

    private static MemberName? Source(Turn turn) =>
        turn.Find<HaAction.CloneFrom>()?.Source ?? turn.Find<HaAction.RewindFrom>()?.Source;

    private static bool MayFollow(Turn turn, MemberName upstream) =>
        upstream != turn.View.Self
        && (upstream == turn.Leadership!.Holder || upstream == turn.Leadership.Released?.Heir
            || IsHeadOfMySite(turn, upstream));

    /// <summary>By the record, and by its own word: nothing is ever behind who is behind somebody else.</summary>
    private static bool IsHeadOfMySite(Turn turn, MemberName head) =>
        turn.Leadership is { IsHeld: true } record
        && record.Heads.Contains(head)
        && !record.Heads.Contains(turn.View.Self)
        && turn.View.Spec.Find(head)?.Site == turn.View.Spec.Find(turn.View.Self)!.Site
        && turn.View.PeerReport(head)?.Postgres is PostgresState.Standby { Streaming: true } standby
        && standby.Upstream == record.Holder;

    private static bool IsLong(HaAction action) => action is HaAction.Bootstrap or HaAction.StartPrimary
        or HaAction.StartStandby or HaAction.Stop or HaAction.Promote or HaAction.InspectWal or HaAction.RewindFrom
        or HaAction.CloneFrom;

    private static bool IsQuiet(HaAction action) => action is HaAction.RenewLease or HaAction.Fence
        or HaAction.AskForPromises or HaAction.SetSynchronous or HaAction.KeepSlot or HaAction.DropSlot
        or HaAction.CloseSwitchover or HaAction.CloseRequest;
}
