using System.Collections.Immutable;
using PgMahout.Agent.Api;
using PgMahout.Backups;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Configuration;
using PgMahout.Core.Vocabulary;
using PgMahout.Proxying;

namespace PgMahout.Status;

/// <summary>Everything that was read for one status; the verdict depends on nothing else.</summary>
/// <param name="Name">The cluster's name; a placeholder when the store cannot be read.</param>
/// <param name="Spec">Null when the store cannot be read.</param>
/// <param name="Store">What decisions read; null when the store cannot be read.</param>
/// <param name="StoreProblem">Why it cannot; null when it can.</param>
/// <param name="Rollout">A change of configuration that some members have; null when there is none.</param>
public sealed record ClusterObservation(
    string Name,
    ClusterSpec? Spec,
    StoreContent? Store,
    string? StoreProblem,
    int? SupervisorPid,
    ImmutableArray<MemberObservation> Members,
    Rollout? Rollout = null)
{
    /// <summary>This home is one host of several: there the system's own units keep the processes.</summary>
    public bool KeptByUnits { get; init; }

    /// <summary>What there is of backups.</summary>
    public BackupObservation Backups { get; init; } = BackupObservation.None;

    /// <summary>The one address for clients.</summary>
    public ProxyObservation Proxy { get; init; } = ProxyObservation.None;

    /// <summary>The store's record, else the newest that any agent has read.</summary>
    public Leadership? Leadership =>
        Store is not null
            ? Store.Leadership
            : Members
                .Select(member => member.Status?.Leadership)
                .OfType<Leadership>()
                .MaxBy(leadership => leadership.Epoch);
}

/// <summary>One member, as its agent says, or why it says nothing.</summary>
/// <param name="Host">Null when the store, which knows it, cannot be read.</param>
/// <param name="PostmasterPid">Found on this machine without the agent's help.</param>
public sealed record MemberObservation(
    MemberName Name,
    string Host,
    int Port,
    string DataDirectory,
    AgentStatus? Status,
    string? Silence,
    int? PostmasterPid);

/// <summary>Backups, as far as the settings and the archiver's own report say.</summary>
/// <param name="Report">Null when it has said nothing yet.</param>
/// <param name="Age">Of the report.</param>
public sealed record BackupObservation(BackupSettings Settings, ArchiverReport? Report, TimeSpan Age)
{
    public static readonly BackupObservation None = new(BackupSettings.None, null, TimeSpan.Zero);
}
