using PgMahout.CommandLine;
using Xunit;

namespace PgMahout.Tests.CommandLine;

public sealed class DurationsTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("3s", 3000)]
    [InlineData("1.5s", 1500)]
    [InlineData("10m", 600_000)]
    [InlineData("2 h", 7_200_000)]
    [InlineData("1d", 86_400_000)]
    public void A_number_and_a_unit_is_a_duration(string text, double milliseconds)
    {
        Assert.True(Durations.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("3")]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("s")]
    [InlineData("0s")]
    [InlineData("-3s")]
    [InlineData("3 weeks")]
    [InlineData("1e9d")]
    [InlineData("99999999d")]
    public void Anything_else_is_refused(string? text) => Assert.False(Durations.TryParse(text, out _));

    [Theory]
    [InlineData(0.012, "12 ms")]
    [InlineData(1.9, "1.9 s")]
    [InlineData(125, "2 min 05 s")]
    [InlineData(3660, "1 h 01 min")]
    [InlineData(3 * 86400 + 4 * 3600, "3 d 04 h")]
    [InlineData(-5, "0 ms")]
    public void People_read_two_units_at_most(double seconds, string text) =>
        Assert.Equal(text, Durations.Text(TimeSpan.FromSeconds(seconds)));
}
