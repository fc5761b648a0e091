using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Backup;

public sealed class FillForecastTests
{
    [Fact]
    public void A_disk_is_full_when_what_is_free_has_come_at_the_pace_of_now() =>
        Assert.Equal(TimeSpan.FromSeconds(100), FillForecast.Until(ByteSize.Megabytes(200), 2 << 20));

    [Fact]
    public void A_full_disk_is_full_now() => Assert.Equal(TimeSpan.Zero, FillForecast.Until(default, 1));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-5)]
    [InlineData(double.NaN)]
    public void Nothing_is_foretold_of_a_disk_that_fills_in_years_or_never(double perSecond) =>
        Assert.Null(FillForecast.Until(ByteSize.Megabytes(2000), perSecond));

    [Fact]
    public void What_the_primary_keeps_grows_as_it_has_grown_since_the_archive_stopped() => Assert.Equal(
        TimeSpan.FromMinutes(30),
        FillForecast.OfPrimary(ByteSize.Megabytes(300), ByteSize.Megabytes(100), TimeSpan.FromMinutes(10)));

    [Fact]
    public void An_archive_that_is_not_behind_fills_no_primary() =>
        Assert.Null(FillForecast.OfPrimary(ByteSize.Megabytes(300), ByteSize.Megabytes(100), TimeSpan.Zero));
}
