using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;
using PgMahout.Simulation.Faults;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Scenarios;

/// <summary>A run that once broke something, made as small as it goes and played again ever since.</summary>
/// <param name="Lesson">What it taught, as a sentence.</param>
internal sealed record Scenario(string Name, string Lesson, ulong Seed, ImmutableArray<Fault> Faults)
{
    public Run Run => new(Seed, WorldPlan.Draw(new Prng(Seed)), Faults);
}
