using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Cluster;

/// <summary>
/// The whole cluster as one member sees it at one moment. A decision reads nothing else, so a recorded view replays
/// to the same decision.
/// </summary>
/// <param name="Now">The moment of the decision, on this member's clock.</param>
/// <param name="Store">What the store said; missing when it could not be read in time.</param>
/// <param name="Lease">What this member knows of the lease, on its own clock.</param>
/// <param name="Postgres">The local instance.</param>
/// <param name="PostgresAt">When the local instance was observed: always before the peers were asked.</param>
/// <param name="Peers">The other members' own words, asked directly; one entry for each that was asked.</param>
/// <param name="Operation">Long work running on this member.</param>
/// <param name="Failures">Long work that failed here since the member was last well, oldest first.</param>
/// <param name="Sealed">The leadership revision for which this member has stopped receiving WAL, if it has.</param>
/// <param name="PromisedUntil">
/// This member has promised the holder, which cannot reach the store, not to take over before.
/// </param>
/// <param name="LeaderWritten">How far the leader was last known to have written (asynchronous lag limit).</param>
/// <param name="Request">What an operator asked of this member alone.</param>
public sealed record ClusterView(
    Instant Now,
    MemberName Self,
    ClusterSpec Spec,
    Reading<StoreContent> Store,
    LeaseKnowledge Lease,
    PostgresState Postgres,
    Instant PostgresAt,
    ImmutableArray<Peer> Peers,
    Operation? Operation,
    ImmutableArray<FailedOperation> Failures,
    Revision? Sealed,
    Instant? PromisedUntil,
    WalPosition? LeaderWritten,
    MemberRequest? Request)
{
    public Timing Timing => Spec.Timing;

    /// <summary>The disks of the local instance.</summary>
    public DiskState Disk { get; init; } = DiskState.Well;

    /// <summary>The head of a site that this member stopped following last, and when; null: there was none.</summary>
    public LeftHead? LeftHead { get; init; }

    public Leadership? Leadership => Store.TryGet(out var content) ? content.Leadership : null;

    public Reading<MemberReport>? PeerReading(MemberName name) =>
        Peers.FirstOrDefault(peer => peer.Name == name)?.Report;

    public MemberReport? PeerReport(MemberName name) =>
        PeerReading(name) is { } reading && reading.TryGet(out var report) ? report : null;
}

/// <summary>
/// A member turned from the head of its site to the leader: the head, or the way to it, was not well.
/// </summary>
public sealed record LeftHead(MemberName Head, Instant At);

/// <summary>The part of the store that decisions read, at one consistent moment.</summary>
/// <param name="Leadership">Null before the first leader.</param>
/// <param name="Revision">The leadership record's revision: the fencing token of everything decided on it.</param>
/// <param name="SystemIdentifier">PostgreSQL's identity of this cluster; null before the bootstrap.</param>
/// <param name="Pause">Set while an operator has paused the cluster and the pause has not run out.</param>
public sealed record StoreContent(
    Leadership? Leadership,
    Revision Revision,
    ulong? SystemIdentifier,
    SwitchoverRequest? Switchover,
    Pause? Pause)
{
    /// <summary>Slots through which WAL is archived: every member that could become the primary has them.</summary>
    public ImmutableArray<string> ArchiveSlots { get; init; } = [];

    public bool Equals(StoreContent? other) =>
        other is not null
        && Leadership == other.Leadership
        && Revision == other.Revision
        && SystemIdentifier == other.SystemIdentifier
        && Switchover == other.Switchover
        && Pause == other.Pause
        && ArchiveSlots.AsSpan().SequenceEqual(other.ArchiveSlots.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Leadership, Revision, SystemIdentifier, Switchover, Pause);
}

/// <summary>Another member, and what it answered when asked.</summary>
public sealed record Peer(MemberName Name, Reading<MemberReport> Report);

/// <summary>What a member says of itself when another one asks.</summary>
/// <param name="Sealed">
/// It receives no WAL and promises not to, as long as the leadership record has this revision.
/// </param>
/// <param name="Seen">The newest leadership revision it has seen.</param>
public sealed record MemberReport(
    MemberName Member,
    PostgresState Postgres,
    Revision? Sealed,
    Revision Seen,
    Operation? Operation)
{
    /// <summary>Null when the member does not say, as before its first look.</summary>
    public DiskState? Disk { get; init; }
}

/// <summary>An operator's wish to move the leadership, kept in the store until it is carried out or refused.</summary>
/// <param name="Id">Names this request in the history.</param>
/// <param name="From">The leader at the time of asking; the request is void once somebody else leads.</param>
/// <param name="To">The wanted next leader; null for the best candidate.</param>
/// <param name="Force">Accept the loss of commits that the target does not have, and a dead or silent leader.</param>
public sealed record SwitchoverRequest(
    string Id, MemberName From, MemberName? To, bool Force, string By, string? Reason);

/// <summary>While paused, pgmahout keeps the lease but starts, stops, promotes and rebuilds nothing.</summary>
/// <param name="Remaining">Time left until it ends by itself.</param>
public sealed record Pause(TimeSpan Remaining, string By, string Reason);

/// <summary>What an operator asked of one member.</summary>
public enum MemberRequest
{
    /// <summary>Stop PostgreSQL and start it again, in place.</summary>
    Restart,

    /// <summary>Climb the rejoin ladder again from its first rung.</summary>
    Rejoin,

    /// <summary>Throw the data directory away and clone the leader.</summary>
    Reinitialize,

    /// <summary>Stop PostgreSQL and leave it stopped: the member is going down.</summary>
    Shutdown,
}

/// <summary>Long work on this member; visible in every view until it ends.</summary>
/// <param name="Progress">One line for people: bytes, rate, step; empty when there is nothing to say.</param>
public sealed record Operation(OperationKind Kind, Instant Since, MemberName? Source, string Progress = "");

public enum OperationKind
{
    Bootstrap,
    Start,
    Stop,
    Promote,
    InspectWal,
    Rewind,
    Clone,
}

public sealed record FailedOperation(OperationKind Kind, Instant At, string Reason);
