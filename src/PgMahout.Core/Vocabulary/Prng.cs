namespace PgMahout.Core.Vocabulary;

/// <summary>
/// A seeded generator (SplitMix64, Steele, Lea and Flood 2014): the same seed gives the same sequence on every
/// machine and runtime, which <see cref="Random"/> does not promise.
/// </summary>
public sealed class Prng(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A whole number from 0 to <paramref name="bound"/> - 1.</summary>
    public int Below(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)(((Next() >> 32) * (ulong)bound) >> 32);
    }

    /// <summary>A number in [0, 1).</summary>
    public double Fraction() => (Next() >> 11) * (1.0 / (1UL << 53));

    public double Between(double low, double high) => low + (high - low) * Fraction();

    public TimeSpan Between(TimeSpan low, TimeSpan high) =>
        low + TimeSpan.FromTicks((long)((high - low).Ticks * Fraction()));

    public bool Chance(double probability) => Fraction() < probability;
}
