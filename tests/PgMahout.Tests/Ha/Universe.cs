using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Tests.Cluster;

namespace PgMahout.Tests.Ha;

/// <summary>A view and the changes it is made of.</summary>
internal sealed record Sight(ClusterView View, ImmutableStack<Change> Changes)
{
    public static readonly Sight Start = new(Example.View(Example.A), []);

    public Sight? After(Change change) =>
        change.Apply(View) is { } changed ? new Sight(changed, Changes.Push(change)) : null;

    public override string ToString() =>
        string.Join(" | ", Changes.Reverse().Select(change => change.Name).Where(name => name.Length > 0));
}

/// <summary>The small views, all of them, and samples of those that are too many.</summary>
internal static class Universe
{
    private static readonly Change[] Specs = [.. Dimensions.Specs];
    private static readonly Change[] Reigns = [.. Dimensions.Reigns];
    private static readonly Change[] Instances = [.. Dimensions.Instances];
    private static readonly Change[] Seals = [.. Dimensions.Seals];
    private static readonly Change[] FirstsWords = [.. Dimensions.FirstsWords];
    private static readonly Change[] SecondsWords = [Change.None, .. Dimensions.SecondsWords];
    private static readonly Change[] Circumstances = [.. Dimensions.Circumstances];
    private static readonly Change[] Settled = [Change.None, .. SecondsWords.Where(word => Says(word, "level"))];
    private static readonly Change[] Telling =
        [.. FirstsWords.Where(word => Says(word, "silent") || Says(word, "ahead, sealed") || Says(word, "primary"))];

    /// <summary>Every combination in which nothing out of the ordinary happens at the same time.</summary>
    public static IEnumerable<Sight> Ordinary =>
        Product([Sight.Start], Specs, Reigns, Instances, Seals, FirstsWords, SecondsWords);

    /// <summary>Every single circumstance, with the seal and the peers' words that matter most.</summary>
    public static IEnumerable<Sight> Circumstantial =>
        Product([Sight.Start], Specs, Reigns, Instances, Seals[..1], Telling, Settled, Circumstances);

    /// <summary>Views drawn from all combinations, with up to three circumstances at once.</summary>
    public static IEnumerable<Sight> Sample(ulong seed, int count)
    {
        var random = new Prng(seed);
        for (var drawn = 0; drawn < count;)
        {
            var sight = Draw(random, Specs, Reigns, Instances, Seals, FirstsWords, SecondsWords);
            for (var more = random.Below(4); more > 0 && sight is not null; more--)
                sight = sight.After(Circumstances[random.Below(Circumstances.Length)]);
            if (sight is null)
                continue;
            drawn++;
            yield return sight;
        }
    }

    private static bool Says(Change word, string text) => word.Name.Contains(text, StringComparison.Ordinal);

    private static Sight? Draw(Prng random, params Change[][] dimensions) =>
        dimensions.Aggregate(
            (Sight?)Sight.Start, (sight, changes) => sight?.After(changes[random.Below(changes.Length)]));

    private static IEnumerable<Sight> Product(IEnumerable<Sight> sights, params Change[][] dimensions) =>
        dimensions.Aggregate(sights, (all, changes) => all.SelectMany(sight => Changed(sight, changes)));

    private static IEnumerable<Sight> Changed(Sight sight, Change[] changes)
    {
        foreach (var change in changes)
            if (sight.After(change) is { } changed)
                yield return changed;
    }
}
