using PgMahout.Agent.Api;
using PgMahout.Agent.Home;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Errors;
using PgMahout.Status;
using PgMahout.Store.Records;

namespace PgMahout.Regions;

/// <summary>One of two clusters of which one follows the other: its records, and what its agents say.</summary>
internal sealed class RegionHalf(ClusterAccess cluster) : IAsyncDisposable
{
    private static readonly TimeSpan AgentLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WakeLimit = TimeSpan.FromMilliseconds(200);

    public ClusterAccess Cluster => cluster;

    /// <summary>Shown: two clusters on one machine may have one name, and are told apart by their homes.</summary>
    public string Name => Home is { } home ? $"{cluster.Spec.Name} ({home})" : cluster.Spec.Name;

    /// <summary>Null where the clusters are on hosts: every host has its home in the same place.</summary>
    public string? Home => Region.Twin.Home is null ? null : cluster.Home.Root;

    public Region Region => Stored.Value;

    private Stored<Region> Stored => cluster.Records.Region!;

    public async Task<MemberReport?> LeaderAsync(CancellationToken cancellation) =>
        cluster.Leader is { } leader && cluster.Spec.Find(leader) is { } member
            ? await ReportAsync(member, cancellation)
            : null;

    /// <summary>Every member that may lead, and what it says; null: nothing.</summary>
    public async Task<IReadOnlyList<(MemberSpec Member, MemberReport? Report)>> ReportsAsync(
        CancellationToken cancellation)
    {
        var asked = cluster.Spec.Members.Where(member => member.Promotable).ToArray();
        var reports = await Task.WhenAll(asked.Select(member => ReportAsync(member, cancellation)));
        return [.. asked.Zip(reports)];
    }

    public async Task<Failure?> RefreshAsync(CancellationToken cancellation) =>
        await cluster.RefreshAsync(cancellation) is { } unread
            ? unread
            : cluster.Records.Region is null ? RegionPair.Alone(cluster.Home) : null;

    /// <summary>From exactly what was read last to <paramref name="next"/>, and everybody here is woken.</summary>
    public async Task<Failure?> ChangeAsync(Region next, string told, CancellationToken cancellation)
    {
        var change = ClusterRecords.ChangeRegion(Stored.Revision, next);
        if (await cluster.ChangeAsync(change, "the change of region", cancellation) is { } failure)
            return failure;
        await cluster.TellAsync(
            JournalKind.RegionChanged, null, $"{told} ({Environment.UserName})", cancellation);
        await Task.WhenAll(cluster.Spec.Members.Select(member => WakeAsync(member, cancellation)));
        return await RefreshAsync(cancellation);
    }

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

    private async Task<MemberReport?> ReportAsync(MemberSpec member, CancellationToken cancellation)
    {
        using var agent = new AgentClient(cluster.Home, member);
        return await agent.GetReportAsync(AgentLimit, cancellation) is AgentAnswer<MemberReport>.Said said
            ? said.Value
            : null;
    }

    private async Task WakeAsync(MemberSpec member, CancellationToken cancellation)
    {
        using var agent = new AgentClient(cluster.Home, member);
        await agent.WakeAsync(WakeLimit, cancellation);
    }
}

/// <summary>Both halves, as far as they can be read from here.</summary>
internal static class RegionPair
{
    public static async Task<Attempt<RegionHalf>> OwnAsync(Invocation invocation)
    {
        var opened = await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        if (cluster.Records.Region is not null)
            return new RegionHalf(cluster);
        await cluster.DisposeAsync();
        return Alone(invocation.Home);
    }

    public static async Task<Attempt<RegionHalf>> TwinAsync(RegionHalf own, CancellationToken cancellation)
    {
        var home = own.Region.Twin.Home ?? own.Cluster.Home.TwinHome;
        if (!Directory.Exists(home))
            return Unreachable(own, own.Region.Twin.Home is null
                ? $"there is no {home}, which `pgmahout deploy` makes: it says where the other cluster's store is"
                : $"there is no {home}");
        var opened = await ClusterAccess.OpenAsync(new HomeLayout(home), cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return Unreachable(
                own, string.Join(": ", new[] { failure.What, failure.Facts.FirstOrDefault()?.Text }.OfType<string>()));
        if (cluster.Records.Region is not null)
            return new RegionHalf(cluster);
        await cluster.DisposeAsync();
        return Unreachable(own, $"the cluster in {home} knows of no other region");
    }

    public static Failure Alone(HomeLayout home) =>
        new Failure(ErrorCatalogue.NoRegion, $"the cluster in {home.Root} stands alone")
            .Try("pgmahout up --home ANOTHER --follow HOME    (a second cluster that follows this one)",
                "pgmahout deploy ANOTHER.yml    (on hosts; with follows: the file of this one)");

    private static Failure Unreachable(RegionHalf own, string why) =>
        new Failure(ErrorCatalogue.RegionUnreachable, $"the other region, {own.Region.Twin.Name}, cannot be read")
            .Because(why)
            .Try("pgmahout region status", "pgmahout region failover    (in the region that is to lead without it)");
}
