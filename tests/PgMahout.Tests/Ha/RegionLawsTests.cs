using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Tests.Cluster;
using Xunit;

namespace PgMahout.Tests.Ha;

public sealed class RegionLawsTests(ITestOutputHelper output)
{
    private static readonly Law[] Laws = [.. RegionLaws.All];

    [Fact]
    public void Every_decision_of_a_cluster_with_a_twin_obeys_every_law()
    {
        var survey = new Survey(Laws);

        survey.Take(RegionUniverse.Leading().Concat(RegionUniverse.Sample(seed: 7, count: 200_000)));

        output.WriteLine(survey.ToString());
        Assert.True(survey.Violations.Length == 0, survey.Violations);
        Assert.InRange(survey.Views, 150_000, 1_000_000);
    }

    /// <summary>The same policy, made blind for the other region, breaks what keeps the two apart.</summary>
    [Fact]
    public void A_policy_that_knows_no_region_breaks_the_laws()
    {
        var survey = new Survey(Laws, sight => HaPolicy.Decide(Blind(sight.View)));

        survey.Take(RegionUniverse.Leading().Concat(RegionUniverse.Sample(seed: 8, count: 50_000)));

        Assert.Subset(survey.Broken.ToHashSet(), Laws.Take(RegionLaws.Sensed).Select(law => law.Name).ToHashSet());
    }

    private static ClusterView Blind(ClusterView view) => (view.Store.TryGet(out _)
        ? view.WithStore(store => store with { Region = null })
        : view) with
    { Twin = null, RegionBefore = null };
}
