using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Indexing;
using Xunit;

namespace PgMahout.Tests.Wal.Indexing;

public sealed class ChangedBlockSetTests
{
    private static readonly RelationFile Table = new(RelationFile.DefaultTablespace, 5, 16384);
    private static readonly RelationFork Main = new(Table, Fork.Main);

    [Fact]
    public void Neighbouring_blocks_are_one_run()
    {
        var changed = new ChangedBlocksBuilder();
        foreach (var block in new uint[] { 7, 5, 6, 6, 63, 64, 1023, 1024, 100_000, 4_294_967_294 })
            changed.Add(Main, block);

        Assert.True(changed.Build().TryGet(Main, out var runs, out var limit));

        Assert.Null(limit);
        Assert.Equal(
            [new(5, 3), new(63, 2), new(1023, 2), new(100_000, 1), new(4_294_967_294, 1)],
            runs.Runs.AsEnumerable());
    }

    [Fact]
    public void Blocks_behind_the_shortest_length_are_told_by_it()
    {
        var changed = new ChangedBlocksBuilder();
        changed.Add(Main, 3);
        changed.Add(Main, 12);
        changed.Shrink(Main, 20);
        changed.Shrink(Main, 10);
        changed.Shrink(Main, 30);

        Assert.True(changed.Build().TryGet(Main, out var runs, out var limit));

        Assert.Equal(10u, limit);
        Assert.Equal([new(3, 1)], runs.Runs.AsEnumerable());
    }

    [Fact]
    public void What_was_created_has_nothing_of_before()
    {
        var changed = new ChangedBlocksBuilder();
        changed.Create(Table);
        changed.Touch(new TouchedDatabase(1663, 9));

        var set = changed.Build();

        Assert.True(set.Created(Table));
        Assert.False(set.Created(Table with { Number = 1 }));
        Assert.True(set.TryGet(Main, out _, out var limit));
        Assert.Equal(0u, limit);
        Assert.True(set.DatabaseTouched(9));
        Assert.False(set.DatabaseTouched(5));
        Assert.False(set.TryGet(Main with { Fork = Fork.Init }, out _, out _));
    }

    [Fact]
    public void Random_sets_merge_like_sets_of_numbers()
    {
        for (var seed = 1UL; seed <= 50; seed++)
        {
            var prng = new Prng(seed);
            var expected = new SortedSet<uint>();
            var parts = new List<ChangedBlockSet>();
            for (var part = 0; part < 3; part++)
            {
                var changed = new ChangedBlocksBuilder();
                for (var i = prng.Below(200); i >= 0; i--)
                {
                    var first = (uint)prng.Below(3000);
                    for (var block = first; block <= first + prng.Below(70); block++)
                    {
                        changed.Add(Main, block);
                        expected.Add(block);
                    }
                }
                parts.Add(changed.Build());
            }

            Assert.True(ChangedBlockSet.Merge(parts).TryGet(Main, out var runs, out _));

            Assert.Equal(expected, runs.Runs.SelectMany(run => Enumerable.Range((int)run.First, (int)run.Count)
                .Select(block => (uint)block)));
            Assert.Equal(expected.Count, runs.Count);
            Assert.All(Enumerable.Range(0, 3100), block =>
                Assert.Equal(expected.Contains((uint)block), runs.Contains((uint)block)));
            Assert.Equal(
                expected.Where(block => block is >= 500 and < 700),
                runs.Within(500, 700).SelectMany(run => Enumerable.Range((int)run.First, (int)run.Count)
                    .Select(block => (uint)block)));
        }
    }
}
