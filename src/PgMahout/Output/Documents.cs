using System.Collections.Immutable;
using PgMahout.Backups;
using PgMahout.Proxying;

namespace PgMahout.Output;

/// <summary>The JSON of <c>status -o json</c>. Stable: fields are added, never renamed or given another unit.</summary>
/// <param name="State">healthy, degraded, down or unknown.</param>
/// <param name="Leader">Who holds the lease.</param>
/// <param name="Archiver">Null while there is no repository, or no archiver has said anything.</param>
public sealed record StatusDocument(
    int Schema,
    string Cluster,
    string State,
    string? Leader,
    long? Epoch,
    uint? Timeline,
    string? Durability,
    double? RtoSeconds,
    SynchronousDocument? Synchronous,
    SynchronousDocument? SynchronousRecorded,
    double? LeaseLeftSeconds,
    PauseDocument? Pause,
    int? SupervisorPid,
    int Answered,
    DateTime At,
    ImmutableArray<MemberDocument> Members,
    ArchiverReport? Archiver,
    ImmutableArray<NoticeDocument> Notices)
{
    /// <summary>Null where there is none, or none that runs.</summary>
    public ProxyAccount? Proxy { get; init; }

    /// <summary>The address that goes with the leadership; null where there is none.</summary>
    public VirtualIpDocument? VirtualIp { get; init; }
}

/// <param name="Address">With the length of its network's prefix.</param>
/// <param name="Holders">On whose hosts it is.</param>
/// <param name="WithLeader">It is on the leader's host, and on no other.</param>
/// <param name="Rule">Of the process that keeps it on the leader's host; null when that does not run.</param>
/// <param name="Owner">The hardware address of who else answers for it.</param>
/// <param name="Complaint">What that process could not do.</param>
public sealed record VirtualIpDocument(
    string Address,
    string Interface,
    ImmutableArray<string> Holders,
    bool WithLeader,
    string? Rule,
    string? Owner,
    string? Complaint);

/// <param name="Role">primary, standby, none or unknown.</param>
/// <param name="Pid">The postmaster's.</param>
/// <param name="Lsn">End of its WAL on disk, as PostgreSQL prints it.</param>
public sealed record MemberDocument(
    string Name,
    string Role,
    string State,
    string Host,
    int Port,
    int? Pid,
    int? AgentPid,
    int? GuardPid,
    string DataDirectory,
    uint? Timeline,
    string? Lsn,
    long? LagBytes,
    bool Synchronous,
    string Rule,
    string Note,
    string? Upstream);

public sealed record SynchronousDocument(int Quorum, ImmutableArray<string> Voters);

public sealed record PauseDocument(double RemainingSeconds, string By, string Reason);

public sealed record NoticeDocument(string Code, string Text, string Next);

/// <summary>The JSON of <c>up -o json</c>.</summary>
public sealed record UpDocument(int Schema, string Uri, string Home, StatusDocument Status);

/// <summary>The JSON of <c>history -o json</c>.</summary>
public sealed record HistoryDocument(int Schema, string Cluster, ImmutableArray<HistoryEntryDocument> Entries);

/// <param name="Details">JSON of its own, as the member wrote it; null when there is nothing more to say.</param>
public sealed record HistoryEntryDocument(
    long Sequence,
    DateTime At,
    string? Member,
    string Kind,
    long Epoch,
    uint? Timeline,
    string Text,
    System.Text.Json.JsonElement? Details);

/// <summary>The JSON of <c>explain -o json</c>.</summary>
public sealed record ExplanationDocument(
    int Schema, string Cluster, string? Leader, ImmutableArray<MemberExplanationDocument> Members);

/// <param name="Silence">Why the agent said nothing; null when it answered.</param>
public sealed record MemberExplanationDocument(
    string Member,
    string? Rule,
    string? Meaning,
    string? Sentence,
    string? IfPrimaryDied,
    ImmutableArray<CandidateDocument> Candidates,
    string? Silence);

public sealed record CandidateDocument(string Name, string? Position, string? WhyNot);

/// <summary>The JSON of <c>explain CODE -o json</c>.</summary>
public sealed record MeaningDocument(int Schema, string Name, string Meaning, int? ExitCode);

/// <summary>The JSON of the verbs that do one thing to the cluster.</summary>
/// <param name="Text">What was done, as one sentence.</param>
public sealed record DoneDocument(int Schema, string Verb, string Cluster, string Text, string? Leader);

/// <summary>The JSON of <c>uri -o json</c>.</summary>
public sealed record UriDocument(int Schema, string Uri, string PassFile);

/// <summary>The JSON of <c>version -o json</c>.</summary>
public sealed record VersionDocument(
    int Schema, string Version, string Runtime, string? PostgresVersion, string? PostgresDirectory);
