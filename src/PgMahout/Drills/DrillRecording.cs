using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Drills;

/// <summary>Everything that was seen during one run. Times are milliseconds on the clock of the run.</summary>
/// <param name="IntervalMs">Between two writes when all is well.</param>
/// <param name="FaultMs">The moment before the fault was injected.</param>
/// <param name="EndMs">When the writer was stopped.</param>
/// <param name="Surviving">The rows that the primary had at the end.</param>
/// <param name="FullRedundancyMs">When the cluster was seen healthy again; null when it was not.</param>
public sealed record DrillRecording(
    int Run,
    double IntervalMs,
    double FaultMs,
    double EndMs,
    ImmutableArray<Acknowledgement> Acknowledged,
    ImmutableArray<double> FailuresMs,
    ImmutableHashSet<long> Surviving,
    MemberName From,
    double? NewLeaderMs,
    double? FirstWritableMs,
    double? FullRedundancyMs)
{
    /// <summary>What many clients of the proxy saw; null for the one that knows the members.</summary>
    public CrowdReport? Crowd { get; init; }
}
