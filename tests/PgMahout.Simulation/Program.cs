using PgMahout.Core.Ha;
using PgMahout.Simulation;
using PgMahout.Simulation.World;

if (Options.Parse(args) is not { } options)
{
    Console.Error.WriteLine(Options.Usage);
    return 2;
}
if (!options.Trace)
    return new Suite(options, Console.Out).Play() ? 0 : 1;

var run = Run.Draw(options.FirstSeed, options.Profile);
Console.WriteLine(run.Plan);
foreach (var fault in run.Faults)
    Console.WriteLine(fault);
foreach (var line in run.Play(HaPolicy.Decide, ShellKnobs.Sound, traced: true).Trace!)
    Console.WriteLine(line);
return 0;
