using System.Collections.Immutable;
using System.Text.Json.Serialization;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Cluster;

/// <summary>The local PostgreSQL instance as it was found.</summary>
[JsonDerivedType(typeof(Uninitialized), "uninitialized")]
[JsonDerivedType(typeof(Foreign), "foreign")]
[JsonDerivedType(typeof(Stopped), "stopped")]
[JsonDerivedType(typeof(Starting), "starting")]
[JsonDerivedType(typeof(Standby), "standby")]
[JsonDerivedType(typeof(Primary), "primary")]
[JsonDerivedType(typeof(Unresponsive), "unresponsive")]
public abstract record PostgresState
{
    private PostgresState() { }

    /// <summary>
    /// There is no server to lose here: the data directory is missing, empty, or an unfinished clone of ours.
    /// </summary>
    public sealed record Uninitialized : PostgresState;

    /// <summary>The data directory is not ours to touch: another cluster's, another version's, unreadable.</summary>
    public sealed record Foreign(string Why) : PostgresState;

    /// <summary>No postmaster.</summary>
    /// <param name="Clean">Shut down with a checkpoint; otherwise it crashed or was killed.</param>
    /// <param name="WasStandby">It would come up in recovery, following.</param>
    /// <param name="End">Where its WAL ends; null until somebody looked (<see cref="Ha.HaAction.InspectWal"/>).</param>
    /// <param name="ProcessesLeft">Orphaned processes of that data directory. One can still confirm a commit.</param>
    public sealed record Stopped(
        ulong SystemIdentifier,
        TimelineId Timeline,
        bool Clean,
        bool WasStandby,
        WalPosition? End,
        int ProcessesLeft) : PostgresState;

    /// <summary>A postmaster runs and does not accept connections yet.</summary>
    public sealed record Starting(Instant Since) : PostgresState;

    /// <summary>In recovery and accepting connections.</summary>
    /// <param name="Received">End of the WAL that is flushed here.</param>
    /// <param name="Upstream">Whom it is configured to follow; null when it follows nobody.</param>
    /// <param name="Streaming">A WAL receiver is connected and streaming now.</param>
    /// <param name="StreamedAt">When it was last seen streaming (or, if never, when this was first observed).</param>
    /// <param name="Configured">What <c>synchronous_standby_names</c> says, for the day it is promoted.</param>
    public sealed record Standby(
        ulong SystemIdentifier,
        WalPosition Received,
        Lsn Replayed,
        MemberName? Upstream,
        bool Streaming,
        Instant StreamedAt,
        SynchronousSet Configured,
        ImmutableArray<Slot> Slots) : PostgresState;

    /// <summary>Out of recovery and accepting connections.</summary>
    /// <param name="Written">End of its WAL.</param>
    /// <param name="Effective">What <c>synchronous_standby_names</c> says now.</param>
    /// <param name="SettledAt">
    /// Every commit confirmed under an earlier <c>synchronous_standby_names</c> lies before this point; null while a
    /// change is too recent to be sure that all its processes know of it.
    /// </param>
    public sealed record Primary(
        ulong SystemIdentifier,
        WalPosition Written,
        TimelineHistory History,
        ImmutableArray<StandbyLink> Standbys,
        SynchronousSet Effective,
        Lsn? SettledAt,
        ImmutableArray<Slot> Slots) : PostgresState;

    /// <summary>A postmaster runs and does not answer within the limit.</summary>
    /// <param name="WasPrimary">What it was when it last answered.</param>
    public sealed record Unresponsive(Instant Since, bool WasPrimary) : PostgresState;

    public bool IsPrimary => this is Primary;
}

/// <summary>A member as its primary sees it.</summary>
/// <param name="Flushed">How far it has confirmed to have WAL on disk.</param>
/// <param name="Streaming">Connected and caught up enough to stream (not in catch-up).</param>
/// <param name="StreamedAt">When this primary last saw it streaming.</param>
public sealed record StandbyLink(MemberName Member, Lsn Flushed, Lsn Replayed, bool Streaming, Instant StreamedAt);

/// <summary>A physical replication slot of ours.</summary>
/// <param name="RestartAt">WAL from here on is kept for its owner; null when it never reserved any.</param>
/// <param name="Lost">The WAL it promised is already removed.</param>
public sealed record Slot(string Name, Lsn? RestartAt, bool Lost);
