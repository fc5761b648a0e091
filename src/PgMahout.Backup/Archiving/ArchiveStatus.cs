using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;

namespace PgMahout.Backup.Archiving;

public enum ArchiveState
{
    Starting,

    /// <summary>There is nobody to stream from, or nobody is to be streamed from for now.</summary>
    NoPrimary,

    /// <summary>On the way to a primary, or waiting to try again.</summary>
    Connecting,

    Streaming,

    /// <summary>The server there is none to take WAL from: the problem says why.</summary>
    Refused,

    /// <summary>The repository takes nothing. The primary was let go; its slot keeps the WAL.</summary>
    RepositoryFailing,

    Stopped,
}

/// <summary>How an archiver is doing.</summary>
/// <param name="Primary">Its address.</param>
/// <param name="Confirmed">Everything before it is durable in the repository.</param>
/// <param name="Behind">What the primary has on its disk beyond that; as last heard.</param>
/// <param name="Lag">How long ago the primary had no more than is confirmed now.</param>
/// <param name="Problem">What last went wrong, until it went well again.</param>
/// <param name="Since">When that began.</param>
/// <param name="Gap">The last WAL that was lost by this archiver: what is behind it needs a new base backup.</param>
public sealed record ArchiveStatus(
    ArchiveState State,
    string? Primary,
    TimelineId? Timeline,
    Lsn Received,
    Lsn Confirmed,
    ByteSize Behind,
    TimeSpan Lag,
    ByteSize PerSecond,
    Problem? Problem,
    DateTimeOffset? Since,
    GapRecord? Gap)
{
    public static readonly ArchiveStatus AtStart = new(
        ArchiveState.Starting, null, null, Lsn.Zero, Lsn.Zero, default, default, default, null, null, null);

    public WalPosition? Position => Timeline is { } timeline ? new WalPosition(timeline, Confirmed) : null;
}
