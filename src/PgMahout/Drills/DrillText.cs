using System.Globalization;
using PgMahout.Output;

namespace PgMahout.Drills;

/// <summary>A drill's outcome for people and for shell scripts.</summary>
internal static class DrillText
{
    private static readonly string[] Heading =
    [
        "RUN", "OUTAGE", "LOST", "DUAL", "REDUNDANT", "WRITES", "FAILED", "LEADER",
        "ERROR", "NEW LEADER", "WRITABLE", "ACK",
    ];

    public static string Human(DrillDocument drill)
    {
        List<string[]> rows = [Heading];
        rows.AddRange(drill.Runs.Select(Row));
        return $"{Columns.Align(rows)}\n\n{Sentence(drill)}";
    }

    public static string Plain(DrillDocument drill)
    {
        var lines = drill.Runs.Select(run => Columns.Tabbed([.. Row(run).Prepend("run")]));
        return string.Join('\n', lines.Append(Columns.Tabbed(
            "summary",
            Number(drill.Summary.OutageMsMedian),
            Number(drill.Summary.OutageMsMax),
            drill.Summary.LostCommits.ToString(CultureInfo.InvariantCulture),
            drill.Summary.DualPrimary ? "true" : "false")));
    }

    public static string Progress(DrillRunDocument run, int runs) => string.Create(
        CultureInfo.InvariantCulture,
        $"[{run.Run}/{runs}] {run.From} -> {run.To}: outage {run.OutageMs} ms, {run.LostCommits} lost, "
        + $"{(run.DualPrimary ? "TWO PRIMARIES" : "one primary")}, redundant after {Number(run.FullRedundancyMs)} ms")
        + (run.Crowd is { } crowd ? $"; {Errors(crowd)}" : "");

    /// <summary>What clients of the proxy were told.</summary>
    private static string Errors(DrillCrowdDocument crowd) => string.Create(
        CultureInfo.InvariantCulture,
        $"of {crowd.Clients} clients {crowd.AvoidableErrors} errors between transactions, {crowd.RolledBack} "
        + $"transactions rolled back, {crowd.Doubtful} in doubt, waits {crowd.WaitMsMedian} ms")
        + string.Concat(crowd.Errors.Select(text => $"\n      {text}"));

    public static string Sentence(DrillDocument drill) => string.Create(
        CultureInfo.InvariantCulture,
        $"drill {drill.Drill}: {drill.Runs.Length} runs, outage median {drill.Summary.OutageMsMedian} ms, "
        + $"worst {drill.Summary.OutageMsMax} ms, {drill.Summary.LostCommits} acknowledged commits lost, "
        + $"{(drill.Summary.DualPrimary ? "two primaries at once" : "never two primaries")}")
        + (drill.Runs.Any(run => run.Crowd is not null)
            ? $"; through the proxy {drill.Summary.AvoidableErrors} errors between transactions, "
                + $"{drill.Summary.RolledBack} transactions rolled back, {drill.Summary.Doubtful} in doubt"
            : "");

    private static string[] Row(DrillRunDocument run) =>
    [
        run.Run.ToString(CultureInfo.InvariantCulture),
        Number(run.OutageMs),
        run.LostCommits.ToString(CultureInfo.InvariantCulture),
        run.DualPrimary ? "YES" : "no",
        Number(run.FullRedundancyMs),
        run.Acknowledged.ToString(CultureInfo.InvariantCulture),
        run.FailedWrites.ToString(CultureInfo.InvariantCulture),
        $"{run.From}->{run.To}",
        Number(run.Phases.FirstErrorMs),
        Number(run.Phases.NewLeaderMs),
        Number(run.Phases.FirstWritableMs),
        Number(run.Phases.FirstAckMs),
    ];

    private static string Number(double? value) => value?.ToString("0.#", CultureInfo.InvariantCulture) ?? "-";
}
