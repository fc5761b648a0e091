using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Shrinking;

/// <summary>What a person needs to understand a broken invariant and to see it again.</summary>
internal static class FailureReport
{
    private const int LastEvents = 40;

    public static void Write(TextWriter output, Run failing, Violation violation, Func<ClusterView, Decision> policy)
    {
        var smallest = Shrinker.Shrink(failing, violation.Invariant, policy, ShellKnobs.Sound);
        var again = smallest.Play(policy, ShellKnobs.Sound, traced: true);
        output.WriteLine($"VIOLATION {violation.Invariant}: {again.Violation?.What ?? violation.What}");
        output.WriteLine($"  seed    {failing.Seed}");
        output.WriteLine($"  world   {failing.Plan}");
        output.WriteLine($"  faults  {smallest.Faults.Length} of {failing.Faults.Length} are needed:");
        foreach (var fault in smallest.Faults)
            output.WriteLine($"    {fault,-64} {fault.Code}");
        output.WriteLine($"  the last {LastEvents} events:");
        foreach (var line in (again.Trace ?? []).TakeLast(LastEvents))
            output.WriteLine("    " + line);
    }
}
