using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>
/// Every configuration of BrokenConfigurations.txt is offered to a running cluster. None takes a member down, and each
/// is answered with what is wrong with it.
/// </summary>
public sealed class BrokenConfigurationTests(SharedCluster shared)
{
    [Fact]
    public async Task Broken_configurations_reach_no_member_and_are_each_explained()
    {
        var (cluster, before) = await shared.ReadyAsync();
        var pids = before.Members.Select(member => member.Pid).ToArray();
        var unexplained = new List<string>();

        foreach (var broken in BrokenConfiguration.All())
        {
            var refused = await OfferAsync(cluster, broken);
            if (refused is not null && !broken.IsExplainedBy(refused.Error))
                unexplained.Add($"{broken.Name}: wanted '{broken.Word}'\n{refused}");
        }

        Assert.Empty(unexplained);
        var after = await cluster.HealthyAsync();
        Assert.Equal(pids, after.Members.Select(member => member.Pid));
        Assert.Equal(before.Leader, after.Leader);
    }

    /// <summary>As a draft first; what only a started server finds is refused when it is applied.</summary>
    /// <returns>
    /// The refusal; null for rules that lock nobody out, because the cluster's own lines come before them.
    /// </returns>
    private static async Task<Ran?> OfferAsync(LiveCluster cluster, BrokenConfiguration broken)
    {
        var file = Path.Combine(Path.GetTempPath(), $"pgmahout-broken-{Path.GetRandomFileName()}");
        await File.WriteAllTextAsync(file, broken.AsConfiguration());
        try
        {
            var drafted = await cluster.RunAsync("config", "edit", "--from", file);
            if (drafted.Code != 0)
                return drafted.Exits(3);
            var applied = await cluster.RunAsync("config", "apply");
            await File.WriteAllTextAsync(file, "[cluster]\n");
            (await cluster.RunAsync("config", "edit", "--from", file)).Exits(0);
            if (applied.Code != 0 || !broken.IsLockOut)
                return applied.Exits(3);
            await cluster.HealthyAsync();
            (await cluster.RunAsync("config", "apply")).Exits(0);
            return null;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
