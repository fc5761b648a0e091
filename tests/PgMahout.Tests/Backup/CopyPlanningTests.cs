using System.Collections.Immutable;
using PgMahout.Core.Backup;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Indexing;
using Xunit;

namespace PgMahout.Tests.Backup;

public sealed class CopyPlanningTests
{
    private const int Block = BackupManifest.BlockSize;
    private const long ParentStart = 1000 * TimeSpan.TicksPerSecond;
    private static readonly RelationFile Relation = new(RelationFile.DefaultTablespace, 5, 20000);

    [Theory]
    [InlineData("base/5/20000", 20000u, Fork.Main, 0u)]
    [InlineData("base/5/20000.3", 20000u, Fork.Main, 3u)]
    [InlineData("base/5/20000_fsm", 20000u, Fork.FreeSpaceMap, 0u)]
    [InlineData("base/5/20000_vm.1", 20000u, Fork.VisibilityMap, 1u)]
    [InlineData("base/5/20000_init", 20000u, Fork.Init, 0u)]
    [InlineData("global/1262", 1262u, Fork.Main, 0u)]
    [InlineData("pg_tblspc/16385/PG_15_202209061/5/7", 7u, Fork.Main, 0u)]
    public void The_path_of_a_relation_is_understood(string path, uint number, Fork fork, uint segment)
    {
        var relation = DataPath.Relation(path)!.Value;

        Assert.Equal((number, fork, segment), (relation.Fork.File.Number, relation.Fork.Fork, relation.Segment));
    }

    [Theory]
    [InlineData("base/5/pg_filenode.map")]
    [InlineData("base/5/PG_VERSION")]
    [InlineData("base/5/t3_16402")]
    [InlineData("base/5/20000_other")]
    [InlineData("base/5/20000.x")]
    [InlineData("global/pg_control")]
    [InlineData("pg_xact/0000")]
    [InlineData("postgresql.conf")]
    public void Other_files_are_no_relations(string path) => Assert.Null(DataPath.Relation(path));

    [Theory]
    [InlineData("postmaster.pid", true)]
    [InlineData("base/5/t3_16402", true)]
    [InlineData("base/5/t3_16402_fsm.1", true)]
    [InlineData("base/pgsql_tmp", true)]
    [InlineData("base/5/pg_internal.init.123", true)]
    [InlineData("standby.signal", true)]
    [InlineData("base/5/standby.signal", false)]
    [InlineData("base/5/20000", false)]
    [InlineData("pg_hba.conf", false)]
    [InlineData("pgmahout.conf", false)]
    public void What_belongs_to_the_running_server_is_left_out(string path, bool omitted) =>
        Assert.Equal(omitted, DataPath.IsOmitted(path));

    [Fact]
    public void Of_an_unlogged_relation_only_the_empty_beginning_is_taken()
    {
        var files = Files("base/5/1", "base/5/1.1", "base/5/1_fsm", "base/5/1_init", "base/5/2", "base/6/1");

        Assert.Equal(
            ["base/5/1_init", "base/5/2", "base/6/1"],
            CopyPlanning.WithoutUnlogged(files).Select(file => file.Path));
    }

    [Fact]
    public void Without_a_parent_everything_is_taken() =>
        Assert.IsType<Taking.Whole>(CopyPlanning.Decide(Found("base/5/20000", 80), null));

    [Fact]
    public void A_file_that_looks_the_same_is_not_read_where_time_can_be_trusted()
    {
        var found = Found("base/5/20000_vm", 3);

        Assert.IsType<Taking.Nothing>(CopyPlanning.Decide(found, Parent(found)));
        Assert.IsType<Taking.Whole>(CopyPlanning.Decide(found, Parent(found) with { SameSource = false }));
        Assert.IsType<Taking.Whole>(CopyPlanning.Decide(found with { ModifiedAt = 6 }, Parent(found)));
        Assert.IsType<Taking.Whole>(CopyPlanning.Decide(found with { Size = 4 * Block }, Parent(found)));
        var recent = found with { ModifiedAt = ParentStart - TimeSpan.TicksPerSecond };
        Assert.IsType<Taking.Whole>(CopyPlanning.Decide(recent, Parent(recent)));
    }

    [Fact]
    public void A_relation_that_may_have_changed_is_read_for_its_changed_pages()
    {
        var found = Found("base/5/20000", 100);
        var parent = Parent(found with { Size = 80 * Block });

        Assert.Equal(new Taking.ChangedSince(80), CopyPlanning.Decide(found, parent));
        Assert.IsType<Taking.Whole>(CopyPlanning.Decide(Found("base/5/20001", 100), parent));
    }

    [Fact]
    public void Known_changes_decide_without_a_look_at_the_file()
    {
        var found = Found("base/5/20000", 100) with { ModifiedAt = 77 };

        Assert.IsType<Taking.Nothing>(Decide(found, 100, null));
        Assert.Equal([new(3, 2)], Runs(Decide(found, 100, null, new BlockRun(3, 2))));
        Assert.Equal([new(3, 2), new(90, 10)], Runs(Decide(found, 90, null, new BlockRun(3, 2), new BlockRun(95, 1))));
        Assert.Equal([new(3, 2), new(50, 50)], Runs(Decide(found, 100, 50, new BlockRun(3, 2), new BlockRun(60, 1))));
        Assert.IsType<Taking.Whole>(Decide(found, 100, 0));
        Assert.Equal([new(3, 2)], Runs(Decide(found, 200, 150, new BlockRun(3, 2))));
    }

    [Fact]
    public void Changes_of_a_later_segment_are_counted_from_its_beginning()
    {
        var found = Found("base/5/20000.1", 100);
        var first = RelationSegment.Blocks;

        Assert.Equal([new(7, 1)], Runs(Decide(found, 100, null, new BlockRun(5, 1), new BlockRun(first + 7, 1))));
        Assert.IsType<Taking.Nothing>(Decide(found, 100, first + 100, new BlockRun(5, 1)));
        Assert.Equal([new(40, 60)], Runs(Decide(found, 100, first + 40)));
        Assert.IsType<Taking.Whole>(Decide(found, 100, 10));
    }

    [Fact]
    public void What_was_made_anew_is_taken_whole()
    {
        var found = Found("base/5/20000", 100);
        var created = new ChangedBlockSet([], [Relation], []);
        var database = new ChangedBlockSet([], [], [new TouchedDatabase(RelationFile.DefaultTablespace, 5)]);

        Assert.IsType<Taking.Whole>(CopyPlanning.Decide(found, Parent(found) with { Changes = created }));
        Assert.IsType<Taking.Whole>(CopyPlanning.Decide(found, Parent(found) with { Changes = database }));
    }

    [Fact]
    public void Files_are_cut_and_bundled_so_that_every_byte_is_in_one_unit()
    {
        ImmutableArray<FoundFile> files =
        [
            Found("a", 1) with { Size = 0 }, Found("b", 1) with { Size = 100 }, Found("c", 1) with { Size = 5_000_001 },
            .. Enumerable.Range(0, 50).Select(i => Found($"d{i}", 1) with { Size = 100_000 + i }),
        ];

        var units = CopyPlanning.Cut(files, [.. files.Select(_ => new Taking.Whole())]);

        Assert.All(units, unit => Assert.Equal(unit.Length, unit.Extents.Sum(extent => extent.Length)));
        Assert.All(units, unit => Assert.InRange(unit.Length, 1, BackupManifest.ChunkBytes));
        foreach (var (number, file) in files.Index())
        {
            long end = 0;
            var own = units.SelectMany(unit => unit.Extents).Where(extent => extent.File == number);
            foreach (var extent in own.OrderBy(extent => extent.At))
            {
                Assert.Equal(end, extent.At);
                end += extent.Length;
            }
            Assert.Equal(file.Size, end);
        }
        Assert.InRange(units.Length, 6, 8);
    }

    private static ImmutableArray<FoundFile> Files(params string[] paths) => [.. paths.Select(path => Found(path, 1))];

    private static FoundFile Found(string path, int blocks) => new(path, blocks * (long)Block, 5, 0x180);

    private static ParentFiles Parent(FoundFile file) => new(
        new BackupManifest(
            new BackupId("p"), null, "", ImmutableSortedDictionary<int, long>.Empty, [], [], [],
            [new BackedFile(file.Path, file.Size, file.ModifiedAt, file.Mode, false, [])], []),
        SameSource: true, ParentStart, Changes: null);

    private static Taking Decide(FoundFile found, int blocksBefore, uint? limit, params BlockRun[] runs)
    {
        var changes = new ForkChanges(new BlockRuns([.. runs]), limit);
        var set = new ChangedBlockSet([new(new RelationFork(Relation, Fork.Main), changes)], [], []);
        return CopyPlanning.Decide(
            found, Parent(found with { Size = blocksBefore * (long)Block }) with { Changes = set });
    }

    private static BlockRun[] Runs(Taking taking) => [.. Assert.IsType<Taking.Blocks>(taking).Runs];
}
