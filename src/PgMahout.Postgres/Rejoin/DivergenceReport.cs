using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Rejoin;

/// <summary>What a server had and the new timeline lacks, saved before it is rewound.</summary>
/// <param name="Fork">The last common point, on the timeline where the server went its own way.</param>
/// <param name="End">Where its own WAL ended.</param>
/// <param name="Bytes">WAL between the two.</param>
/// <param name="Commits">The first <see cref="CommitsListed"/> of them, in WAL order.</param>
/// <param name="CommitCount">All of them.</param>
/// <param name="Directory">Where the segments were copied to; null when there was nothing to save.</param>
public sealed record DivergenceReport(
    WalPosition Fork,
    WalPosition End,
    ByteSize Bytes,
    ImmutableArray<DivergentCommit> Commits,
    int CommitCount,
    string? Directory)
{
    public const int CommitsListed = 1000;
}

/// <summary>A transaction that was committed there and is not in the new timeline.</summary>
/// <param name="At">Start of its commit record.</param>
/// <param name="CommittedAt">By that server's clock.</param>
public sealed record DivergentCommit(uint Xid, Lsn At, DateTimeOffset CommittedAt);
