using System.Collections.Immutable;
using Npgsql;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal.Decoding;
using PgMahout.Core.Wal.Indexing;
using Xunit;

namespace PgMahout.InstanceTests.Wal;

/// <summary>Each mishap that an operator wants to undo is told, with the place to stop before it.</summary>
public sealed class WalEventTests
{
    public static TheoryData<int> Versions => PostgresVersions.All;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Drops_truncations_and_rewrites_are_told_apart(int major)
    {
        await using var server = await WalServer.StartAsync(major);
        await server.RunAsync(
            "CREATE TABLE doomed (a int PRIMARY KEY, b text); CREATE TABLE emptied (a int); CREATE TABLE tight (a int);"
            + "CREATE TABLE two (a int); INSERT INTO emptied VALUES (1); INSERT INTO tight VALUES (1);"
            + "INSERT INTO two VALUES (1)");
        var oid = await server.ValueAsync<uint>("SELECT 'doomed'::regclass::oid");
        var (doomed, emptied, tight, two) = (
            await server.FileAsync("doomed"), await server.FileAsync("emptied"), await server.FileAsync("tight"),
            await server.FileAsync("two"));
        var dropXid = await InTransactionAsync(server, "DROP TABLE doomed");
        var truncateXid = await InTransactionAsync(server, "TRUNCATE emptied");
        await server.RunAsync("VACUUM FULL tight");
        await InTransactionAsync(server, "CREATE TABLE brief AS SELECT 1; DROP TABLE brief");
        await InTransactionAsync(server, "CREATE TEMP TABLE passing (a int); DROP TABLE passing");
        await InTransactionAsync(server, "SAVEPOINT s; DROP TABLE two; ROLLBACK TO s");
        var nestedXid = await InTransactionAsync(server, "SAVEPOINT s; DROP TABLE two; RELEASE s");

        var lost = (await EventsAsync(server)).OfType<WalEvent.FilesLost>()
            .Where(told => told.Lost.Any(file => file.Number >= doomed.Number)).ToArray();

        Assert.Equal(4, lost.Length);
        var (drop, truncate, vacuum, nested) = (lost[0], lost[1], lost[2], lost[3]);
        Assert.Equal((LossKind.Dropped, dropXid), (drop.Kind, drop.Xid));
        Assert.Contains(doomed, drop.Lost);
        Assert.Equal(doomed.Database, drop.Database);
        Assert.InRange(drop.Time, Now - TimeSpan.FromMinutes(5), Now);
        if (major >= 15)
            Assert.Contains(new DroppedObject(DroppedObject.RelationKind, doomed.Database, oid), drop.Dropped);
        Assert.Equal((LossKind.Rewritten, truncateXid), (truncate.Kind, truncate.Xid));
        Assert.Equal([emptied], truncate.Lost.AsEnumerable());
        Assert.Equal([await server.FileAsync("emptied")], truncate.Made.AsEnumerable());
        Assert.Equal(LossKind.Rewritten, vacuum.Kind);
        Assert.Contains(tight, vacuum.Lost);
        Assert.Equal((LossKind.Dropped, nestedXid), (nested.Kind, nested.Xid));
        Assert.Contains(two, nested.Lost);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Many_rows_deleted_or_updated_are_counted_also_over_segments_and_subtransactions(int major)
    {
        await using var server = await WalServer.StartAsync(major);
        await server.RunAsync("CREATE TABLE rows AS SELECT i, 0 n FROM generate_series(1, 5000) i");
        var file = await server.FileAsync("rows");
        var xid = await InTransactionAsync(
            server,
            "DELETE FROM rows WHERE i <= 1000; SELECT pg_switch_wal(); SAVEPOINT s;"
            + "UPDATE rows SET n = 1 WHERE i <= 2000; RELEASE s; SELECT pg_switch_wal(); SAVEPOINT t;"
            + "DELETE FROM rows; ROLLBACK TO t; DELETE FROM rows WHERE i <= 1500");
        await InTransactionAsync(server, "DELETE FROM rows WHERE i <= 1600");

        var told = (await EventsAsync(server)).OfType<WalEvent.RowsChanged>().Where(e => e.File == file).ToArray();

        var rows = Assert.Single(told);
        Assert.Equal((xid, 1500L, 1000L), (rows.Xid, rows.Deleted, rows.Updated));
        Assert.True(rows.Since.Value + (16 << 20) < rows.At.Value);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Before_a_dropped_database_there_is_a_place_where_it_is_whole(int major)
    {
        await using var server = await WalServer.StartAsync(major);
        await server.RunAsync("CREATE DATABASE passing");
        var oid = await server.ValueAsync<uint>("SELECT oid FROM pg_database WHERE datname = 'passing'");
        await server.RunAsync("CREATE TABLE t (a int)", "passing");
        await server.RunAsync("CHECKPOINT");
        var before = await server.PositionAsync();
        await server.RunAsync("DROP DATABASE passing");

        var events = await EventsAsync(server);

        Assert.Equal(oid, Assert.Single(
            events.OfType<WalEvent.DatabaseCreated>(), created => created.Database == oid).Database);
        var dropped = Assert.Single(events.OfType<WalEvent.DatabaseDropped>());
        Assert.Equal(oid, dropped.Database);
        Assert.InRange(dropped.StopBefore.Value, before.Value, dropped.At.Value);
        Assert.True(dropped.StopBefore < dropped.At, $"{dropped}");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Restore_points_messages_checkpoints_and_prepared_transactions_are_kept(int major)
    {
        await using var server = await WalServer.StartAsync(major);
        var point = Lsn.Parse(await server.ValueAsync<string>("SELECT pg_create_restore_point('a point')::text"));
        await server.RunAsync("SELECT pg_logical_emit_message(false, 'pgmahout.drop', 'told')");
        await server.RunAsync("SELECT pg_logical_emit_message(false, 'another', 'not told')");
        await server.RunAsync("CREATE TABLE p (a int)");
        await server.RunAsync("BEGIN; INSERT INTO p VALUES (1); DELETE FROM p; PREPARE TRANSACTION 'open one'");
        await server.RunAsync("CHECKPOINT");
        await server.RunAsync("ALTER SYSTEM SET full_page_writes = off");
        await server.RunAsync("SELECT pg_reload_conf()");
        await server.RunAsync("SELECT pg_switch_wal()");

        var indexes = WalIndexes.Of(await server.SegmentsAsync());
        var events = indexes.SelectMany(index => index.Events).ToArray();

        Assert.Equal(point, Assert.Single(events.OfType<WalEvent.RestorePoint>(), e => e.Name == "a point").End);
        Assert.Equal("told", Assert.Single(events.OfType<WalEvent.Message>()).Content);
        var checkpoint = events.OfType<WalEvent.Checkpoint>().Last();
        Assert.False(checkpoint.Shutdown);
        Assert.True(checkpoint.Redo <= checkpoint.At);
        Assert.InRange(checkpoint.Time, Now - TimeSpan.FromMinutes(5), Now);
        Assert.Equal("open one", Assert.Single(indexes[^1].Carried.Open, open => open.Gid is not null).Gid);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_time_finds_the_first_commit_after_it(int major)
    {
        await using var server = await WalServer.StartAsync(major, ("track_commit_timestamp", "on"));
        await server.RunAsync("CREATE TABLE t (a int)");
        var times = new List<DateTime>();
        for (var i = 0; i < 20; i++)
        {
            await server.RunAsync($"INSERT INTO t VALUES ({i})");
            times.Add(await server.ValueAsync<DateTime>($"SELECT pg_xact_commit_timestamp(xmin) FROM t WHERE a = {i}"));
        }

        var segments = await server.SegmentsAsync();
        var commits = WalIndexes.Of(segments).Select(index => index.Commits).ToArray();
        FoundEnd? After(DateTime time) => TransactionSearch.FirstCommitAfter(
            time, segments[0].Segment, segments.Select(segment => new ReadOnlyMemory<byte>(segment.Content)));

        Assert.All(commits, table => Assert.True(table.Every));
        for (var i = 0; i + 1 < times.Count; i++)
        {
            var found = commits.Select(table => table.FirstAfter(times[i])).First(mark => mark is not null);
            Assert.Equal(times[i + 1], found!.Value.Time.UtcDateTime);
            Assert.Equal((found.Value.At, found.Value.Time), (After(times[i])!.Value.At, After(times[i])!.Value.Time));
        }
        Assert.All(commits, table => Assert.Null(table.FirstAfter(times[^1])));
        Assert.Null(After(times[^1]));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_transaction_is_found_by_its_number_or_by_that_of_a_part_of_it(int major)
    {
        await using var server = await WalServer.StartAsync(major);
        await server.RunAsync("CREATE TABLE t (a xid)");
        var xid = await InTransactionAsync(server, "SAVEPOINT s; INSERT INTO t VALUES ('1'); RELEASE s");
        var part = await server.ValueAsync<uint>("SELECT xmin FROM t");
        await server.RunAsync("BEGIN; INSERT INTO t VALUES ('2'); PREPARE TRANSACTION 'p'");
        var prepared = await server.ValueAsync<uint>("SELECT transaction FROM pg_prepared_xacts");
        await server.RunAsync("ROLLBACK PREPARED 'p'");
        await server.RunAsync("SELECT pg_switch_wal()");
        var segments = await server.SegmentsAsync();
        FoundEnd? EndOf(uint number) => TransactionSearch.EndOf(
            number, segments[0].Segment, segments.Select(segment => new ReadOnlyMemory<byte>(segment.Content)));

        Assert.Equal((xid, true), (EndOf(xid)!.Value.Xid, EndOf(xid)!.Value.Committed));
        Assert.Equal(EndOf(xid), EndOf(part));
        Assert.Equal((prepared, false), (EndOf(prepared)!.Value.Xid, EndOf(prepared)!.Value.Committed));
        Assert.Null(EndOf(prepared + 1000));
    }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private static async Task<ImmutableArray<WalEvent>> EventsAsync(WalServer server)
    {
        // All asynchronous commits are flushed before the files are read.
        await server.RunAsync("SELECT pg_switch_wal()");
        return [.. WalIndexes.Of(await server.SegmentsAsync()).SelectMany(index => index.Events)];
    }

    /// <summary>The number of the transaction, which is committed.</summary>
    private static async Task<uint> InTransactionAsync(WalServer server, string statements)
    {
        await using var connection = await server.ConnectAsync();
        await using var begin = new NpgsqlCommand("BEGIN; SELECT pg_current_xact_id()::text", connection);
        var xid = uint.Parse((string)(await begin.ExecuteScalarAsync())!);
        await using var command = new NpgsqlCommand(statements + "; COMMIT", connection);
        await command.ExecuteNonQueryAsync();
        return xid;
    }
}
