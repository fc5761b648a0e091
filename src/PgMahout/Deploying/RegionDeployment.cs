using System.Collections.Immutable;
using System.Text.Json;
using PgMahout.Core.Deployment;
using PgMahout.Deploying.OnHost;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Deploying;

/// <summary>
/// What a deployment has to do with the hosts of the other cluster of its pair: they learn where this one is, let it
/// in, and hear which servers it has.
/// </summary>
internal sealed class RegionDeployment(OtherRegion other, DeployHosts hosts, Screen screen) : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private ImmutableSortedDictionary<string, HostGoods> _goods = ImmutableSortedDictionary<string, HostGoods>.Empty;
    private ImmutableSortedDictionary<string, HostFinding> _findings =
        ImmutableSortedDictionary<string, HostFinding>.Empty;
    private bool _begins;

    /// <summary>As its hosts have it, once they were looked at.</summary>
    public OtherRegion Other { get; private set; } = other;

    public DeploymentPlan Plan { get; private set; } = new([], [], []);

    /// <summary>Null where the cluster stands alone.</summary>
    public static RegionDeployment? For(OtherRegion? other, string? knownHosts, Screen screen) =>
        other is null ? null : new RegionDeployment(other, new DeployHosts(other.Blueprint, knownHosts), screen);

    /// <summary>Looks at its hosts.</summary>
    /// <returns>With what our own hosts are to have because of it.</returns>
    public async Task<DeploymentGoods> LookAsync(
        Blueprint own, DeploymentGoods goods, CancellationToken cancellation)
    {
        _findings = await HostLook.AtAsync(Other.Blueprint, hosts, cancellation);
        var surveys = _findings.Values.OfType<HostFinding.Found>().Select(found => found.Survey).ToArray();
        var theirs = Voters.Keep(Other.Blueprint, surveys);
        Other = Other with { Blueprint = theirs };
        _goods = theirs.Hosts.ToImmutableSortedDictionary(
            host => host.Name,
            host => Other.Ours.GoodsFor(host, own, new HostGoods("", [], [])), StringComparer.Ordinal);
        // Who keeps its store is then known to nobody but the hosts that were told before: they keep what they have.
        if (surveys.Length == 0 && theirs.Etcd is EtcdBlueprint.On { IsChosen: true })
            return goods;
        return goods with
        {
            ForHosts = own.Hosts.ToImmutableSortedDictionary(
                host => host.Name, host => Other.Theirs.GoodsFor(host, theirs, goods.ForHosts[host.Name]),
                StringComparer.Ordinal),
        };
    }

    /// <summary>What is to be done on its hosts.</summary>
    /// <param name="needsAll">None of them may be passed over.</param>
    public DeploymentPlan PlanFor(DeploymentQuestion own, bool needsAll)
    {
        _begins = Other.IsFollowed && !own.Looked.Any(looked =>
            looked.Survey.ActiveUnits.Contains(SystemdUnits.Agent) || !looked.Survey.DataDirectories.IsEmpty);
        Plan = TwinPlan.For(new TwinQuestion(
            Other.Blueprint, Other.File, _findings, own, _goods, needsAll || _begins));
        return Plan;
    }

    /// <summary>Before anything of ours comes to them.</summary>
    public async Task<Failure?> PrepareAsync(DeployMeans own, CancellationToken cancellation)
    {
        if (Other.Keep() is { } failure)
            return failure;
        var means = own with { Blueprint = Other.Blueprint, Goods = own.Goods with { ForHosts = _goods } };
        return await new DeployRun(means, hosts, screen).PrepareAsync(Plan, cancellation);
    }

    /// <summary>Tells the other cluster of our servers; what it says when it is to be followed from now on.</summary>
    public async Task<Attempt<LedBy?>> IntroduceAsync(Blueprint own, CancellationToken cancellation)
    {
        var reached = Plan.Hosts.FirstOrDefault(host => host.Host.Role == HostRole.Data)?.Host;
        if (reached is null)
            return new Attempt<LedBy?>.Done(null);
        var asked = await PairAsync(hosts[reached], own, _begins, cancellation);
        if (asked.TryGet(out var answer, out var failure))
        {
            Say(reached, answer, own);
            return new Attempt<LedBy?>.Done(answer.Led);
        }
        if (_begins)
            return failure;
        screen.Note($"note: {Other.Blueprint.Cluster} does not hear of this deployment: {failure.Facts[0].Text}");
        return new Attempt<LedBy?>.Done(null);
    }

    /// <summary>Tells our own cluster of the servers of the other one.</summary>
    /// <returns>Whether ours follows at present.</returns>
    public async Task<Attempt<bool>> HearAsync(HostBlueprint host, SshCall own, CancellationToken cancellation)
    {
        if (!(await PairAsync(own, Other.Blueprint, false, cancellation)).TryGet(out var answer, out var failure))
            return failure;
        Say(host, answer, Other.Blueprint);
        return answer.Follows;
    }

    public static ImmutableArray<AddressDocument> ServersOf(Blueprint blueprint) =>
    [
        .. blueprint.DataHosts.Where(host => host.Priority > 0)
            .Select(host => new AddressDocument(host.Address, blueprint.Ports.Postgres)),
    ];

    public ValueTask DisposeAsync() => hosts.DisposeAsync();

    private void Say(HostBlueprint host, PairingAnswer answer, Blueprint of)
    {
        if (answer.Done == "changed")
            screen.Note($"  {host.Name,-10} knows the servers of {of.Cluster}");
    }

    private static async Task<Attempt<PairingAnswer>> PairAsync(
        SshCall host, Blueprint twin, bool begins, CancellationToken cancellation)
    {
        var document = JsonSerializer.Serialize(
            new PairingDocument(DocumentJson.Schema, twin.Cluster, ServersOf(twin), begins),
            HostJson.Default.PairingDocument);
        var answer = await host.FeedAsync(HostCommands.Pair, document, Limit, cancellation);
        return answer.IsDone
            ? JsonSerializer.Deserialize(answer.Output, HostJson.Default.PairingAnswer)!
            : new Failure(ErrorCatalogue.RegionPairing, $"the other cluster could not be told of {twin.Cluster}")
                .Because(answer.Complaint)
                .Leaving("the hosts are prepared; what the clusters are to each other was not changed")
                .Try("the same command, when the reason is gone", "pgmahout region status    (on a host)");
    }
}
