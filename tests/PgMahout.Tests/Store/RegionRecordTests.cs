using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Store;
using PgMahout.Store.Records;
using PgMahout.Tests.Cluster;
using Xunit;

namespace PgMahout.Tests.Store;

public sealed class RegionRecordTests
{
    private static readonly RegionTwin Twin =
        new("far", [new RegionServer("10.0.0.1", 5432), new RegionServer("10.0.0.2", 5433)], "/srv/far");

    private static readonly Region Written = new(4, RegionRole.Leads, RegionSide.Second, Twin)
    {
        Mark = new WalPosition(new TimelineId(7), new Lsn(0x900)),
    };

    [Fact]
    public void What_a_cluster_is_to_another_reads_as_it_was_written()
    {
        foreach (var role in Enum.GetValues<RegionRole>())
            foreach (var region in new[] { Written with { Role = role }, Written with { Role = role, Mark = null } })
                Assert.Equal(region, Decoded(ClusterRecords.ChangeRegion(Revision.None, region)).Region?.Value);
        var elsewhere = Written with { Twin = Twin with { Home = null }, Side = RegionSide.First };
        Assert.Equal(elsewhere, Decoded(ClusterRecords.ChangeRegion(Revision.None, elsewhere)).Region?.Value);
    }

    [Fact]
    public void Decisions_read_it_with_its_revision()
    {
        var content = Decoded(ClusterRecords.ChangeRegion(Revision.None, Written)).Content(DateTimeOffset.UnixEpoch);

        Assert.Equal(Written, content.Region);
        Assert.Equal(new Revision(12), content.RegionRevision);
    }

    [Fact]
    public void A_cluster_that_begins_as_a_follower_has_an_identity_from_its_first_moment()
    {
        var spec = Example.Spec(Durability.Quorum, Example.A);
        var follows = Written with { Role = RegionRole.Follows };

        var records = Decoded(ClusterRecords.Create(spec, BackupSettings.None, null, (follows, Example.Identity)));

        Assert.Equal(Example.Identity, records.SystemIdentifier?.Value);
        Assert.Equal(follows, records.Region?.Value);
    }

    [Fact]
    public void An_agent_changes_it_only_while_the_lease_stands_as_it_was_read()
    {
        var change = ClusterRecords.ChangeRegion(new Revision(7), new Revision(5), Written);

        Assert.Equal(
            [new StoreCondition("leadership", new Revision(7)), new StoreCondition("region", new Revision(5))],
            change.Conditions);
    }

    private static ClusterRecords Decoded(StoreTransaction change)
    {
        var records = change.Puts
            .Where(put => put.Value is not null)
            .Select(put => new StoreRecord(put.Key, put.Value!, new Revision(12)));
        return Assert.IsType<RecordsRead.Decoded>(
            ClusterRecords.Decode(new StoreRead.Content([.. records]), ClusterRecords.None)).Records;
    }
}
