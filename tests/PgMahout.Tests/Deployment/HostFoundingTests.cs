using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Deploying.OnHost;
using PgMahout.Store;
using PgMahout.Store.Records;
using PgMahout.Tests.Store;
using Xunit;
using AddressDocument = PgMahout.Deploying.OnHost.AddressDocument;

namespace PgMahout.Tests.Deployment;

public sealed class HostFoundingTests
{
    private static readonly HomeLayout Home = new("/var/lib/pgmahout");

    private static FoundingDocument Wanted(params string[] members) => new(
        1, "orders", "quorum", 3,
        [
            .. members.Select((name, index) => new FoundingMember(
                name, $"10.0.0.{index + 1}", 5432, $"https://10.0.0.{index + 1}:7432", 100)),
        ],
        new FoundingProxy("0.0.0.0", 6432, 6433),
        Repository: null);

    private static async Task<ClusterRecords> ReadAsync(IClusterStore store) =>
        Assert.IsType<RecordsRead.Decoded>(ClusterRecords.Decode(
            Assert.IsType<StoreRead.Content>(await store.ReadAsync(TimeSpan.FromSeconds(5), default)),
            ClusterRecords.None)).Records;

    [Fact]
    public async Task The_first_run_makes_the_cluster_and_the_second_finds_it()
    {
        await using var store = new InMemoryClusterStore();

        var first = await HostFounding.FoundAsync(Home, store, Wanted("db2", "db1"));
        var second = await HostFounding.FoundAsync(Home, store, Wanted("db2", "db1"));

        Assert.Equal(("created", "present"), (first.Answer!.Done, second.Answer!.Done));
        Assert.Empty(second.Answer.Notes);
        var records = await ReadAsync(store);
        Assert.Equal(["db1", "db2"], records.Spec!.Value.Members.Select(member => member.Name.Text));
        Assert.Equal(6432, records.Proxy!.Value.WritePort);
    }

    [Fact]
    public async Task New_members_join_and_nothing_else_changes()
    {
        await using var store = new InMemoryClusterStore();
        await HostFounding.FoundAsync(Home, store, Wanted("db1", "db2"));

        var answer = await HostFounding.FoundAsync(
            Home, store, Wanted("db1", "db2", "db3") with { RtoSeconds = 9, Durability = "strict" });

        Assert.Equal("joined: db3", answer.Answer!.Done);
        Assert.Equal(2, answer.Answer.Notes.Length);
        var spec = (await ReadAsync(store)).Spec!.Value;
        Assert.Equal((3, Durability.Quorum), (spec.Members.Length, spec.Durability));
        Assert.Equal(TimeSpan.FromSeconds(3), spec.Timing.Ttl);
    }

    [Fact]
    public async Task A_repository_comes_later_and_is_entered_another_way_and_is_never_replaced()
    {
        await using var store = new InMemoryClusterStore();
        await HostFounding.FoundAsync(Home, store, Wanted("db1"));
        var repository = new FoundingRepository("s3://bucket/orders", "http://one:9000", null, true, true);

        var added = await HostFounding.FoundAsync(Home, store, Wanted("db1") with { Repository = repository });
        var moved = await HostFounding.FoundAsync(
            Home, store, Wanted("db1") with { Repository = repository with { Endpoint = "http://two:9000" } });
        var other = await HostFounding.FoundAsync(
            Home, store, Wanted("db1") with { Repository = repository with { Address = "s3://another" } });

        Assert.StartsWith("changed: ", added.Answer!.Done, StringComparison.Ordinal);
        Assert.StartsWith("changed: ", moved.Answer!.Done, StringComparison.Ordinal);
        Assert.Equal("present", other.Answer!.Done);
        Assert.Contains("s3://bucket/orders", Assert.Single(other.Answer.Notes), StringComparison.Ordinal);
        var settings = Assert.Single((await ReadAsync(store)).Repositories);
        Assert.Equal(("s3://bucket/orders", "http://two:9000"), (settings.Address, settings.Options["endpoint"]));
        Assert.Equal(
            ("/var/lib/pgmahout/secrets/repository-credentials", "/var/lib/pgmahout/secrets/repository-key"),
            (settings.Options["credentials"], settings.KeyFile));
    }

    [Fact]
    public async Task Sites_and_cascading_are_brought_to_a_cluster_that_is_there()
    {
        await using var store = new InMemoryClusterStore();
        await HostFounding.FoundAsync(Home, store, Wanted("db1", "db2"));
        var wanted = Wanted("db1", "db2") with { CascadesBySite = true };
        wanted = wanted with { Members = [.. wanted.Members.Select(member => member with { Site = "far" })] };

        var first = await HostFounding.FoundAsync(Home, store, wanted);
        var spec = (await ReadAsync(store)).Spec!.Value;
        var second = await HostFounding.FoundAsync(Home, store, wanted);
        await HostFounding.FoundAsync(Home, store, Wanted("db1", "db2"));

        Assert.Equal(("changed: who stands where", "present"), (first.Answer!.Done, second.Answer!.Done));
        Assert.Empty(second.Answer.Notes);
        Assert.Equal((Cascade.BySite, "far"), (spec.Cascade, spec.Members[1].Site));
        spec = (await ReadAsync(store)).Spec!.Value;
        Assert.Equal((Cascade.Off, (string?)null), (spec.Cascade, spec.Members[1].Site));
    }

    [Fact]
    public async Task A_member_that_the_file_does_not_have_stays_and_is_told()
    {
        await using var store = new InMemoryClusterStore();
        await HostFounding.FoundAsync(Home, store, Wanted("db1", "db2"));

        var answer = await HostFounding.FoundAsync(Home, store, Wanted("db1"));

        Assert.Equal("present", answer.Answer!.Done);
        Assert.Contains("db2 is a member of the cluster and not in cluster.yml", Assert.Single(answer.Answer.Notes));
    }

    [Fact]
    public async Task Adopted_servers_have_a_leader_and_an_identity_from_the_first_record_on()
    {
        await using var store = new InMemoryClusterStore();
        var wanted = Wanted("db1", "db2") with { Adoption = new FoundingAdoption("db2", 7300, 5, IsLogical: true) };

        var first = await HostFounding.FoundAsync(Home, store, wanted);
        var second = await HostFounding.FoundAsync(Home, store, wanted);

        Assert.Equal(("created", "present"), (first.Answer!.Done, second.Answer!.Done));
        var records = await ReadAsync(store);
        Assert.Equal(7300ul, records.SystemIdentifier!.Value);
        Assert.Equal(("db2", 5), (records.Leadership!.Value.Holder.Text, records.Leadership.Value.Epoch.Value));
        Assert.Equal("logical", records.ConfigurationFor(new MemberName("db1")).Desired.Settings["wal_level"]);
    }

    [Fact]
    public async Task An_adoption_that_was_interrupted_is_not_gone_on_with_under_another_leader()
    {
        await using var store = new InMemoryClusterStore();
        var wanted = Wanted("db1", "db2") with { Adoption = new FoundingAdoption("db1", 7300, 5, IsLogical: false) };
        await HostFounding.FoundAsync(Home, store, wanted);

        var other = await HostFounding.FoundAsync(
            Home, store, wanted with { Adoption = wanted.Adoption with { Leader = "db2" } });
        var foreign = await HostFounding.FoundAsync(
            Home, store, wanted with { Adoption = wanted.Adoption with { SystemIdentifier = 1 } });

        Assert.Contains("db1 leads", other.Complaint, StringComparison.Ordinal);
        Assert.Contains("system identifier", foreign.Complaint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_that_follows_has_the_identity_and_the_term_of_the_other_one_from_its_first_record_on()
    {
        await using var store = new InMemoryClusterStore();
        var wanted = Wanted("db1", "db2") with { Follows = Followed(new LedBy(3, 7300)) };

        var first = await HostFounding.FoundAsync(Home, store, wanted);
        var second = await HostFounding.FoundAsync(Home, store, wanted with { Follows = Followed(null) });

        Assert.Equal(("created", "present"), (first.Answer!.Done, second.Answer!.Done));
        var records = await ReadAsync(store);
        Assert.Equal(7300ul, records.SystemIdentifier!.Value);
        Assert.Null(records.Leadership);
        var twin = new RegionTwin(
            "near", [new RegionServer("10.9.0.1", 5432), new RegionServer("10.9.0.2", 5432)], null);
        Assert.Equal(new Region(3, RegionRole.Follows, RegionSide.Second, twin), records.Region!.Value);
    }

    [Fact]
    public async Task A_cluster_that_is_to_follow_never_begins_on_its_own_and_one_that_did_is_never_made_to_follow()
    {
        await using var store = new InMemoryClusterStore();

        var alone = await HostFounding.FoundAsync(Home, store, Wanted("db1") with { Follows = Followed(null) });
        Assert.Contains("near, which could not be told of it", alone.Complaint, StringComparison.Ordinal);
        Assert.Null((await ReadAsync(store)).Spec);

        await HostFounding.FoundAsync(Home, store, Wanted("db1"));
        var late = await HostFounding.FoundAsync(
            Home, store, Wanted("db1") with { Follows = Followed(new LedBy(1, 7300)) });
        Assert.Contains("stands alone", late.Complaint, StringComparison.Ordinal);
        Assert.Null((await ReadAsync(store)).Region);
    }

    private static FoundingTwin Followed(LedBy? led) => new(
        "near", [new AddressDocument("10.9.0.2", 5432), new AddressDocument("10.9.0.1", 5432)], led);
}
