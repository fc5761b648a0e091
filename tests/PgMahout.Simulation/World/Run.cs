using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Simulation.Faults;
using PgMahout.Simulation.Invariants;

namespace PgMahout.Simulation.World;

/// <summary>
/// One run: chaos under the eyes of the invariants, then healing, then what every cluster must come back to.
/// </summary>
/// <param name="Seed">Draws the world and everything that happens by chance in it.</param>
internal sealed record Run(ulong Seed, WorldPlan Plan, ImmutableArray<Fault> Faults)
{
    /// <param name="profile">Null for all schedules.</param>
    public static Run Draw(ulong seed, Profile? profile = null)
    {
        var chance = new Prng(seed);
        var drawn = WorldPlan.Draw(chance);
        var plan = profile?.Bend(drawn) ?? drawn;
        // Of a chance of their own: the worlds of old seeds, and the lessons in them, stay what they were.
        var sites = new Prng(seed ^ 0x517E5UL);
        if (plan is { Sites.IsEmpty: true, Members: > 2 } && sites.Chance(0.3))
            plan = plan.AtSites(sites);
        return new Run(seed, plan, FaultPlan.Draw(chance, plan, profile?.Tune));
    }

    public Outcome Play(Func<ClusterView, Decision> policy, ShellKnobs knobs, bool traced = false)
    {
        var world = new SimWorld(Plan, Seed, policy, knobs);
        if (traced)
            world.Trace = [];
        var injector = new FaultInjector(world, Faults);
        var chaosEnds = Math.Max(
            SimWorld.Nanoseconds(Plan.Chaos), Faults.IsEmpty ? 0 : Faults.Max(fault => fault.At) * 1_000_000L) + 1;
        world.Run(chaosEnds);
        if (world.Violation is null)
        {
            world.Note(-1, "world", "everything is healed");
            injector.HealAll();
            world.Calm = true;
            new Liveness(world, injector).Watch();
        }
        return new Outcome(world.Violation, world.RuleCounts, world.Now, world.Events, world.Trace);
    }
}

/// <param name="VirtualTime">Nanoseconds that the world lived.</param>
internal sealed record Outcome(
    Violation? Violation, int[] RuleCounts, long VirtualTime, long Events, List<string>? Trace);
