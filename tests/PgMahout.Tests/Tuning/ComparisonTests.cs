using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Tuning;

public sealed class ComparisonTests
{
    private static Comparison Of(params (double Without, double With)[] rounds) =>
        new([.. rounds.Select(round => new Round(round.Without, round.With))]);

    [Fact]
    public void Rounds_that_agree_are_a_finding()
    {
        Assert.Equal(Finding.Better, Of((100, 130), (90, 120), (110, 140)).Finding);
        Assert.Equal(Finding.Worse, Of((130, 100), (120, 90), (140, 110)).Finding);
    }

    [Fact]
    public void Rounds_that_contradict_each_other_are_none() =>
        Assert.Equal(Finding.Undecided, Of((100, 150), (100, 150), (100, 95)).Finding);

    [Fact]
    public void Two_rounds_are_too_few_however_clear() =>
        Assert.Equal(Finding.Undecided, Of((100, 300), (100, 310)).Finding);

    [Fact]
    public void Only_runs_of_the_same_round_are_compared()
    {
        // The machine becomes three times as fast meanwhile; every round gains a tenth.
        var comparison = Of((100, 110), (200, 220), (300, 330));

        Assert.Equal(1.1, comparison.Ratio, 3);
        Assert.Equal((1.1, 1.1), (Math.Round(comparison.Interval.Low, 3), Math.Round(comparison.Interval.High, 3)));
        Assert.Equal(Finding.Better, comparison.Finding);
    }

    [Fact]
    public void The_interval_holds_the_geometric_mean_and_is_the_same_each_time()
    {
        var comparison = Of((100, 105), (100, 98), (100, 120), (100, 101));

        var (low, high) = comparison.Interval;
        Assert.InRange(Math.Pow(1.05 * 0.98 * 1.2 * 1.01, 0.25), low, high);
        Assert.Equal((low, high), comparison.Interval);
    }

    [Fact]
    public void Noise_alone_is_rarely_taken_for_a_finding()
    {
        var random = new Prng(11);
        var found = Enumerable.Range(0, 400).Count(_ => Noise(random).Finding != Finding.Undecided);

        // Five rounds fall on the same side by chance once in sixteen times.
        Assert.InRange(found, 0, 400 / 8);
    }

    private static Comparison Noise(Prng random) => Of(
        [.. Enumerable.Range(0, 5).Select(_ => (random.Between(90.0, 110.0), random.Between(90.0, 110.0)))]);

    [Fact]
    public void Everything_that_is_tried_has_a_group_and_connections_are_not_tried()
    {
        var server = ServerFeatures.Of(18);
        var untried = Questions.Generate(1, 300, server)
            .SelectMany(question => TuningPlan.For(TuningRules.Pgmahout, question).Settings)
            .Select(setting => setting.Name)
            .Where(name => SettingGroups.Of(name) is null)
            .Distinct().Order();

        Assert.Equal(["max_connections", "superuser_reserved_connections"], untried);
    }
}
