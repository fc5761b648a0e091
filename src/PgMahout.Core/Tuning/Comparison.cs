using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Tuning;

/// <summary>One run without and one with the settings, made one after the other.</summary>
/// <param name="Without">Transactions per second, above 0.</param>
public sealed record Round(double Without, double With)
{
    public double Ratio => With / Without;
}

/// <summary>What a comparison may conclude.</summary>
public enum Finding
{
    Better,
    Worse,

    /// <summary>The rounds contradict each other, or are too few.</summary>
    Undecided,
}

/// <summary>
/// Interleaved rounds of the same work. Machines drift, so only the two runs of one round are compared; how sure the
/// answer is comes from how much the rounds differ.
/// </summary>
public sealed record Comparison(ImmutableArray<Round> Rounds)
{
    private const int FewestRounds = 3;
    private const int Resamples = 2000;
    private const double Tail = 0.05;

    /// <summary>The median of the rounds' ratios; above 1 is better.</summary>
    public double Ratio => Median(Rounds.Select(round => round.Ratio));

    public double Without => Median(Rounds.Select(round => round.Without));

    public double With => Median(Rounds.Select(round => round.With));

    /// <summary>
    /// Where nine of ten repetitions would lie, if the rounds are what rounds here are like: the geometric mean of the
    /// ratios, drawn again from them with replacement.
    /// </summary>
    public (double Low, double High) Interval
    {
        get
        {
            var random = new Prng(1);
            var logs = Rounds.Select(round => Math.Log(round.Ratio)).ToArray();
            var means = Enumerable.Range(0, Resamples)
                .Select(_ => logs.Average(_ => logs[random.Below(logs.Length)]))
                .Order().ToArray();
            return (
                Math.Exp(means[(int)(Resamples * Tail)]),
                Math.Exp(means[(int)(Resamples * (1 - Tail)) - 1]));
        }
    }

    /// <summary>Only what every round agrees on is a finding.</summary>
    public Finding Finding
    {
        get
        {
            if (IsTooShort)
                return Finding.Undecided;
            var (low, high) = Interval;
            return low > 1 && Agree(above: true) ? Finding.Better
                : high < 1 && Agree(above: false) ? Finding.Worse
                : Finding.Undecided;
        }
    }

    /// <summary>So few rounds that they may agree by chance.</summary>
    public bool IsTooShort => Rounds.Length < FewestRounds;

    public int RoundsBetter => Rounds.Count(round => round.Ratio > 1);

    private bool Agree(bool above) => Rounds.All(round => round.Ratio > 1 == above);

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
