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
            return Refused(other, "it would follow itself");
        var opened = await ClusterAccess.OpenAsync(other, cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        await using var closing = cluster;
        if (cluster.Records.SystemIdentifier?.Value is not { } identifier || cluster.Leader is null)
            return Refused(other, "it has no data or no leader yet");
        if (spec.Find(Region.Upstream) is not null || cluster.Spec.Find(Region.Upstream) is not null)
            return Refused(other, $"one of the two has a member called {Region.Upstream}");
        var twin = TwinOf(spec, home);
        if (cluster.Records.Region is { Value: var present })
        {
            if (present.Role != RegionRole.Leads || present.Twin != twin)
                return Refused(other, $"it {RegionText.Word(present.Role)}, beside {present.Twin.Name}");
        }
        else
        {
            var leads = new Region(1, RegionRole.Leads, RegionSide.First, twin);
            failure = await cluster.ChangeAsync(
                ClusterRecords.ChangeRegion(Revision.None, leads), "making the pair", cancellation);
            if (failure is not null)
                return failure;
            await cluster.TellAsync(
                JournalKind.RegionChanged, null, $"{spec.Name} in {home.Root} follows this cluster", cancellation);
        }
        var secrets = SecretFiles.LoadOrCreate(other.SecretsDirectory);
        if (!secrets.TryGet(out var passwords))
            return Refused(other, secrets.Failure!.ToString());
        var term = cluster.Records.Region?.Value.Term ?? 1;
        var follows = new Region(term, RegionRole.Follows, RegionSide.Second, TwinOf(cluster.Spec, other));
        return new Follower(follows, identifier, passwords);
    }

    private static RegionTwin TwinOf(ClusterSpec spec, HomeLayout home) => new(
        spec.Name,
        [.. spec.Members.Where(member => member.Promotable)
            .Select(member => new RegionServer(member.Host, member.Port))
            .OrderBy(server => server.Host, StringComparer.Ordinal).ThenBy(server => server.Port)],
        home.Root);

    private static Failure Refused(HomeLayout other, string why) =>
        new Failure(ErrorCatalogue.RegionPairing, $"the cluster in {other.Root} cannot be followed")
            .Because(why)
            .Try($"pgmahout status --home {other.Root}", $"pgmahout region status --home {other.Root}");
}
