using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Sabotage;

/// <summary>One way to be wrong: a broken policy, a broken shell, or both. The invariants must find it out.</summary>
/// <param name="Error">What is broken, as a sentence for people.</param>
/// <param name="Profile">Where it shows, if that is a small part of all schedules; null for all of them.</param>
internal sealed record Saboteur(
    string Name, string Error, Func<ClusterView, Decision> Policy, ShellKnobs Knobs, Profile? Profile = null)
{
    public static Saboteur OfPolicy(string name, string error, Func<ClusterView, Decision> policy) =>
        new(name, error, policy, ShellKnobs.Sound);

    /// <summary>The sound policy is asked about a view that somebody has tampered with.</summary>
    public static Saboteur OfView(string name, string error, Func<ClusterView, ClusterView> tamper) =>
        OfPolicy(name, error, view => HaPolicy.Decide(tamper(view)));

    public static Saboteur OfShell(string name, string error, ShellKnobs knobs) =>
        new(name, error, HaPolicy.Decide, knobs);
}
