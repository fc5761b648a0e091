using PgMahout.Core.Cluster;

namespace PgMahout.Status;

/// <summary>The words by which states are shown; those of JSON are stable.</summary>
public static class Words
{
    public static string Of(ClusterState state) => state switch
    {
        ClusterState.Healthy => "healthy",
        ClusterState.Degraded => "degraded",
        ClusterState.Down => "down",
        ClusterState.Unknown => "unknown",
    };

    public static string Of(MemberRole role) => role switch
    {
        MemberRole.Primary => "primary",
        MemberRole.Standby => "standby",
        MemberRole.None => "none",
        MemberRole.Unknown => "unknown",
    };

    public static string Of(MemberState state) => state switch
    {
        MemberState.Running => "running",
        MemberState.Streaming => "streaming",
        MemberState.Disconnected => "disconnected",
        MemberState.Starting => "starting",
        MemberState.Stopped => "stopped",
        MemberState.Unresponsive => "unresponsive",
        MemberState.Foreign => "foreign",
        MemberState.Empty => "empty",
        MemberState.Silent => "silent",
    };

    public static string Of(Durability durability) => durability switch
    {
        Durability.Quorum => "quorum",
        Durability.Strict => "strict",
        Durability.Async => "async",
    };

    public static string Of(OperationKind kind) => kind switch
    {
        OperationKind.Bootstrap => "initialising",
        OperationKind.Start => "starting",
        OperationKind.Stop => "stopping",
        OperationKind.Promote => "promoting",
        OperationKind.InspectWal => "reading its WAL",
        OperationKind.Rewind => "rewinding",
        OperationKind.Clone => "cloning",
    };

    public static string Of(JournalKind kind) => kind switch
    {
        JournalKind.Bootstrap => "bootstrap",
        JournalKind.Failover => "failover",
        JournalKind.Switchover => "switchover",
        JournalKind.SwitchoverRefused => "switchover refused",
        JournalKind.PostgresDied => "postgres died",
        JournalKind.Fenced => "fenced",
        JournalKind.Restarted => "restarted",
        JournalKind.Rejoined => "rejoined",
        JournalKind.Rewound => "rewound",
        JournalKind.Cloned => "cloned",
        JournalKind.OperationFailed => "operation failed",
        JournalKind.SynchronousSet => "synchronous set",
        JournalKind.Degraded => "degraded",
        JournalKind.Paused => "paused",
        JournalKind.Resumed => "resumed",
        JournalKind.MemberAdded => "member added",
        JournalKind.MemberRemoved => "member removed",
        JournalKind.Drill => "drill",
        JournalKind.ConfigurationChanged => "configuration",
        JournalKind.ConfigurationTakenBack => "configuration taken back",
        JournalKind.BackupSettings => "backup settings",
        JournalKind.BackupMade => "backup",
        JournalKind.BackupFailed => "backup failed",
        JournalKind.BackupsExpired => "backups expired",
        JournalKind.ArchiveGap => "archive gap",
        JournalKind.RestoreProven => "restore proven",
        JournalKind.Restored => "restored",
        JournalKind.ProxySettings => "proxy settings",
        JournalKind.RegionChanged => "region",
        JournalKind.Decision => "decision",
    };
}
