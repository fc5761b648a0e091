using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Shrinking;

/// <summary>Leaves out faults, as long as the same invariant is still broken, until each one left is needed.</summary>
internal static class Shrinker
{
    public static Run Shrink(Run failing, string invariant, Func<ClusterView, Decision> policy, ShellKnobs knobs)
    {
        var smallest = failing;
        for (var smaller = true; smaller;)
        {
            smaller = false;
            for (var index = smallest.Faults.Length - 1; index >= 0; index--)
            {
                var without = smallest with { Faults = smallest.Faults.RemoveAt(index) };
                if (without.Play(policy, knobs).Violation?.Invariant != invariant)
                    continue;
                smallest = without;
                smaller = true;
            }
        }
        return smallest;
    }
}
