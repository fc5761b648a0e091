using System.Collections.Immutable;

namespace PgMahout.Drills;

/// <summary>The JSON of <c>drill -o json</c>. Times are milliseconds.</summary>
public sealed record DrillDocument(
    int Schema,
    string Drill,
    string Cluster,
    double RatePerSecond,
    ImmutableArray<DrillRunDocument> Runs,
    DrillSummaryDocument Summary);

/// <param name="OutageMs">The longest time without an acknowledged write around the fault, less one interval.</param>
/// <param name="LostCommits">Acknowledged rows that were missing at the end.</param>
/// <param name="DualPrimary">Two members acknowledged writes at once, or an older one after a newer one.</param>
/// <param name="FullRedundancyMs">From the fault to a healthy cluster; null when that was not reached.</param>
public sealed record DrillRunDocument(
    int Run,
    double OutageMs,
    int LostCommits,
    bool DualPrimary,
    double? FullRedundancyMs,
    int Acknowledged,
    int FailedWrites,
    string? From,
    string? To,
    DrillPhasesDocument Phases)
{
    /// <summary>Null for a drill that does not go through the proxy.</summary>
    public DrillCrowdDocument? Crowd { get; init; }
}

/// <summary>What the clients of the proxy saw from the fault on.</summary>
/// <param name="AvoidableErrors">Of clients that were not in a transaction: they should only have waited.</param>
/// <param name="RolledBack">Transactions that were told that they did not commit.</param>
/// <param name="Doubtful">Transactions that were told that it is not known whether they committed.</param>
/// <param name="WaitMsMedian">Of the longest time that each client was without an answer.</param>
/// <param name="Errors">Each text once.</param>
public sealed record DrillCrowdDocument(
    int Clients,
    int AvoidableErrors,
    int RolledBack,
    int Doubtful,
    double WaitMsMedian,
    ImmutableArray<string> Errors);

/// <summary>From the fault on; null: it did not happen.</summary>
/// <param name="FirstErrorMs">The client first saw a write fail.</param>
/// <param name="NewLeaderMs">The leadership record named a new holder.</param>
/// <param name="FirstWritableMs">A connection found the new primary out of recovery.</param>
/// <param name="FirstAckMs">The new primary acknowledged a write.</param>
public sealed record DrillPhasesDocument(
    double? FirstErrorMs, double? NewLeaderMs, double? FirstWritableMs, double? FirstAckMs);

public sealed record DrillSummaryDocument(
    double OutageMsMedian,
    double OutageMsMax,
    int LostCommits,
    bool DualPrimary,
    double? FullRedundancyMsMax)
{
    public int AvoidableErrors { get; init; }
    public int RolledBack { get; init; }
    public int Doubtful { get; init; }
}
