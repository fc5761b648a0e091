using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Vocabulary;

public sealed class PrngTests
{
    /// <summary>The published vectors of SplitMix64: a recorded seed must replay for ever.</summary>
    [Theory]
    [InlineData(0UL, 0xE220A8397B1DCDAFUL, 0x6E789E6AA1B965F4UL, 0x06C45D188009454FUL)]
    [InlineData(1234567UL, 6457827717110365317UL, 3203168211198807973UL, 9817491932198370423UL)]
    public void Sequence_of_a_seed_is_fixed(ulong seed, ulong first, ulong second, ulong third)
    {
        var random = new Prng(seed);

        Assert.Equal([first, second, third], new[] { random.Next(), random.Next(), random.Next() });
    }

    [Fact]
    public void Below_stays_below_and_reaches_every_number()
    {
        var random = new Prng(1);

        var seen = Enumerable.Range(0, 1000).Select(_ => random.Below(7)).Distinct().Order();

        Assert.Equal(Enumerable.Range(0, 7), seen);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Below_nothing_is_refused(int bound) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Prng(1).Below(bound));

    [Fact]
    public void Fractions_fill_the_unit_interval_without_its_end()
    {
        var random = new Prng(2);

        var drawn = Enumerable.Range(0, 10_000).Select(_ => random.Fraction()).ToList();

        Assert.All(drawn, fraction => Assert.InRange(fraction, 0, Math.BitDecrement(1.0)));
        Assert.InRange(drawn.Average(), 0.48, 0.52);
    }

    [Fact]
    public void Spans_lie_between_their_bounds()
    {
        var random = new Prng(3);
        var (low, high) = (TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(20));

        Assert.All(Enumerable.Range(0, 1000), _ => Assert.InRange(random.Between(low, high), low, high));
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.InRange(random.Between(-1.0, 2.0), -1.0, 2.0));
    }

    [Fact]
    public void Certain_and_impossible_are_not_chances()
    {
        var random = new Prng(4);

        Assert.DoesNotContain(Enumerable.Range(0, 1000), _ => random.Chance(0));
        Assert.DoesNotContain(Enumerable.Range(0, 1000), _ => !random.Chance(1));
    }
}
