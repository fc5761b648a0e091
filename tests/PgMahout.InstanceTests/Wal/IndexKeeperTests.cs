using PgMahout.Backup.Framing;
using PgMahout.Backup.Indexing;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Indexing;
using Xunit;

namespace PgMahout.InstanceTests.Wal;

/// <summary>Real WAL in a real repository.</summary>
public sealed class IndexKeeperTests : IDisposable
{
    private const ulong System = 0x66f1a20c4be0912d;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pgmahout-index-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Indexes_are_the_same_however_often_the_keeper_starts_anew_or_what_it_missed()
    {
        await using var server = await WalServer.StartAsync(15);
        await WalWorkload.RunAsync(server);
        await server.RunAsync("SELECT pg_switch_wal()");
        await server.RunAsync("CHECKPOINT");
        var segments = await server.SegmentsAsync();
        var expected = WalIndexes.Of(segments).Select(index => Convert.ToHexString(IndexFormat.Write(index))).ToArray();
        var whole = segments.Length - 1;

        var steady = await ArchiveAsync("steady");
        var keeper = new IndexKeeper(steady);
        foreach (var (segment, content) in segments[..whole])
            await ArchivedAsync(steady, keeper, segment, content);
        var restarted = await ArchiveAsync("restarted");
        foreach (var (segment, content) in segments[..whole])
            await ArchivedAsync(restarted, new IndexKeeper(restarted), segment, content);
        var late = await ArchiveAsync("late");
        foreach (var (segment, content) in segments[..(whole - 1)])
            await PutAsync(late, segment, content);
        await ArchivedAsync(late, new IndexKeeper(late), segments[whole - 1].Segment, segments[whole - 1].Content);
        var after = await ArchiveAsync("after");
        foreach (var (segment, content) in segments[..whole])
            await PutAsync(after, segment, content);
        while (TestMember.Done(await new IndexKeeper(after).CatchUpAsync(WalSegment.DefaultSize, 1, default)) > 0)
        {
        }

        foreach (var archive in (IndexArchive[])[steady, restarted, late, after])
            for (var i = 0; i < whole; i++)
            {
                var index = TestMember.Done(await archive.ReadIndexAsync(segments[i].Segment, default));
                Assert.Equal(expected[i], Convert.ToHexString(IndexFormat.Write(index!)));
            }
    }

    [Fact]
    public async Task Changed_blocks_are_told_up_to_the_last_record_with_the_servers_own_files()
    {
        await using var server = await WalServer.StartAsync(15);
        await server.RunAsync("CREATE TABLE t AS SELECT i FROM generate_series(1, 100000) i");
        await server.RunAsync("SELECT pg_switch_wal()");
        await server.RunAsync("CHECKPOINT");
        var from = new WalPosition(TimelineId.First, await server.PositionAsync());
        await WalWorkload.RunAsync(server);
        await server.RunAsync("SELECT pg_switch_wal()");
        await server.RunAsync("UPDATE t SET i = i + 1 WHERE i = 50000");
        var to = new WalPosition(TimelineId.First, await server.PositionAsync());
        var file = await server.FileAsync("t");
        var segments = await server.SegmentsAsync();
        var archive = await ArchiveAsync("changed");
        foreach (var (segment, content) in segments[..^2])
            await PutAsync(archive, segment, content);
        await new IndexKeeper(archive).CatchUpAsync(WalSegment.DefaultSize, 2, default);

        var changed = TestMember.Done(await new ChangedBlocks(archive, new WalDirectory(server.WalDirectory))
            .BetweenAsync(from, to, TimelineHistory.Initial, WalSegment.DefaultSize, default));
        var without = await new ChangedBlocks(archive, null)
            .BetweenAsync(from, to, TimelineHistory.Initial, WalSegment.DefaultSize, default);
        var backwards = await new ChangedBlocks(archive, null)
            .BetweenAsync(to, from, TimelineHistory.Initial, WalSegment.DefaultSize, default);

        Assert.True(changed.TryGet(new RelationFork(file, Fork.Main), out var runs, out var limit));
        Assert.Null(limit);
        Assert.InRange(runs.Count, 1, 2);
        var merged = ChangedBlockSet.Merge(WalIndexes.Of(segments)
            .Where(index => index.Segment.End > from.Lsn).Select(index => index.Changed));
        Assert.Equal(merged.Forks.AsEnumerable(), changed.Forks.AsEnumerable());
        Assert.Equal(IndexProblems.MissingCode, without.Failure!.Code);
        Assert.Equal(IndexProblems.UnknownCode, backwards.Failure!.Code);
    }

    [Fact]
    public async Task A_damaged_index_is_said_so_and_made_again_where_it_is_needed()
    {
        await using var server = await WalServer.StartAsync(15);
        await server.RunAsync("SELECT pg_switch_wal()");
        var segments = await server.SegmentsAsync();
        var archive = await ArchiveAsync("damaged");
        await ArchivedAsync(archive, new IndexKeeper(archive), segments[0].Segment, segments[0].Content);
        var path = Directory.GetFiles(_directory.FullName, "*.idx*", SearchOption.AllDirectories).Single();
        var bytes = await File.ReadAllBytesAsync(path);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);

        Assert.NotNull((await archive.ReadIndexAsync(segments[0].Segment, default)).Failure);
        Assert.NotNull(TestMember.Done(await archive.ReadOrMakeAsync(segments[0].Segment, default)));
    }

    private static async Task ArchivedAsync(
        IndexArchive archive, IndexKeeper keeper, WalSegment segment, byte[] content)
    {
        await PutAsync(archive, segment, content);
        await keeper.ArchivedAsync(segment, content, default);
        Assert.Null(keeper.LastProblem);
    }

    private static async Task PutAsync(IndexArchive archive, WalSegment segment, byte[] content) =>
        TestMember.Done(await Framed.PutAsync(
            archive.Repository, $"{Repository.PrefixOf(System)}wal/{segment.Name[..8]}/{segment.Name}", content,
            Flushing.Later, default));

    private async Task<IndexArchive> ArchiveAsync(string name)
    {
        var path = Directory.CreateDirectory(Path.Combine(_directory.FullName, name)).FullName;
        var store = TestMember.Done(DirectoryStore.Open(path, TestMember.Limit, TimeProvider.System));
        var repository = TestMember.Done(await Repository.OpenAsync(
            store, new RepositoryOwner("test", System, false), Compression.Of(CompressionKind.Zstd, 1), null, default));
        return new IndexArchive(repository, System);
    }
}
