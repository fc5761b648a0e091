using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.HostTests.Chaos.Checking;

/// <summary>The faults of a seed: the same ones each time. Each kind comes once before any comes again.</summary>
internal static class FaultPlan
{
    private const double Overlapping = 0.25;
    private const double Unhealed = 0.25;
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(0.3);

    /// <summary>Somewhat longer than a lease of three seconds, so that about a third outlasts it.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(4.5);

    /// <param name="count">Of faults, not of steps.</param>
    public static ImmutableArray<Step> From(ulong seed, int count)
    {
        var random = new Prng(seed);
        var kinds = Kinds(random, count);
        var steps = ImmutableArray.CreateBuilder<Step>();
        for (var at = 0; at < kinds.Length;)
        {
            var many = at + 1 < kinds.Length && random.Chance(Overlapping) ? 2 : 1;
            var first = Drawn(random, kinds[at], TimeSpan.Zero);
            var faults = ImmutableArray.Create(first);
            if (many == 2)
                faults = faults.Add(Drawn(random, kinds[at + 1], random.Between(TimeSpan.Zero, first.Lasts)));
            steps.Add(new Step(faults, !random.Chance(Unhealed)));
            at += many;
        }
        return steps.ToImmutable();
    }

    private static ImmutableArray<FaultKind> Kinds(Prng random, int count)
    {
        var kinds = ImmutableArray.CreateBuilder<FaultKind>();
        while (kinds.Count < count)
            kinds.AddRange(Shuffled(random, Enum.GetValues<FaultKind>()));
        return [.. kinds.Take(count)];
    }

    private static FaultKind[] Shuffled(Prng random, FaultKind[] kinds)
    {
        for (var i = kinds.Length - 1; i > 0; i--)
        {
            var j = random.Below(i + 1);
            (kinds[i], kinds[j]) = (kinds[j], kinds[i]);
        }
        return kinds;
    }

    private static Fault Drawn(Prng random, FaultKind kind, TimeSpan after) =>
        new(kind, Where(random), after, random.Between(Shortest, Longest));

    // Most of what is worth knowing happens to the primary.
    private static Place Where(Prng random) => random.Below(10) switch
    {
        < 6 => Place.Primary,
        < 8 => Place.Standby,
        8 => Place.EtcdLeader,
        _ => Place.Last,
    };
}
