using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Cluster;

/// <summary>One line of the cluster's history, the same for every member that is asked.</summary>
/// <param name="Sequence">Given by the store; grows by one with each entry.</param>
/// <param name="At">
/// Wall-clock time of the member that wrote it, UTC. For people only: nothing is decided on it.
/// </param>
/// <param name="Member">Whom it is about; null for the whole cluster.</param>
/// <param name="Text">One sentence that stands alone.</param>
/// <param name="Details">
/// JSON for <c>history show</c>: candidates and why each lost, positions, durations, saved WAL.
/// </param>
public sealed record JournalEntry(
    long Sequence,
    DateTimeOffset At,
    MemberName? Member,
    JournalKind Kind,
    Epoch Epoch,
    TimelineId? Timeline,
    string Text,
    string? Details);

public enum JournalKind
{
    Bootstrap,
    Failover,
    Switchover,
    SwitchoverRefused,
    PostgresDied,
    Fenced,
    Restarted,
    Rejoined,
    Rewound,
    Cloned,
    OperationFailed,
    SynchronousSet,
    Degraded,
    Paused,
    Resumed,
    MemberAdded,
    MemberRemoved,
    Drill,
    ConfigurationChanged,
    ConfigurationTakenBack,
    BackupSettings,
    BackupMade,
    BackupFailed,
    BackupsExpired,
    ArchiveGap,
    RestoreProven,
    Restored,
    ProxySettings,
    RegionChanged,
    Decision,
}
