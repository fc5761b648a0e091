using PgMahout.Core.Vocabulary;

namespace PgMahout.Status;

/// <summary>One member as it is shown.</summary>
/// <param name="Pid">The postmaster's; null when none runs.</param>
/// <param name="AgentPid">Null when the agent does not answer.</param>
/// <param name="GuardPid">The process that fences; null when no server runs or the agent does not answer.</param>
/// <param name="Position">How far its WAL is flushed; null when nobody says.</param>
/// <param name="Lag">Behind the primary's WAL; null on the primary itself and when nobody says.</param>
/// <param name="IsSynchronous">The primary's commits wait for it.</param>
/// <param name="Rule">Of its agent's latest decision; empty when it does not answer.</param>
/// <param name="Note">One clause for people; empty when all is well.</param>
public sealed record MemberStatus(
    MemberName Name,
    MemberRole Role,
    MemberState State,
    string Host,
    int Port,
    int? Pid,
    int? AgentPid,
    int? GuardPid,
    string DataDirectory,
    WalPosition? Position,
    ByteSize? Lag,
    bool IsSynchronous,
    string Rule,
    string Note)
{
    /// <summary>From whom a standby receives, or is to; null: nobody, or nobody says.</summary>
    public MemberName? Upstream { get; init; }
}

public enum MemberRole
{
    Primary,
    Standby,

    /// <summary>No server is serving there.</summary>
    None,

    /// <summary>Nobody can say.</summary>
    Unknown,
}

public enum MemberState
{
    /// <summary>A primary that accepts connections.</summary>
    Running,

    /// <summary>A standby that receives WAL.</summary>
    Streaming,

    /// <summary>A standby that accepts connections and receives nothing.</summary>
    Disconnected,
    Starting,
    Stopped,

    /// <summary>A postmaster runs and does not answer.</summary>
    Unresponsive,

    /// <summary>Its data directory is not of this cluster.</summary>
    Foreign,

    /// <summary>There is no data directory yet.</summary>
    Empty,

    /// <summary>Its agent does not answer, so nobody can say.</summary>
    Silent,
}
