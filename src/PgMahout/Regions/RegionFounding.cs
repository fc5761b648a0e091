using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Postgres.Files;
using PgMahout.Status;
using PgMahout.Store.Records;

namespace PgMahout.Regions;

/// <summary>What a cluster begins with that follows another one from its first moment.</summary>
public sealed record Follower(Region Region, ulong SystemIdentifier, ClusterSecrets Secrets);

/// <summary>Makes two clusters a pair: the one that leads is told first, so that it lets the other one in.</summary>
internal static class RegionFounding
{
    public static async Task<Attempt<Follower>> BeginAsync(
        HomeLayout home, ClusterSpec spec, string leading, CancellationToken cancellation)
    {
        var other = new HomeLayout(leading);
        if (other.Root == home.Root)
            return Refused(other.Root, "it would follow itself");
        var opened = await ClusterAccess.OpenAsync(other, cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        await using var closing = cluster;
        if (spec.Find(Region.Upstream) is not null)
            return Refused(other.Root, $"the new cluster has a member called {Region.Upstream}");
        var led = await LeadAsync(cluster, TwinOf(spec, home), cancellation);
        if (!led.TryGet(out var leads, out failure))
            return failure;
        var secrets = SecretFiles.LoadOrCreate(other.SecretsDirectory);
        if (!secrets.TryGet(out var passwords))
            return Refused(other.Root, secrets.Failure!.ToString());
        var follows = new Region(leads.Term, RegionRole.Follows, RegionSide.Second, TwinOf(cluster.Spec, other));
        return new Follower(follows, leads.SystemIdentifier, passwords);
    }

    /// <summary>The cluster that is to be followed knows who follows it, and lets that one in.</summary>
    public static async Task<Attempt<(long Term, ulong SystemIdentifier)>> LeadAsync(
        ClusterAccess cluster, RegionTwin twin, CancellationToken cancellation)
    {
        var name = twin.Home is null ? cluster.Spec.Name : cluster.Home.Root;
        if (cluster.Records.SystemIdentifier?.Value is not { } identifier || cluster.Leader is null)
            return Refused(name, "it has no data or no leader yet");
        if (cluster.Spec.Find(Region.Upstream) is not null)
            return Refused(name, $"it has a member called {Region.Upstream}");
        if (cluster.Records.Region is { Value: var present })
            return present.Role == RegionRole.Leads && present.Twin == twin
                ? (present.Term, identifier)
                : Refused(name, $"it {RegionText.Word(present.Role)}, beside {present.Twin.Name}");
        var leads = new Region(1, RegionRole.Leads, RegionSide.First, twin);
        if (await cluster.ChangeAsync(
            ClusterRecords.ChangeRegion(Revision.None, leads), "making the pair", cancellation) is { } failure)
            return failure;
        var where = twin.Home is { } home ? $" in {home}" : "";
        await cluster.TellAsync(
            JournalKind.RegionChanged, null, $"{twin.Name}{where} follows this cluster", cancellation);
        return (leads.Term, identifier);
    }

    private static RegionTwin TwinOf(ClusterSpec spec, HomeLayout home) => new(
        spec.Name,
        [.. spec.Members.Where(member => member.Promotable)
            .Select(member => new RegionServer(member.Host, member.Port))
            .OrderBy(server => server.Host, StringComparer.Ordinal).ThenBy(server => server.Port)],
        home.Root);

    /// <param name="name">Of the cluster, or its home on this machine.</param>
    private static Failure Refused(string name, string why) =>
        new Failure(ErrorCatalogue.RegionPairing, $"the cluster {name} cannot be followed")
            .Because(why)
            .Try("pgmahout status    (in its home, or on one of its hosts)", "pgmahout region status");
}
