using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;
using PgMahout.Simulation.Faults;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Scenarios;

/// <summary>A run that once broke something, made as small as it goes and played again ever since.</summary>
/// <param name="Lesson">What it taught, as a sentence.</param>
internal sealed record Scenario(string Name, string Lesson, ulong Seed, ImmutableArray<Fault> Faults)
{
    /// <summary>The corner that the world was bent to; null for none.</summary>
    public Profile? Profile { get; init; }

    /// <summary>
    /// The saboteur that has not learnt the lesson, and so must fail here: else the run has become another one.
    /// </summary>
    public string? BrokenBy { get; init; }

    public Run Run
    {
        get
        {
            var drawn = WorldPlan.Draw(new Prng(Seed));
            return new Run(Seed, Profile?.Bend(drawn) ?? drawn, Faults);
        }
    }
}
