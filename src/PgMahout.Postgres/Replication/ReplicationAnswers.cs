using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Replication;

/// <summary>The answer to IDENTIFY_SYSTEM.</summary>
/// <param name="FlushedTo">How far its WAL is on its disk; on a standby, how far it has received.</param>
public sealed record SystemIdentity(ulong SystemIdentifier, TimelineId Timeline, Lsn FlushedTo);

/// <summary>A timeline's history file.</summary>
/// <param name="Content">As PostgreSQL wrote it.</param>
public sealed record TimelineHistoryFile(string Name, ReadOnlyMemory<byte> Content);

/// <param name="RestartLsn">From where on the server keeps WAL for it; null when it never reserved any.</param>
public sealed record SlotReading(Lsn? RestartLsn, TimelineId? RestartTimeline);

/// <summary>How the server answers the wish for WAL.</summary>
public abstract record StreamStart
{
    private StreamStart() { }

    public sealed record Streaming(WalStream Stream) : StreamStart;

    /// <summary>There is nothing behind this point on that timeline: its history goes on elsewhere.</summary>
    public sealed record Switched(WalPosition Next) : StreamStart;
}
