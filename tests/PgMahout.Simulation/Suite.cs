using PgMahout.Core.Ha;
using PgMahout.Simulation.Sabotage;
using PgMahout.Simulation.Scenarios;
using PgMahout.Simulation.Shrinking;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation;

/// <summary>Everything that one call of the program proves, in the order in which it is told.</summary>
internal sealed class Suite(Options options, TextWriter output)
{
    private const int SchedulesThatReachEveryRule = 20_000;
    private const int RunsPlayedTwice = 20;

    /// <summary>What only a cluster with a twin does; here that is one profile's.</summary>
    private static readonly Rule[] BesideRegion =
    [
        Rule.LeadAsStandby, Rule.PointAtRegion, Rule.StopForRegion, Rule.YieldRegion, Rule.AwaitRegion,
        Rule.AwaitRegionWal, Rule.AdoptRegion,
    ];

    private readonly Verdict _verdict = new(output);

    public bool Play()
    {
        ProveRepeatable();
        PlayScenarios();
        PlaySchedules();
        if (options.Sabotage)
            PlaySaboteurs();
        _verdict.Write();
        return _verdict.Good;
    }

    /// <summary>
    /// Everything here rests on a seed being a run; chance that leaks in from elsewhere would make it a story.
    /// </summary>
    private void ProveRepeatable()
    {
        for (var index = 0; index < RunsPlayedTwice; index++)
        {
            var run = Run.Draw(options.FirstSeed + (ulong)index, options.Profile);
            var (first, second) = (PlaySound(run), PlaySound(run));
            if (first.SequenceEqual(second))
                continue;
            _verdict.Count(false, $"seed {run.Seed} gives the same run twice");
            return;
        }
        _verdict.Count(true, "a seed always gives the same run");
    }

    private static List<string> PlaySound(Run run) => run.Play(HaPolicy.Decide, ShellKnobs.Sound, traced: true).Trace!;

    private void PlayScenarios()
    {
        foreach (var scenario in AllScenarios.All)
        {
            var violation = scenario.Run.Play(HaPolicy.Decide, ShellKnobs.Sound).Violation;
            _verdict.Count(violation is null, $"scenario {scenario.Name}: {violation?.Invariant}: {violation?.What}");
            if (Saboteurs.All.FirstOrDefault(known => known.Name == scenario.BrokenBy) is { } saboteur)
                _verdict.Count(
                    scenario.Run.Play(saboteur.Policy, saboteur.Knobs).Violation is not null,
                    $"scenario {scenario.Name} breaks {saboteur.Name}");
        }
        output.WriteLine($"{AllScenarios.All.Count} scenarios, the lessons of earlier failures");
    }

    private void PlaySchedules()
    {
        var campaign = new Campaign(HaPolicy.Decide, ShellKnobs.Sound, options.Profile);
        campaign.Play(options.FirstSeed, options.Schedules, options.Parallel);
        output.WriteLine($"{campaign.Schedules} schedules from seed {options.FirstSeed}: "
            + $"{campaign.Schedules / campaign.Elapsed.TotalSeconds:F0} per second, "
            + $"{campaign.VirtualSeconds / 3600:F1} hours of virtual time, "
            + $"{campaign.Events / campaign.Schedules} events each");
        foreach (var (invariant, count) in campaign.Broken)
            output.WriteLine($"  {invariant} was broken in {count}");
        foreach (var group in campaign.Failures.GroupBy(failure => failure.Violation.Invariant))
        {
            FailureReport.Write(output, group.First().Run, group.First().Violation, HaPolicy.Decide);
            output.WriteLine($"  repeat  {Repeat(group.First().Run)}");
            foreach (var (run, violation) in group.Skip(1))
                output.WriteLine($"  also    {Repeat(run)}  ({violation.What})");
        }
        _verdict.Count(campaign.Failed == 0, $"{campaign.Failed} of {campaign.Schedules} schedules broke an invariant");
        JudgeCoverage(campaign);
    }

    /// <summary>The command that shows a run again; without its profile a seed is another run.</summary>
    private string Repeat(Run run) => $"PgMahout.Simulation --trace --seed {run.Seed}"
        + (options.Profile is { } profile ? $" --profile {profile.Name}" : "");

    private void JudgeCoverage(Campaign campaign)
    {
        var missed = Enum.GetValues<Rule>()
            .Where(rule => campaign.RuleCounts[(int)rule] == 0 && !BesideRegion.Contains(rule))
            .ToArray();
        if (options.Coverage)
            foreach (var rule in Enum.GetValues<Rule>())
                output.WriteLine($"  {rule,-24}{campaign.RuleCounts[(int)rule],12}");
        output.WriteLine($"{RuleText(missed)}");
        if (options.Schedules >= SchedulesThatReachEveryRule && options.Profile is null)
            _verdict.Count(missed.Length == 0, "every rule is reached");
    }

    private static string RuleText(Rule[] missed) => missed.Length == 0
        ? $"all {Enum.GetValues<Rule>().Length} rules reached"
        : $"rules never reached: {string.Join(", ", missed)}";

    private void PlaySaboteurs()
    {
        foreach (var saboteur in SabotageTable.Play(output, options))
            _verdict.Count(saboteur.Caught, $"sabotage {saboteur.Name} is caught");
    }
}
