using System.Text.Json;
using PgMahout.Core.Deployment;
using PgMahout.Deploying.OnHost;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Deploying;

/// <summary>
/// The records of the cluster, written by one of its hosts: made before the first agent runs, and where they are there
/// already, what may change at any time is changed.
/// </summary>
internal sealed class DeployFounding(DeployHosts hosts, Screen screen, RegionDeployment? region)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private const string Unchanged = "present";

    /// <summary>Of a pair, our cluster follows the other one at present.</summary>
    public bool Follows { get; private set; }

    /// <param name="adoption">Null: the first leader makes the databases.</param>
    public async Task<Failure?> RunAsync(
        (Blueprint Blueprint, DeploymentGoods Goods) wanted, AdoptionPlan? adoption, CancellationToken cancellation)
    {
        var (blueprint, goods) = wanted;
        var first = blueprint.DataHosts.First();
        var repository = RepositoryOf(blueprint.Repository, goods.ForHosts[first.Name]);
        if (repository is not null
            && await new RepositoryProbe(blueprint, repository, hosts).RunAsync(cancellation) is { } unready)
            return unready;
        FoundingTwin? followed = null;
        if (region is not null)
        {
            // The other cluster first, so that it lets ours in when it comes.
            if (!(await region.IntroduceAsync(blueprint, cancellation)).TryGet(out var led, out var refused))
                return refused;
            if (region.Other is { IsFollowed: true, Blueprint: var other })
                followed = new FoundingTwin(other.Cluster, RegionDeployment.ServersOf(other), led);
        }
        var text = FoundingText.Of(blueprint, adoption, repository, followed);
        var answer = await hosts[first].FeedAsync(HostCommands.Found, text, Limit, cancellation);
        if (!answer.IsDone)
            return new Failure(
                    answer.ExitCode == HostFounding.StoreFails
                        ? ErrorCatalogue.DeployStoreSilent
                        : ErrorCatalogue.DeployDiffers,
                    "the records of the cluster could not be written")
                .Because(answer.Complaint)
                .Leaving("the hosts are prepared; no member was started");
        var said = JsonSerializer.Deserialize(answer.Output, HostJson.Default.FoundingAnswer)!;
        if (said.Done != Unchanged)
            screen.Note($"  {first.Name,-10} records of the cluster: {said.Done}");
        foreach (var note in said.Notes)
            screen.Note("  note: " + note);
        if (region is null)
            return null;
        if (!(await region.HearAsync(first, hosts[first], cancellation)).TryGet(out var follows, out var failure))
            return failure;
        Follows = follows;
        return null;
    }

    private static FoundingRepository? RepositoryOf(RepositoryBlueprint? wanted, HostGoods goods) => wanted is null
        ? null
        : new FoundingRepository(
            wanted.Address, wanted.Endpoint, wanted.Region,
            goods.Secrets.Any(file => file.Path == HostPaths.RepositoryCredentials),
            goods.Secrets.Any(file => file.Path == HostPaths.RepositoryKey));
}
