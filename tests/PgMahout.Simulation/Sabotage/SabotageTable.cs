namespace PgMahout.Simulation.Sabotage;

/// <summary>
/// Plays each saboteur until it is caught, and tells after how many schedules and by which invariant.
/// </summary>
internal static class SabotageTable
{
    private const int Limit = 6_000;

    public static List<(string Name, bool Caught)> Play(TextWriter output, Options options)
    {
        var results = new List<(string, bool)>();
        output.WriteLine($"{"sabotage",-26}{"schedules",10}  caught by");
        foreach (var saboteur in Saboteurs.All)
        {
            var campaign = new Campaign(saboteur.Policy, saboteur.Knobs, saboteur.Profile);
            campaign.Play(options.FirstSeed, Limit, options.Parallel, stopAtFirst: true);
            var caught = campaign.Failures.Count > 0;
            results.Add((saboteur.Name, caught));
            output.WriteLine($"{saboteur.Name,-26}" + (caught
                ? Caught(campaign, options.FirstSeed)
                : $"{campaign.Schedules,10}  NOT CAUGHT: {saboteur.Error}"));
        }
        return results;
    }

    private static string Caught(Campaign campaign, ulong firstSeed)
    {
        var (run, violation) = campaign.Failures[0];
        return $"{run.Seed - firstSeed + 1,10}  {violation.Invariant}";
    }
}
