using System.Collections.Immutable;
using PgMahout.Core.Catalog;
using PgMahout.Core.Undo;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Decoding;
using PgMahout.Core.Wal.Indexing;
using Xunit;

namespace PgMahout.Tests.Undo;

public sealed class LossFinderTests
{
    private const uint Shop = 16385;
    private const uint Orders = 16400;
    private const uint OrdersKey = 16405;
    private const uint Customers = 16410;
    private static readonly DateTimeOffset Noon = new(2026, 8, 22, 12, 0, 0, TimeSpan.Zero);

    private static readonly ImmutableArray<CatalogRelation> Relations =
    [
        Relation(Orders, 'r', "orders"),
        Relation(OrdersKey, 'i', "orders_pkey") with { Of = Orders },
        Relation(Customers, 'r', "customers"),
        Relation(16420, 'r', "part1") with { PartitionOf = 16419 },
        Relation(16419, 'p', "part") with { Number = 0 },
    ];

    private static readonly CatalogNames Names = Snapshot(Relations);

    [Fact]
    public void A_drop_is_told_by_name_and_its_point_is_before_the_commit()
    {
        var loss = Assert.Single(Find(15, Lost([Orders, OrdersKey], dropped: [Orders, OrdersKey])));

        Assert.Equal(LossCause.Dropped, loss.Cause);
        Assert.Equal(loss.At, loss.StopBefore);
        Assert.Equal(["shop.public.orders"], loss.Tables.Select(table => table.Text));
    }

    [Fact]
    public void A_partitioned_table_stands_for_its_partitions()
    {
        var loss = Assert.Single(Find(15, Lost([16420], dropped: [16419, 16420])));

        Assert.Equal(["shop.public.part"], loss.Roots.Select(table => table.Text));
        Assert.Equal(2, loss.Tables.Length);
    }

    [Fact]
    public void New_files_in_place_of_the_old_ones_are_a_truncation() => Assert.Equal(
        LossCause.Truncated, Assert.Single(Find(15, Lost([Orders, OrdersKey], made: [17000, 17001]))).Cause);

    [Fact]
    public void New_files_of_a_transaction_that_dropped_what_it_worked_on_are_a_rewrite() => Assert.Equal(
        LossCause.Rewritten,
        Assert.Single(Find(15, Lost([Orders, OrdersKey], made: [17000, 17001]) with { Transient = true })).Cause);

    [Fact]
    public void New_files_in_another_tablespace_are_a_move()
    {
        var moved = Lost([Orders]) with { Made = [new RelationFile(16999, Shop, 17000)] };

        Assert.Equal(LossCause.Rewritten, Assert.Single(Find(15, moved)).Cause);
    }

    [Fact]
    public void An_index_made_anew_or_dropped_is_no_loss() => Assert.Empty(
        Find(15, Lost([OrdersKey], made: [17000]), Lost([OrdersKey], dropped: [OrdersKey])));

    [Fact]
    public void One_transaction_that_drops_one_table_and_empties_another_is_two_losses()
    {
        var losses = Find(15, Lost([Orders, Customers], made: [17000], dropped: [Orders]));

        Assert.Equal([LossCause.Dropped, LossCause.Truncated], losses.Select(loss => loss.Cause));
        Assert.Equal(["shop.public.customers"], losses[1].Tables.Select(table => table.Text));
    }

    [Fact]
    public void What_no_snapshot_knows_is_told_by_its_number()
    {
        var loss = Assert.Single(Find(15, Lost([18000], dropped: [18000, 18003])));

        Assert.Empty(loss.Tables);
        Assert.Equal([18000u, 18003u], loss.Unnamed.Select(one => one.Oid));
    }

    [Fact]
    public void Version_14_asks_a_later_snapshot_what_is_gone()
    {
        var after = Snapshot([.. Relations.Where(relation => relation.Oid != Orders)]);
        var events = Lost([Orders, Customers], made: [17000]);

        var losses = LossFinder.Find([events], 14, _ => new CatalogsAround(Names, after));

        Assert.Equal([LossCause.Dropped, LossCause.Rewritten], losses.Select(loss => loss.Cause));
        Assert.Equal(["shop.public.orders"], losses[0].Tables.Select(table => table.Text));
    }

    [Fact]
    public void Catalogs_are_never_lost() => Assert.Empty(Find(15, Lost([1259], made: [17000])));

    [Fact]
    public void Many_rows_deleted_are_a_loss_of_rows()
    {
        var file = new RelationFile(RelationFile.DefaultTablespace, Shop, Orders);

        var loss = Assert.Single(Find(15, new WalEvent.RowsChanged(new Lsn(9), new Lsn(1), Noon, 700, file, 500, 3)));

        Assert.Equal((LossCause.Deleted, 503), (loss.Cause, loss.Rows));
    }

    [Fact]
    public void A_dropped_database_is_whole_only_before_it_was_marked_invalid()
    {
        var dropped = new WalEvent.DatabaseDropped(new Lsn(900), new Lsn(800), Noon, 700, Shop, [1663]);

        var loss = Assert.Single(Find(15, dropped));

        Assert.Equal((new Lsn(800), "shop"), (loss.StopBefore, loss.Database.Name));
    }

    [Fact]
    public void Of_two_drops_of_one_name_the_latest_is_meant_unless_another_is_picked()
    {
        var losses = Find(
            15, Lost([Orders], dropped: [Orders]),
            Lost([Orders], dropped: [Orders]) with { At = new Lsn(2000), Time = Noon.AddMinutes(5) });
        var name = WantedName.Parse("orders")!;

        var latest = (LossChoice.Found)LossChoosing.Table(losses, name, LossPick.Latest, LossCause.Dropped);
        var picked = (LossChoice.Found)LossChoosing.Table(
            losses, name, new LossPick(Noon.AddMinutes(-1), null), LossCause.Dropped);
        var told = (LossChoice.Found)LossChoosing.Table(
            losses, name, new LossPick(null, new Lsn(1000)), LossCause.Dropped);

        Assert.Equal(new Lsn(2000), latest.Loss.At);
        Assert.Equal([new Lsn(1000)], latest.Others.Select(other => other.At));
        Assert.Equal(new Lsn(1000), picked.Loss.At);
        Assert.Equal(new Lsn(1000), told.Loss.At);
    }

    [Fact]
    public void A_name_in_two_schemas_is_listed_and_not_guessed()
    {
        var names = Snapshot([.. Relations, Relation(16500, 'r', "orders") with { Schema = "sales" }]);
        var losses = LossFinder.Find(
            [Lost([Orders], dropped: [Orders]), Lost([16500], dropped: [16500])], 15,
            _ => new CatalogsAround(names, null));

        var choice = LossChoosing.Table(losses, WantedName.Parse("orders")!, LossPick.Latest, LossCause.Dropped);

        Assert.Equal(
            ["shop.public.orders", "shop.sales.orders"], ((LossChoice.Several)choice).Names);
    }

    [Theory]
    [InlineData("PG_VERSION", true)]
    [InlineData("global/1260", true)]
    [InlineData("base/16385/1259", true)]
    [InlineData("base/16385/16400", true)]
    [InlineData("base/16385/16400.1", true)]
    [InlineData("base/16385/16405", true)]
    [InlineData("base/16385/16410", false)]
    [InlineData("base/16385/16410_fsm", false)]
    [InlineData("base/16385/99999", true)]
    [InlineData("base/5/1259", false)]
    public void Only_catalogs_and_the_lost_tables_are_needed_and_what_is_not_known(string path, bool needed) =>
        Assert.Equal(needed, new NeededFiles(Names, Shop, [Orders]).Needs(path));

    [Theory]
    [InlineData("base/16385/16410", true)]
    [InlineData("base/5/1259", true)]
    [InlineData("base/16999/1259", false)]
    public void A_whole_database_needs_those_that_are_always_there_too(string path, bool needed) =>
        Assert.Equal(needed, new NeededFiles(Names, Shop, null).Needs(path));

    [Fact]
    public void A_name_that_no_snapshot_has_may_be_in_any_drop_under_its_old_name()
    {
        var losses = Find(
            15, Lost([Orders], dropped: [Orders]),
            Lost([99999], dropped: [99999]) with { At = new Lsn(2000) });

        var none = (LossChoice.NotFound)LossChoosing.Table(
            losses, WantedName.Parse("renamed")!, LossPick.Latest, LossCause.Dropped);

        Assert.Equal([new Lsn(2000)], none.Unnamed.Select(loss => loss.At));
        Assert.Equal([new Lsn(1000)], none.Named.Select(loss => loss.At));
    }

    [Fact]
    public void What_is_cleared_of_a_run_that_was_killed_is_no_loss()
    {
        var names = Snapshot([.. Relations, Relation(16500, 'r', "orders") with { Schema = "pgmahout_undo_1a_1" }]);

        var losses = LossFinder.Find(
            [Lost([Orders], dropped: [Orders]), Lost([16500], dropped: [16500])], 15,
            _ => new CatalogsAround(names, null));

        Assert.Equal(["shop.public.orders"], Assert.Single(losses).Tables.Select(table => table.Text));
    }

    [Fact]
    public void Who_dropped_is_told_by_a_message_of_the_same_transaction()
    {
        static WalEvent.Message Said(string content, string prefix = DropGuard.Prefix) =>
            new(new Lsn(950), 701, Shop, prefix, content);
        var lost = Lost([Orders], dropped: [Orders]);

        Assert.Equal(
            new LossAuthor("ann\tlee", "10.0.0.7", null),
            Assert.Single(Find(15, Said("700\t10.0.0.7\t\tann\tlee"), lost)).By);
        Assert.Null(Assert.Single(Find(15, Said("699\t\tpsql\tann"), lost)).By);
        Assert.Null(Assert.Single(Find(15, Said("700"), lost)).By);
        Assert.Null(Assert.Single(Find(15, Said("700\t\t\tann", "pgmahout.other"), lost)).By);
    }

    private static ImmutableArray<Loss> Find(int major, params WalEvent[] events) =>
        LossFinder.Find(events, major, _ => new CatalogsAround(Names, null));

    private static WalEvent.FilesLost Lost(uint[] lost, uint[]? made = null, uint[]? dropped = null) => new(
        new Lsn(1000), new Lsn(900), Noon, 700, Shop, [.. lost.Select(File)], [.. (made ?? []).Select(File)],
        [.. (dropped ?? []).Select(oid => new DroppedObject(DroppedObject.RelationKind, Shop, oid))]);

    private static RelationFile File(uint number) => new(RelationFile.DefaultTablespace, Shop, number);

    private static CatalogRelation Relation(uint oid, char kind, string name) =>
        new(oid, oid, 0, "public", name, kind, 'p', "postgres", 0, -1, 0, 0, []);

    private static CatalogNames Snapshot(ImmutableArray<CatalogRelation> relations) => new(new CatalogSnapshot(
        TimelineId.First, new Lsn(1), new Lsn(2), Noon, 150018,
        [
            new CatalogDatabase(
                Shop, "shop", RelationFile.DefaultTablespace, "postgres", null,
                [Relation(1259, 'r', "pg_class") with { Schema = "pg_catalog" }, .. relations]),
        ],
        [], []));
}
