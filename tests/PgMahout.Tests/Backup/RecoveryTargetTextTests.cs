using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Backup;

public sealed class RecoveryTargetTextTests
{
    private static readonly TimeZoneInfo Seoul =
        TimeZoneInfo.CreateCustomTimeZone("Seoul", TimeSpan.FromHours(9), "Seoul", "Seoul");

    private static readonly DateTimeOffset Now = new(2026, 11, 22, 3, 30, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z")]
    [InlineData("2026-11-21 10:00:00 UTC", "2026-11-21T10:00:00Z")]
    [InlineData("2026-11-21 10:00:00.25+09", "2026-11-21T01:00:00.25Z")]
    [InlineData("2026-11-21 10:00:00-03:30", "2026-11-21T13:30:00Z")]
    [InlineData("2026-11-21 10:00:00", "2026-11-21T01:00:00Z")]
    [InlineData("2026-11-21 10:00", "2026-11-21T01:00:00Z")]
    [InlineData("10:00", "2026-11-22T01:00:00Z")]
    [InlineData("23:00", "2026-11-21T14:00:00Z")]
    [InlineData("90s ago", "2026-11-22T03:28:30Z")]
    [InlineData("1.5h ago", "2026-11-22T02:00:00Z")]
    public void A_time_is_a_moment_in_the_zone_that_is_written_or_else_the_local_one(string text, string expected) =>
        Assert.Equal(
            DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture),
            Assert.IsType<RecoveryTarget.AtTime>(Parse(text)).Time);

    [Fact]
    public void Other_points_are_told_by_their_form()
    {
        Assert.IsType<RecoveryTarget.Latest>(Parse("latest"));
        Assert.Equal(new RecoveryTarget.AtLsn(new Lsn(0x3000148)), Parse("0/3000148"));
        Assert.Equal(new RecoveryTarget.AtTransaction(4711, false), Parse("4711"));
        Assert.Equal(new RecoveryTarget.AtName("before upgrade"), Parse("before upgrade"));
    }

    [Theory]
    [InlineData("2026-02-30 10:00", "no time")]
    [InlineData("2026-11-21 25:00:00", "no time")]
    [InlineData("2", "from 3")]
    [InlineData("99999999999", "from 3")]
    [InlineData("", "no point")]
    [InlineData("2026-11-21", "no point")]
    public void What_could_be_misunderstood_is_refused_with_the_reason(string text, string reason)
    {
        Assert.Null(RecoveryTargetText.Parse(text, false, Now, Seoul, out var problem));
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_time_that_the_clocks_had_twice_or_never_is_refused()
    {
        var berlin = Berlin();

        Assert.Null(RecoveryTargetText.Parse("2026-10-25 02:30", false, Now, berlin, out var twice));
        Assert.Contains("twice", twice, StringComparison.Ordinal);
        Assert.Null(RecoveryTargetText.Parse("2026-03-29 02:30", false, Now, berlin, out var never));
        Assert.Contains("did not exist", never, StringComparison.Ordinal);
        Assert.NotNull(RecoveryTargetText.Parse("2026-10-25 02:30+02", false, Now, berlin, out _));
    }

    private static RecoveryTarget? Parse(string text) => RecoveryTargetText.Parse(text, false, Now, Seoul, out _);

    private static TimeZoneInfo Berlin()
    {
        TimeZoneInfo.TransitionTime LastSunday(int month, int hour) =>
            TimeZoneInfo.TransitionTime.CreateFloatingDateRule(
                new DateTime(1, 1, 1, hour, 0, 0), month, 5, DayOfWeek.Sunday);

        var summer = TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
            DateTime.MinValue.Date, DateTime.MaxValue.Date, TimeSpan.FromHours(1), LastSunday(3, 2), LastSunday(10, 3));
        return TimeZoneInfo.CreateCustomTimeZone(
            "Berlin", TimeSpan.FromHours(1), "Berlin", "Berlin", "Berlin in summer", [summer]);
    }
}
