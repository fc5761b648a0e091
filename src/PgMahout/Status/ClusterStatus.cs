using System.Collections.Immutable;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Proxying;

namespace PgMahout.Status;

/// <summary>The whole cluster as it is shown: a verdict first, then the facts it rests on.</summary>
/// <param name="Leader">Who holds the lease; null when nobody does or nobody can say.</param>
/// <param name="Timeline">The primary's.</param>
/// <param name="Recorded">Who is known to hold every confirmed commit, as the leadership record says.</param>
/// <param name="Effective">What the primary's commits wait for now; null when there is no primary to ask.</param>
/// <param name="LeaseLeft">Until the holder would be fenced, as it counts itself.</param>
/// <param name="Answered">How many of the members' agents answered.</param>
public sealed record ClusterStatus(
    string Cluster,
    ClusterState State,
    MemberName? Leader,
    Epoch? Epoch,
    TimelineId? Timeline,
    Durability? Durability,
    Timing? Timing,
    SynchronousSet? Recorded,
    SynchronousSet? Effective,
    TimeSpan? LeaseLeft,
    Pause? Pause,
    int? SupervisorPid,
    int Answered,
    ImmutableArray<MemberStatus> Members,
    ImmutableArray<Notice> Notices)
{
    /// <summary>Its processes are kept by the system's own units, not by a supervisor.</summary>
    public bool KeptByUnits { get; init; }

    public BackupObservation Backups { get; init; } = BackupObservation.None;

    public ProxyObservation Proxy { get; init; } = ProxyObservation.None;

    /// <summary>What it is to another region; null: it stands alone.</summary>
    public Region? Region { get; init; }

    /// <summary>Null: the cluster has none, or no agent tells of it.</summary>
    public AddressStatus? Address { get; init; }

    public MemberStatus? Find(MemberName name) => Members.FirstOrDefault(member => member.Name == name);

    public MemberStatus? LeadingMember => Leader is { } leader ? Find(leader) : null;

    public ExitCode ExitCode => State switch
    {
        ClusterState.Healthy => ExitCode.Ok,
        ClusterState.Degraded => ExitCode.Degraded,
        ClusterState.Down => ExitCode.Down,
        ClusterState.Unknown => ExitCode.Unknown,
    };
}

public enum ClusterState
{
    /// <summary>
    /// Writable, every other member streams, and commits wait for whom they should; where the cluster follows another
    /// region, every member streams.
    /// </summary>
    Healthy,

    /// <summary>Writable, but not all of that.</summary>
    Degraded,

    /// <summary>No writable leader.</summary>
    Down,

    /// <summary>Neither the store nor any agent says.</summary>
    Unknown,
}

/// <summary>Something an operator should know.</summary>
/// <param name="Code">Known to <c>explain</c>.</param>
/// <param name="Next">The command to run; empty when there is nothing to do but wait.</param>
public sealed record Notice(string Code, string Text, string Next);
