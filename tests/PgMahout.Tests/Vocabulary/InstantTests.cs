using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Vocabulary;

public sealed class InstantTests
{
    private static readonly Instant Second = new(1_000_000_000);

    [Fact]
    public void Spans_are_added_and_found_again()
    {
        var later = Second + TimeSpan.FromMilliseconds(250);

        Assert.Equal(new Instant(1_250_000_000), later);
        Assert.Equal(TimeSpan.FromMilliseconds(250), later - Second);
        Assert.Equal(Second, later - TimeSpan.FromMilliseconds(250));
    }

    [Fact]
    public void Never_stays_never()
    {
        Assert.Equal(Instant.Never, Instant.Never + TimeSpan.FromDays(1));
        Assert.Equal(Instant.Never, Instant.Never - TimeSpan.FromDays(1));
        Assert.True(Instant.Never > Second);
        Assert.Equal("never", Instant.Never.ToString());
    }

    [Fact]
    public void Overflow_is_not_a_moment_in_the_past() =>
        Assert.Throws<OverflowException>(() => new Instant(long.MaxValue - 1) + TimeSpan.FromSeconds(1));

    [Fact]
    public void Earlier_and_later_are_told_apart()
    {
        Assert.Equal(Instant.Zero, Instant.Min(Instant.Zero, Second));
        Assert.Equal(Second, Instant.Max(Instant.Zero, Second));
        Assert.Equal("1.000s", Second.ToString());
    }
}
