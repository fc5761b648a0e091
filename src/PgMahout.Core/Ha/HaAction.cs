using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Ha;

/// <summary>
/// What a member can be told to do. Every action can be repeated, and each that could hurt if the view was stale
/// carries its precondition: the revision of the record it was decided on, or the epoch of the reign it belongs to.
/// </summary>
public abstract record HaAction
{
    private HaAction() { }

    /// <summary>
    /// Write the record that begins this member's reign; <paramref name="Expected"/> is <see cref="Revision.None"/>
    /// before the first.
    /// </summary>
    public sealed record AcquireLease(Revision Expected, Leadership Next) : HaAction;

    /// <summary>Write the record again, perhaps with another synchronous set.</summary>
    public sealed record RenewLease(Revision Expected, Leadership Next) : HaAction;

    /// <summary>Give the lease up. Refused by the actuator while any process of the data directory lives.</summary>
    public sealed record ReleaseLease(Revision Expected, Leadership Next) : HaAction;

    /// <summary>
    /// Write what this cluster is to the other region, if it still is what it was, and the lease still stands as read.
    /// </summary>
    public sealed record ChangeRegion(Revision Leadership, Revision Expected, Region Next) : HaAction;

    /// <summary>Ask every promotable member to promise not to take over for a ttl: the store is out of reach.</summary>
    /// <param name="Written">
    /// How far the asking primary has written, where a takeover is measured by that (asynchronous mode): the record
    /// cannot say it now. Who promises keeps it, also across a restart.
    /// </param>
    public sealed record AskForPromises(WalPosition? Written) : HaAction;

    /// <summary>Kill every process of the data directory, at once.</summary>
    public sealed record Fence : HaAction;

    /// <summary>initdb, first start, roles; then publish the system identifier.</summary>
    public sealed record Bootstrap(Epoch Epoch) : HaAction;

    /// <summary>Start in place, as a primary after crash recovery. Only ever decided while holding the lease.</summary>
    public sealed record StartPrimary(Epoch Epoch, SynchronousSet Synchronous) : HaAction;

    /// <summary>Start in recovery, following <paramref name="Upstream"/>; following nobody when null.</summary>
    public sealed record StartStandby(MemberName? Upstream) : HaAction;

    public sealed record Stop(StopMode Mode, Transactions Running = Transactions.CutOff) : HaAction;

    /// <summary>
    /// End recovery. Only ever decided while holding the lease, in a later turn than the one that took it. The new
    /// timeline gets the number of the epoch, whatever PostgreSQL would choose: it takes the next number of which it
    /// knows no history file, and a member that has not heard of the last promotion would use that number twice.
    /// </summary>
    public sealed record Promote(Epoch Epoch) : HaAction;

    /// <summary>Point a running standby at <paramref name="Upstream"/>, by reload.</summary>
    public sealed record Follow(MemberName Upstream) : HaAction;

    /// <summary>
    /// Stop receiving WAL, and promise not to as long as the leadership record has this revision: after this, an old
    /// primary that thaws can have nothing confirmed by this member.
    /// </summary>
    public sealed record Seal(Revision Revision) : HaAction;

    /// <summary>Find where the stopped server's WAL ends.</summary>
    public sealed record InspectWal : HaAction;

    /// <summary>
    /// Save and report what the new timeline lacks, then <c>pg_rewind </c> from <paramref name="Source"/>.
    /// </summary>
    public sealed record RewindFrom(MemberName Source) : HaAction;

    /// <summary>Replace the data directory by a copy of <paramref name="Source"/>'s.</summary>
    public sealed record CloneFrom(MemberName Source) : HaAction;

    /// <summary>Set <c>synchronous_standby_names</c>, by reload.</summary>
    public sealed record SetSynchronous(SynchronousSet Set) : HaAction;

    /// <summary>
    /// Create a missing slot, or move one forward to <paramref name="AdvanceTo"/> so that it does not hold WAL for
    /// ever; then it no longer holds back vacuum for its owner either.
    /// </summary>
    public sealed record KeepSlot(string Slot, Lsn? AdvanceTo) : HaAction;

    public sealed record DropSlot(string Slot) : HaAction;

    /// <summary>
    /// Remove the operator's switchover request: it is done, or refused for <paramref name="Reason"/>.
    /// </summary>
    public sealed record CloseSwitchover(string Id, bool Done, string Reason) : HaAction;

    /// <summary>The operator's request to this member is carried out.</summary>
    public sealed record CloseRequest(MemberRequest Request) : HaAction;
}

/// <summary>What becomes of the transactions that run when a server is stopped.</summary>
public enum Transactions
{
    CutOff,

    /// <summary>
    /// The proxies are asked to begin nothing new; what runs through them may end first, within a bound.
    /// </summary>
    AllowedToEnd,
}

/// <summary>How PostgreSQL is stopped.</summary>
public enum StopMode
{
    /// <summary>
    /// Checkpoint first, then disconnect everybody, shut down cleanly and send standbys the last byte.
    /// </summary>
    Fast,

    /// <summary>Abort at once; the next start recovers from the WAL.</summary>
    Immediate,
}
