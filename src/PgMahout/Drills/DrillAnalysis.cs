using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;
using PgMahout.Output;

namespace PgMahout.Drills;

/// <summary>What a recorded run says about the promises. Pure.</summary>
public static class DrillAnalysis
{
    public static DrillRunDocument Of(DrillRecording run)
    {
        var acknowledged = run.Acknowledged.Sort((left, right) => left.AtMs.CompareTo(right.AtMs));
        var successor = acknowledged.FirstOrDefault(one => one.AtMs >= run.FaultMs && one.Member != run.From);
        return new DrillRunDocument(
            run.Run,
            Math.Round(OutageMs(run, acknowledged), 1),
            acknowledged.Count(one => !run.Surviving.Contains(one.Sequence)),
            HasTwoPrimaries(acknowledged),
            SinceFault(run, run.FullRedundancyMs),
            acknowledged.Length,
            run.FailuresMs.Length,
            run.From.Text,
            acknowledged is [.., var last] ? last.Member.Text : null,
            new DrillPhasesDocument(
                SinceFault(run, run.FailuresMs.Where(at => at >= run.FaultMs).Select(at => (double?)at).Min()),
                SinceFault(run, run.NewLeaderMs),
                SinceFault(run, run.FirstWritableMs),
                SinceFault(run, successor?.AtMs)))
        {
            Crowd = run.Crowd is { } crowd ? Of(crowd, run) : null,
        };
    }

    private static DrillCrowdDocument Of(CrowdReport crowd, DrillRecording run)
    {
        var errors = crowd.Errors.Where(error => error.AtMs >= run.FaultMs).ToArray();
        return new DrillCrowdDocument(
            crowd.Clients,
            errors.Count(error => error.Kind == CrowdErrorKind.Avoidable),
            errors.Count(error => error.Kind == CrowdErrorKind.RolledBack),
            errors.Count(error => error.Kind == CrowdErrorKind.Doubtful),
            Median([.. crowd.Waits(run).Order()]),
            [.. errors.Select(error => error.Text).Distinct().Order(StringComparer.Ordinal)]);
    }

    public static DrillSummaryDocument Summary(ImmutableArray<DrillRunDocument> runs) => new(
        Median([.. runs.Select(run => run.OutageMs).Order()]),
        runs.IsEmpty ? 0 : runs.Max(run => run.OutageMs),
        runs.Sum(run => run.LostCommits),
        runs.Any(run => run.DualPrimary),
        runs.All(run => run.FullRedundancyMs is not null) ? runs.Max(run => run.FullRedundancyMs) : null)
    {
        AvoidableErrors = runs.Sum(run => run.Crowd?.AvoidableErrors ?? 0),
        RolledBack = runs.Sum(run => run.Crowd?.RolledBack ?? 0),
        Doubtful = runs.Sum(run => run.Crowd?.Doubtful ?? 0),
    };

    public static DrillDocument Document(
        DrillKind kind, string cluster, double rate, ImmutableArray<DrillRunDocument> runs) =>
        new(DocumentJson.Schema, Word(kind), cluster, rate, runs, Summary(runs));

    public static string Word(DrillKind kind) => kind switch
    {
        DrillKind.Failover => "failover",
        DrillKind.Switchover => "switchover",
        DrillKind.Freeze => "freeze",
        DrillKind.Agent => "agent",
    };

    /// <summary>
    /// The longest time without an acknowledgement that ended after the fault, less the one interval that passes
    /// between two writes anyway. A run that never saw another acknowledgement was out until its end.
    /// </summary>
    private static double OutageMs(DrillRecording run, ImmutableArray<Acknowledgement> acknowledged)
    {
        var before = acknowledged.LastOrDefault(one => one.AtMs < run.FaultMs)?.AtMs ?? run.FaultMs;
        var longest = 0.0;
        foreach (var one in acknowledged.Where(one => one.AtMs >= run.FaultMs))
        {
            longest = Math.Max(longest, one.AtMs - before);
            before = one.AtMs;
        }
        longest = Math.Max(longest, run.EndMs - before);
        return Math.Max(0, longest - run.IntervalMs);
    }

    /// <summary>
    /// An older timeline acknowledged after a newer one had begun to, or two members acknowledged on one timeline.
    /// </summary>
    private static bool HasTwoPrimaries(ImmutableArray<Acknowledgement> acknowledged)
    {
        var newest = TimelineId.First;
        var writers = new Dictionary<TimelineId, MemberName>();
        foreach (var one in acknowledged)
        {
            if (one.Timeline < newest)
                return true;
            newest = one.Timeline;
            if (!writers.TryAdd(one.Timeline, one.Member) && writers[one.Timeline] != one.Member)
                return true;
        }
        return false;
    }

    private static double? SinceFault(DrillRecording run, double? at) =>
        at is { } moment ? Math.Round(moment - run.FaultMs, 1) : null;

    private static double Median(double[] sorted)
    {
        if (sorted.Length == 0)
            return 0;
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : Math.Round((sorted[middle - 1] + sorted[middle]) / 2, 1);
    }
}
