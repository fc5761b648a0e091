using System.Diagnostics;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Indexing;
using Xunit;

namespace PgMahout.InstanceTests.Wal;

/// <summary>What the index of real WAL says, compared with what was done.</summary>
public sealed class SegmentIndexTests
{
    private const int PageSize = 8192;

    public static TheoryData<int> Versions => PostgresVersions.All;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task An_index_survives_being_written_and_being_made_one_by_one(int major)
    {
        await using var server = await WalServer.StartAsync(major);
        await WalWorkload.RunAsync(server);
        var segments = await server.SegmentsAsync();

        var watch = Stopwatch.StartNew();
        var indexes = WalIndexes.Of(segments);
        var seconds = watch.Elapsed.TotalSeconds;
        var again = WalIndexes.OneByOne(segments);

        Assert.Equal(segments.Select(segment => segment.Segment), indexes.Select(index => index.Segment));
        Assert.All(indexes, index => Assert.True(index.BlocksKnown));
        Assert.All(indexes, index => Assert.Equal(major, index.Major));
        foreach (var (index, other) in indexes.Zip(again))
        {
            var written = IndexFormat.Write(index);
            Assert.Equal(written, IndexFormat.Write(other));
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"PostgreSQL {major} {index.Segment}: {written.Length} bytes, {index.Commits.Commits} commits, "
                + $"{index.Events.Length} events, {index.Changed.Blocks} blocks");
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{segments.Length * 16 / seconds:F0} MB/s");
    }

    [Fact]
    public async Task Damaged_wal_ends_the_indexing_in_words_also_where_no_checksum_is_compared()
    {
        await using var server = await WalServer.StartAsync(15);
        await WalWorkload.RunAsync(server);
        var (segment, content) = (await server.SegmentsAsync())[0];
        var ended = 0;

        for (var seed = 1UL; seed <= 60; seed++)
        {
            var prng = new Prng(seed);
            var damaged = content.ToArray();
            // Headers and commits are few among the bytes: a whole stretch hits some.
            var at = prng.Below(damaged.Length - 4096);
            for (var i = 0; i < 4096; i += 1 + prng.Below(200))
                damaged[at + i] = (byte)prng.Below(256);
            var trusting = new SegmentIndexer(segment, CarriedState.Unknown, checksums: false);
            trusting.Add(segment, damaged);
            ended += trusting.Fault is null ? 0 : 1;
            var compared = new SegmentIndexer(segment, CarriedState.Unknown, checksums: true);
            compared.Add(segment, damaged);
            Assert.NotNull(compared.Fault);
        }

        Assert.InRange(ended, 20, 60);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Every_page_that_changed_is_in_the_index(int major)
    {
        await using var server = await WalServer.StartAsync(major);
        await server.RunAsync(
            "CREATE TABLE stays AS SELECT i, repeat('s', 50) t FROM generate_series(1, 30000) i;"
            + "CREATE TABLE shrinks AS SELECT i FROM generate_series(1, 100000) i;"
            + "CREATE INDEX ON stays (i); CREATE TABLE goes AS SELECT 1 a");
        // What initdb did is in the first segment: the databases are new in it.
        await server.RunAsync("SELECT pg_switch_wal()");
        await server.RunAsync("CHECKPOINT");
        var from = await server.PositionAsync();
        var before = Pages(server);
        await server.RunAsync("UPDATE stays SET t = 'u' WHERE i % 1000 = 0");
        await server.RunAsync("DELETE FROM shrinks WHERE i > 20000");
        await server.RunAsync("VACUUM shrinks");
        await server.RunAsync("INSERT INTO shrinks SELECT generate_series(1, 10000); DROP TABLE goes");
        await WalWorkload.RunAsync(server);
        await server.RunAsync("CHECKPOINT");
        var segments = await server.SegmentsAsync();
        var unlogged = Directory.GetFiles(server.DataDirectory, "*_init", SearchOption.AllDirectories)
            .Select(path => path[..^"_init".Length]).ToHashSet();
        var after = Pages(server);

        var changed = ChangedBlockSet.Merge(
            WalIndexes.Of(segments).Where(index => index.Segment.End > from).Select(index => index.Changed));

        var (same, taken) = (0L, 0L);
        foreach (var (path, (file, lsns)) in after.Where(page => !unlogged.Contains(page.Key)))
        {
            var known = changed.TryGet(new RelationFork(file, Fork.Main), out var runs, out var limit);
            var old = before.TryGetValue(path, out var was) ? was.Lsns : [];
            Assert.True(
                before.ContainsKey(path) || changed.Created(file) || changed.DatabaseTouched(file.Database),
                $"{path} is new and nothing says so");
            if (changed.DatabaseTouched(file.Database))
                continue;
            for (var block = 0; block < lsns.Length; block++)
            {
                var isTaken = known && (runs.Contains((uint)block) || block >= limit) || block >= old.Length;
                Assert.True(isTaken || lsns[block] == old[block], $"block {block} of {path} changed");
                taken += isTaken ? 1 : 0;
                same += isTaken ? 0 : 1;
            }
        }
        Assert.All(
            before.Keys.Except(after.Keys),
            gone => Assert.True(changed.TryGet(new RelationFork(before[gone].File, Fork.Main), out _, out _), gone));
        Assert.True(same > 500, $"{same} pages were left out");
        TestContext.Current.TestOutputHelper?.WriteLine($"PostgreSQL {major}: {taken} pages to take, {same} not");
    }

    /// <summary>Of every main fork: the address in each page's header, of its last logged change.</summary>
    private static Dictionary<string, (RelationFile File, ulong[] Lsns)> Pages(WalServer server)
    {
        var pages = new Dictionary<string, (RelationFile, ulong[])>();
        foreach (var path in Directory.GetFiles(server.DataDirectory, "*", SearchOption.AllDirectories))
        {
            var directory = Path.GetFileName(Path.GetDirectoryName(path))!;
            var isGlobal = directory == "global";
            if (!uint.TryParse(Path.GetFileName(path), out var number)
                || (!isGlobal && (!path.Contains("/base/", StringComparison.Ordinal)
                    || !uint.TryParse(directory, out _))))
                continue;
            var bytes = File.ReadAllBytes(path);
            var lsns = new ulong[bytes.Length / PageSize];
            for (var i = 0; i < lsns.Length; i++)
                lsns[i] = ((ulong)BitConverter.ToUInt32(bytes, i * PageSize) << 32)
                    | BitConverter.ToUInt32(bytes, i * PageSize + 4);
            pages[path] = (isGlobal
                ? new RelationFile(RelationFile.GlobalTablespace, 0, number)
                : new RelationFile(RelationFile.DefaultTablespace, uint.Parse(directory), number), lsns);
        }
        return pages;
    }
}
