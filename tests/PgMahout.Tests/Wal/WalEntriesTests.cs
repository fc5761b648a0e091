using PgMahout.Core.Catalog;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Decoding;
using PgMahout.Core.Wal.Indexing;
using PgMahout.Wal;
using Xunit;

namespace PgMahout.Tests.Wal;

public sealed class WalEntriesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly Lsn At = new(0x3000148);
    private static readonly RelationFile Table = new(1663, 5, 20001);
    private static readonly RelationFile Index = new(1663, 5, 20002);

    [Fact]
    public void A_drop_names_the_table_and_not_its_indexes()
    {
        var entry = new WalEntries(Names).Of(Lost([Table, Index], [], [new(DroppedObject.RelationKind, 5, 16400)]));

        Assert.Equal("drop", entry.Kind);
        Assert.Equal(["shop.public.orders"], entry.Objects.AsEnumerable());
        Assert.Equal("shop.public.orders (2 files)", entry.Text);
        Assert.Equal(At, entry.StopBefore);
    }

    [Fact]
    public void Without_statistics_the_files_tell_the_names() => Assert.Equal(
        ["shop.public.orders"], new WalEntries(Names).Of(Lost([Index, Table], [], [])).Objects.AsEnumerable());

    [Fact]
    public void Without_a_snapshot_files_have_numbers() => Assert.Equal(
        "1663/5/20001, 1663/5/20002 (2 files of database 5)",
        new WalEntries(null).Of(Lost([Table, Index], [], [])).Text);

    [Fact]
    public void New_files_in_place_of_old_ones_are_a_rewrite() => Assert.Equal(
        "rewrite", new WalEntries(Names).Of(Lost([Table], [Table with { Number = 20009 }], [])).Kind);

    [Fact]
    public void Fewer_new_files_than_old_ones_are_left_open() => Assert.Equal(
        "change", new WalEntries(Names).Of(Lost([Table, Index], [Table with { Number = 20009 }], [])).Kind);

    [Fact]
    public void Of_a_dropped_database_the_place_to_stop_is_before_the_record()
    {
        var entry = new WalEntries(Names).Of(
            new WalEvent.DatabaseDropped(At, new Lsn(At.Value - 80), Noon, 700, 5, [1663]));

        Assert.Equal(new Lsn(At.Value - 80), entry.StopBefore);
        Assert.Equal("database shop; whole before 0/30000F8", entry.Text);
    }

    [Fact]
    public void A_row_has_the_time_in_utc_and_here()
    {
        var row = WalEntries.Commit(new CommitMark(At, Noon)).Row(
            TimeZoneInfo.CreateCustomTimeZone("here", TimeSpan.FromHours(9), "here", "here"));

        Assert.Equal(
            ["0/3000148", "2026-11-22 12:00:00.000000", "21:00:00 +09:00", "-", "commit", ""], row);
    }

    private static CatalogNames Names
    {
        get
        {
            CatalogRelation Relation(uint oid, uint number, string name, char kind, uint of) =>
                new(oid, number, 0, "public", name, kind, 'p', "postgres", 1, 1, of, 0, []);
            return new CatalogNames(new CatalogSnapshot(
                TimelineId.First, At, At, Noon, 170000,
                [
                    new CatalogDatabase(5, "shop", 1663, "postgres", null,
                    [
                        Relation(16400, 20001, "orders", 'r', 0), Relation(16402, 20002, "orders_pkey", 'i', 16400),
                    ]),
                ],
                [], []));
        }
    }

    private static WalEvent.FilesLost Lost(
        RelationFile[] lost, RelationFile[] made, DroppedObject[] dropped) =>
        new(At, At, Noon, 700, 5, [.. lost], [.. made], [.. dropped]);
}
