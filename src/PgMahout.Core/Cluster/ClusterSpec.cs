using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Cluster;

/// <summary>
/// What the operator asked for. Immutable and already validated; changed only by an operator's command.
/// </summary>
/// <param name="Name">The cluster's name, shown first in every output.</param>
/// <param name="Members">Sorted by name. The first one bootstraps a new cluster.</param>
/// <param name="MaximumLag">
/// Asynchronous mode only: a standby further behind than this is never promoted by itself.
/// </param>
public sealed record ClusterSpec(
    string Name,
    ImmutableArray<MemberSpec> Members,
    Durability Durability,
    Timing Timing,
    ByteSize MaximumLag)
{
    public static readonly ByteSize DefaultMaximumLag = ByteSize.Megabytes(16);

    public Cascade Cascade { get; init; }

    public MemberSpec? Find(MemberName name) => Members.FirstOrDefault(member => member.Name == name);

    public IEnumerable<MemberSpec> Others(MemberName self) => Members.Where(member => member.Name != self);

    /// <summary>
    /// Standbys that must confirm a commit when all are well: a majority of the members holds it with the primary's own
    /// copy. Only members that may be promoted are asked, so no more than there are beside a leader.
    /// </summary>
    public int CommitQuorum => Durability == Durability.Async
        ? 0
        : Math.Min(Members.Length / 2, Math.Max(1, Members.Count(member => member.Promotable) - 1));
}

/// <summary>One member: a PostgreSQL instance and the agent that cares for it.</summary>
/// <param name="Host">Address at which PostgreSQL is reached by clients and by the other members.</param>
/// <param name="Port">PostgreSQL's TCP port.</param>
/// <param name="Api">Where the agent answers, as a URI: <c>unix:/path/to/socket</c>.</param>
/// <param name="Priority">
/// Breaks ties between equally advanced candidates, higher first; 0 means never promoted.
/// </param>
public sealed record MemberSpec(MemberName Name, string Host, int Port, string Api, int Priority = 100)
{
    /// <summary>Where it stands; null: nobody said. Members of one site may be lost together.</summary>
    public string? Site { get; init; }

    public bool Promotable => Priority > 0;
}

/// <summary>Which standbys stream from another standby.</summary>
public enum Cascade
{
    /// <summary>None: all stream from the leader.</summary>
    Off,

    /// <summary>
    /// In each site but the leader's, all but one: WAL crosses the line between two sites once, as far as commits do
    /// not need more members to confirm them.
    /// </summary>
    BySite,
}

/// <summary>What a confirmed commit is worth.</summary>
public enum Durability
{
    /// <summary>
    /// On at least one other member; with no standby left, on the primary alone (a loud event says so).
    /// </summary>
    Quorum,

    /// <summary>On at least one other member, always: with no standby left, commits wait.</summary>
    Strict,

    /// <summary>
    /// On the primary; a failover may lose the last moments: the lag limit and what came after the leader's last word.
    /// </summary>
    Async,
}
