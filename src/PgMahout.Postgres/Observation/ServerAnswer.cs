using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Observation;

/// <summary>What came of asking a running server about itself.</summary>
internal abstract record ServerAnswer
{
    private ServerAnswer() { }

    /// <summary>It accepts no connections yet, or no more.</summary>
    public sealed record Refuses : ServerAnswer;

    /// <summary>The question failed otherwise.</summary>
    public sealed record Broken(string Why) : ServerAnswer;

    public sealed record Primary(
        ulong SystemIdentifier,
        WalPosition Written,
        string SynchronousNames,
        ImmutableArray<SenderRow> Senders,
        ImmutableArray<Slot> Slots) : ServerAnswer;

    /// <param name="Replayed">End of what is replayed; zero before the first record.</param>
    /// <param name="Received">
    /// End of what was received since it started, on whatever timeline; null before anything was.
    /// </param>
    /// <param name="Identified">
    /// What it would offer to a standby of its own: replayed, or received if on the same timeline.
    /// </param>
    /// <param name="Receiver">Null when no WAL receiver is connected.</param>
    public sealed record Standby(
        ulong SystemIdentifier,
        Lsn Replayed,
        Lsn? Received,
        WalPosition Identified,
        ReceiverRow? Receiver,
        string SynchronousNames,
        string PrimaryConnInfo,
        ImmutableArray<Slot> Slots) : ServerAnswer;
}

/// <summary>A row of pg_stat_replication.</summary>
internal readonly record struct SenderRow(string ApplicationName, bool Streaming, Lsn Flushed, Lsn Replayed);

/// <summary>The row of pg_stat_wal_receiver.</summary>
internal readonly record struct ReceiverRow(bool Streaming, TimelineId Timeline, string SenderHost, int SenderPort);
