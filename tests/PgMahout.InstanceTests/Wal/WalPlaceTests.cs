using PgMahout.Backup.Indexing;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal.Indexing;
using Xunit;

namespace PgMahout.InstanceTests.Wal;

/// <summary>A plain directory of WAL of a running server.</summary>
public sealed class WalPlaceTests
{
    [Fact]
    public async Task Recycled_files_are_passed_over_and_the_last_segment_counts_up_to_its_end()
    {
        await using var server = await WalServer.StartAsync(15, ("wal_keep_size", "0"), ("min_wal_size", "200MB"));
        for (var i = 0; i < 4; i++)
        {
            await server.RunAsync($"CREATE TABLE t{i} (a int)");
            await server.RunAsync("SELECT pg_switch_wal()");
        }
        await server.RunAsync("CHECKPOINT");
        await server.RunAsync("CHECKPOINT");
        await server.RunAsync("SELECT pg_create_restore_point('last')");
        // A restore point is not flushed by itself; a commit behind it is.
        await server.RunAsync("CREATE TABLE last (a int)");
        var end = await server.PositionAsync();

        var place = WalPlace.OfDirectory(server.WalDirectory);
        var indexes = TestMember.Done(await place.IndexesAsync(int.MaxValue, default));

        Assert.True(Directory.GetFiles(server.WalDirectory).Length > place.Segments.Length, "none was recycled");
        Assert.True(place.Segments[^1].Start < end && end <= place.Segments[^1].End);
        Assert.Equal(place.Segments, indexes.Select(index => index.Segment));
        Assert.Contains(indexes[^1].Events, told => told is WalEvent.RestorePoint { Name: "last" });
    }

    [Fact]
    public async Task Times_and_transactions_are_found_exactly_where_commits_are_too_many_to_keep_each()
    {
        await using var server = await WalServer.StartAsync(15, ("track_commit_timestamp", "on"));
        await server.RunAsync("CREATE TABLE t (a int)");
        await using var connection = await server.ConnectAsync();
        await using var command = new Npgsql.NpgsqlCommand(
            "CREATE PROCEDURE many() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..6000 LOOP INSERT INTO t VALUES (i);"
            + " COMMIT; END LOOP; END $$; ", connection);
        await command.ExecuteNonQueryAsync();
        command.CommandText = "SET synchronous_commit = off; CALL many()";
        await command.ExecuteNonQueryAsync();
        await server.RunAsync("SELECT pg_switch_wal()");
        var place = WalPlace.OfDirectory(server.WalDirectory);
        var indexes = TestMember.Done(await place.IndexesAsync(int.MaxValue, default));

        Assert.Contains(indexes, index => !index.Commits.Every);
        foreach (var row in (int[])[1, 777, 3333, 5999])
        {
            var at = await server.ValueAsync<DateTime>($"SELECT pg_xact_commit_timestamp(xmin) FROM t WHERE a = {row}");
            var next = await server.ValueAsync<uint>($"SELECT xmin FROM t WHERE a = {row + 1}");
            var found = TestMember.Done(await place.FirstCommitAfterAsync(at, indexes, default))!.Value;
            Assert.Equal(next, found.Xid);
            Assert.Equal(found, TestMember.Done(await place.EndOfAsync(next, indexes, default)));
        }
        Assert.Null(TestMember.Done(await place.EndOfAsync(2_000_000_000, indexes, default)));
        Assert.Null(await place.NamesAtAsync(Lsn.Zero, default));
    }
}
