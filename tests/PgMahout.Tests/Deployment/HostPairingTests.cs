using PgMahout.Agent.Home;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Deploying.OnHost;
using PgMahout.Errors;
using PgMahout.Status;
using PgMahout.Store;
using PgMahout.Store.Records;
using PgMahout.Store.Sqlite;
using Xunit;
using AddressDocument = PgMahout.Deploying.OnHost.AddressDocument;

namespace PgMahout.Tests.Deployment;

/// <summary>What a cluster is told of the other one of its pair.</summary>
public sealed class HostPairingTests : IAsyncLifetime
{
    private const ulong Identity = 7300;

    private readonly HomeLayout _home =
        new(Directory.CreateTempSubdirectory("pgmahout-pair-").FullName);

    private ClusterAccess _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        var spec = new ClusterSpec(
            "orders", [new MemberSpec(new MemberName("db1"), "10.0.0.1", 5432, "https://10.0.0.1:7432")],
            Durability.Quorum, new Timing(TimeSpan.FromSeconds(3)), ClusterSpec.DefaultMaximumLag);
        var store = Assert.IsType<StoreOpening.Ready>(SqliteClusterStore.Create(_home.StoreFile)).Store;
        await using (store)
            foreach (var change in new[]
            {
                ClusterRecords.Create(spec, BackupSettings.None),
                ClusterRecords.BeginRestored(
                    Identity, new Leadership(new Epoch(1), new MemberName("db1"), null, SynchronousSet.Nobody)),
            })
                Assert.IsType<WriteOutcome.Done>(await store.WriteAsync(change, TimeSpan.FromSeconds(5), default));
        Assert.True((await ClusterAccess.OpenAsync(_home, default)).TryGet(out var opened, out _));
        _cluster = opened;
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        Directory.Delete(_home.Root, recursive: true);
    }

    private static PairingDocument Of(string name, bool begins, params string[] hosts) =>
        new(1, name, [.. hosts.Select(host => new AddressDocument(host, 5432))], begins);

    private async Task<PairingAnswer> PairAsync(PairingDocument wanted)
    {
        Assert.True((await HostPairing.PairAsync(_cluster, wanted)).TryGet(out var answer, out var failure),
            failure?.What);
        Assert.Null(await _cluster.RefreshAsync(default));
        return answer;
    }

    private async Task<Failure> RefusedAsync(PairingDocument wanted)
    {
        Assert.False((await HostPairing.PairAsync(_cluster, wanted)).TryGet(out _, out var failure));
        return failure;
    }

    private async Task BecomesAsync(Func<Region, Region> change)
    {
        var stored = _cluster.Records.Region!;
        Assert.Null(await _cluster.ChangeAsync(
            ClusterRecords.ChangeRegion(stored.Revision, change(stored.Value)), "a change", default));
        Assert.Null(await _cluster.RefreshAsync(default));
    }

    [Fact]
    public async Task The_cluster_that_is_followed_begins_to_lead_and_says_what_the_other_one_begins_with()
    {
        var first = await PairAsync(Of("far", true, "10.1.0.2", "10.1.0.1"));
        var again = await PairAsync(Of("far", true, "10.1.0.2", "10.1.0.1"));

        Assert.Equal(("changed", new LedBy(1, Identity)), (first.Done, first.Led));
        Assert.Equal(("present", new LedBy(1, Identity)), (again.Done, again.Led));
        var region = _cluster.Records.Region!.Value;
        Assert.Equal((1, RegionRole.Leads, RegionSide.First), (region.Term, region.Role, region.Side));
        Assert.Equal(
            new RegionTwin("far", [new RegionServer("10.1.0.1", 5432), new RegionServer("10.1.0.2", 5432)], null),
            region.Twin);
    }

    [Fact]
    public async Task Other_servers_are_taken_in_and_the_part_in_the_pair_stays()
    {
        await PairAsync(Of("far", true, "10.1.0.1"));
        await BecomesAsync(region => region.Following(2));

        var answer = await PairAsync(Of("far", false, "10.1.0.1", "10.1.0.3"));

        Assert.Equal(("changed", true, (LedBy?)null), (answer.Done, answer.Follows, answer.Led));
        var region = _cluster.Records.Region!.Value;
        Assert.Equal((2, RegionRole.Follows, 2), (region.Term, region.Role, region.Twin.Servers.Length));
        Assert.Equal("present", (await PairAsync(Of("far", false, "10.1.0.3", "10.1.0.1"))).Done);
    }

    [Fact]
    public async Task A_cluster_is_never_paired_twice_or_made_to_lead_when_it_does_not()
    {
        Assert.Equal("absent", (await PairAsync(Of("far", false, "10.1.0.1"))).Done);
        Assert.Null(_cluster.Records.Region);
        await PairAsync(Of("far", true, "10.1.0.1"));

        var other = await RefusedAsync(Of("third", true, "10.2.0.1"));
        Assert.Equal((ErrorCatalogue.RegionPairing, "it leads beside far"), (other.Kind, other.Facts[0].Text));
        await BecomesAsync(region => region.Following(2));
        Assert.Equal(ErrorCatalogue.RegionPairing, (await RefusedAsync(Of("far", true, "10.1.0.1"))).Kind);
        Assert.Equal(RegionRole.Follows, _cluster.Records.Region!.Value.Role);
    }
}
