using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Tests.Cluster;
using Xunit;

namespace PgMahout.Tests.Ha;

public sealed class HaPolicyLawsTests(ITestOutputHelper output)
{
    private static readonly Law[] Laws = [.. LeaseLaws.All, .. InstanceLaws.All, .. PacingLaws.All];

    public static TheoryData<string> LawNames => [.. Laws.Select(law => law.Name)];

    [Fact]
    public void Every_decision_on_every_small_view_obeys_every_law()
    {
        var survey = new Survey(Laws);

        survey.Take(Universe.Ordinary.Concat(Universe.Circumstantial).Concat(Universe.Sample(seed: 1, count: 200_000)));

        output.WriteLine(survey.ToString());
        Assert.True(survey.Violations.Length == 0, survey.Violations);
        Assert.InRange(survey.Views, 1_000_000, 10_000_000);
    }

    [Fact]
    public void Every_rule_is_reached()
    {
        var survey = new Survey([]);

        survey.Take(Universe.Sample(seed: 2, count: 300_000));
        survey.Take(RegionUniverse.Leading());

        Assert.Empty(Enum.GetValues<Rule>().Except(survey.Rules));
    }

    /// <summary>
    /// A policy that does whatever comes to its mind, on views drawn at random, breaks every law sooner or later: none
    /// of them is one that cannot fail.
    /// </summary>
    [Theory]
    [MemberData(nameof(LawNames))]
    public void Every_law_is_broken_by_a_policy_without_sense(string name)
    {
        var law = Laws.Single(law => law.Name == name);
        var random = new Prng(3);

        var broken = Universe.Sample(seed: 3, count: 20_000)
            .Any(sight => !law.Holds(new Turn(sight.View, Nonsense.Decide(random, sight.View))));

        Assert.True(broken);
    }

    [Fact]
    public void Policy_that_throws_or_wavers_is_noticed()
    {
        var calls = 0;
        var survey = new Survey([], sight => calls++ % 3 == 0
            ? throw new InvalidOperationException("no such case")
            : Decision.Of(Rule.KeepLeading, Example.Seconds(calls)));

        survey.Take(Universe.Sample(seed: 4, count: 10));

        Assert.Contains("Policy is total (no such case)", survey.Broken);
        Assert.Contains("Deciding twice gives the same", survey.Broken);
    }
}
