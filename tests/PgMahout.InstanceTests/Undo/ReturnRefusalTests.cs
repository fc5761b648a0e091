using System.Collections.Immutable;
using System.Globalization;
using Npgsql;
using PgMahout.Core.Vocabulary;
using PgMahout.InstanceTests.Backup;
using PgMahout.Undo;
using PgMahout.Undo.Returning;
using Xunit;

namespace PgMahout.InstanceTests.Undo;

/// <summary>What cannot come back says so, and whatever fails leaves the live database as it was.</summary>
public sealed class ReturnRefusalTests
{
    private const string Orders = """
        CREATE TABLE customers (id int PRIMARY KEY);
        INSERT INTO customers SELECT generate_series(1, 100);
        CREATE TABLE orders (id serial PRIMARY KEY, customer int REFERENCES customers, body text);
        INSERT INTO orders (customer, body) SELECT 1 + i % 100, 'b' || i FROM generate_series(1, 2000) AS i;
        CREATE INDEX orders_body ON orders (body);
        CREATE VIEW bodies AS SELECT body FROM orders;
        CREATE TABLE items (id int REFERENCES orders);
        """;

    [Fact]
    public async Task A_name_that_is_taken_is_refused_and_another_name_can_be_given()
    {
        await using var lab = await ReturnLab.StartAsync(Orders);
        await lab.Live.ExecuteAsync("DROP TABLE orders CASCADE; CREATE TABLE orders (id int PRIMARY KEY, other int)");
        var before = await lab.DefinitionsAsync();

        var refused = await ReturnLab.RunAsync(await lab.RequestAsync("orders"));

        Assert.Equal("undo-name-taken", refused.Failure?.Code);
        Assert.Contains("public.orders", refused.Failure?.Why, StringComparison.Ordinal);
        Assert.Equal(before, await lab.DefinitionsAsync());

        var returned = TestMember.Done(await ReturnLab.RunAsync(
            await lab.RequestAsync("orders") with { As = "orders_then" }));

        Assert.Equal("\"public\".\"orders_then\"", Assert.Single(returned.Tables).Name);
        Assert.Equal(2000, await lab.Live.QueryAsync<long>("SELECT count(*) FROM orders_then"));
        Assert.Equal(3, await lab.Live.QueryAsync<long>("""
            SELECT count(*) FROM pg_class WHERE relname IN (
                'orders_then_pkey', 'orders_then_body', 'orders_then_id_seq')
            """));
        Assert.Equal(1, await lab.Live.QueryAsync<long>(
            "SELECT count(*) FROM pg_constraint WHERE conrelid = 'orders_then'::regclass AND contype = 'f' "
            + "AND convalidated"));
        await lab.HasNoDebrisAsync();
    }

    [Fact]
    public async Task A_table_that_is_still_there_can_be_brought_beside_itself()
    {
        await using var lab = await ReturnLab.StartAsync(Orders);
        await lab.Live.ExecuteAsync("UPDATE orders SET body = ''");

        TestMember.Done(await ReturnLab.RunAsync(await lab.RequestAsync("orders") with { As = "orders_then" }));

        Assert.Equal(2000, await lab.Live.QueryAsync<long>(
            "SELECT count(*) FROM orders JOIN orders_then t USING (id) WHERE t.body = 'b' || id AND orders.body = ''"));
        await lab.Live.ExecuteAsync("DROP TABLE orders_then");
        Assert.Equal(lab.Definitions, await lab.DefinitionsAsync());
    }

    [Fact]
    public async Task Roles_that_are_gone_are_named_and_keep_nothing_away()
    {
        await using var lab = await ReturnLab.StartAsync("""
            CREATE ROLE gone; CREATE ROLE stays;
            CREATE TABLE t (id int);
            INSERT INTO t SELECT generate_series(1, 10);
            ALTER TABLE t OWNER TO gone;
            GRANT SELECT ON t TO stays;
            """);
        await lab.Live.ExecuteAsync("DROP TABLE t; DROP ROLE gone");

        var returned = await lab.ReturnAsync("t");

        Assert.Contains("role gone", Assert.Single(returned.Warnings), StringComparison.Ordinal);
        Assert.Equal("postgres", await lab.Live.QueryAsync<string>(
            "SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE relname = 't'"));
        Assert.True(await lab.Live.QueryAsync<bool>("SELECT has_table_privilege('stays', 't', 'SELECT')"));
    }

    [Fact]
    public async Task What_new_tables_are_granted_by_default_old_ones_are_not()
    {
        await using var lab = await ReturnLab.StartAsync("""
            CREATE ROLE reader;
            CREATE TABLE t (id serial);
            ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader;
            ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO reader;
            """);
        await lab.Live.ExecuteAsync("DROP TABLE t");

        await lab.ReturnAsync("t");

        await lab.IsAsBeforeAsync();
    }

    [Fact]
    public async Task An_unlogged_table_comes_back_empty_and_says_why()
    {
        await using var lab = await ReturnLab.StartAsync("""
            CREATE UNLOGGED TABLE cache (id int PRIMARY KEY, body text);
            INSERT INTO cache SELECT generate_series(1, 10);
            """);
        await lab.Live.ExecuteAsync("DROP TABLE cache");

        var returned = await lab.ReturnAsync("cache");

        Assert.Contains("unlogged", Assert.Single(returned.Warnings), StringComparison.Ordinal);
        Assert.Equal(lab.Definitions, await lab.DefinitionsAsync());
        Assert.Equal(0, await lab.Live.QueryAsync<long>("SELECT count(*) FROM cache"));
    }

    [Fact]
    public async Task Memberships_of_publications_come_back()
    {
        await using var lab = await ReturnLab.StartAsync("""
            CREATE TABLE t (id int PRIMARY KEY, a int, b int);
            CREATE PUBLICATION part FOR TABLE t (id, a) WHERE (id > 5);
            """, settings: "wal_level=logical");
        await lab.Live.ExecuteAsync("DROP TABLE t");

        await lab.ReturnAsync("t");

        await lab.IsAsBeforeAsync();
    }

    [Fact]
    public async Task A_long_transaction_that_holds_a_lock_ends_it_and_leaves_nothing()
    {
        await using var lab = await ReturnLab.StartAsync(Orders);
        await lab.Live.ExecuteAsync("DROP TABLE orders CASCADE");
        var before = await lab.DefinitionsAsync();
        await using (var holder = new NpgsqlConnection(lab.Live.ConnectionText))
        {
            await holder.OpenAsync();
            await using var hold = new NpgsqlCommand("BEGIN; DELETE FROM customers WHERE id = 1", holder);
            await hold.ExecuteNonQueryAsync();

            var refused = await ReturnLab.RunAsync(
                await lab.RequestAsync("orders") with { LockLimit = TimeSpan.FromSeconds(1) });

            Assert.Equal("undo-lock-timeout", refused.Failure?.Code);
            Assert.Equal(before, await lab.DefinitionsAsync());
        }
    }

    [Fact]
    public async Task What_a_killed_run_left_is_cleared_by_the_next()
    {
        await using var lab = await ReturnLab.StartAsync(Orders);
        await lab.Live.ExecuteAsync("""
            DROP TABLE orders CASCADE;
            CREATE SCHEMA pgmahout_undo_dead_1; CREATE TABLE pgmahout_undo_dead_1.orders (id int);
            COMMENT ON SCHEMA pgmahout_undo_dead_1 IS
                'pgmahout undo dead: lost things on their way back; goes by itself';
            """);

        await lab.ReturnAsync("orders");

        await lab.HasNoDebrisAsync();
        await lab.IsAsBeforeAsync();
    }

    [Theory]
    [InlineData("looking")]
    [InlineData("definitions")]
    [InlineData("rows")]
    [InlineData("checking")]
    [InlineData("indexes")]
    [InlineData("moving in place")]
    public async Task Cancelled_at_any_step_it_leaves_nothing(string step)
    {
        await using var lab = await ReturnLab.StartAsync(Orders);
        await lab.Live.ExecuteAsync("DROP TABLE orders CASCADE");
        var before = await lab.DefinitionsAsync();
        using var stop = new CancellationTokenSource();
        var run = new ReturnRun(await lab.RequestAsync("orders"), TimeProvider.System);
        run.Progress.Entered += entered =>
        {
            if (entered == step)
                stop.Cancel();
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.RunAsync(stop.Token));

        Assert.Equal(before, await lab.DefinitionsAsync());
    }

    [Fact]
    public async Task What_breaks_off_after_everything_is_back_says_that_it_is()
    {
        await using var lab = await ReturnLab.StartAsync(Orders);
        await lab.Live.ExecuteAsync("DROP TABLE orders CASCADE");
        var run = new ReturnRun(await lab.RequestAsync("orders"), TimeProvider.System);
        run.Progress.Entered += step =>
        {
            if (step == "foreign keys")
                throw new IOException("the terminal is gone");
        };

        var ended = await run.RunAsync(default);

        Assert.StartsWith("everything is back", ended.Failure?.Left, StringComparison.Ordinal);
        Assert.Equal(lab.Rows, await lab.RowsAsync());
        await lab.HasNoDebrisAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_became_of_a_commit_whose_answer_is_lost_is_found_out(bool delivered)
    {
        await using var lab = await ReturnLab.StartAsync(Orders);
        await lab.Live.ExecuteAsync("DROP TABLE orders CASCADE");
        var before = await lab.DefinitionsAsync();
        await using var relay = new CommitRelay(lab.Live.Socket) { Delivers = delivered };
        var text = relay.ConnectionText(lab.Live.ConnectionText);
        var run = new ReturnRun(
            await lab.RequestAsync("orders") with { Live = () => new NpgsqlConnection(text) }, TimeProvider.System);
        run.Progress.Entered += step =>
        {
            if (step == "moving in place")
                relay.Arm();
        };

        var ended = await run.RunAsync(default);

        Assert.Equal(1, relay.Broken);
        if (delivered)
        {
            Assert.Empty(TestMember.Done(ended).Warnings);
            await lab.IsAsBeforeAsync();
        }
        else
        {
            Assert.Equal("the live database is as it was", ended.Failure?.Left);
            Assert.Equal(before, await lab.DefinitionsAsync());
        }
        await lab.HasNoDebrisAsync();
    }

    [Fact]
    public async Task Too_little_room_on_a_disk_of_the_cluster_is_seen_before_anything_is_written()
    {
        await using var lab = await ReturnLab.StartAsync(Orders);
        await lab.Live.ExecuteAsync("DROP TABLE orders CASCADE");
        var before = await lab.DefinitionsAsync();
        var size = long.Parse(
            await lab.ThenAsync("SELECT pg_total_relation_size('orders')::text"), CultureInfo.InvariantCulture);
        var request = await lab.RequestAsync("orders");
        ReturnRequest On(long room) => request with
        {
            Disks = _ => Task.FromResult<ImmutableArray<LiveDisk>>([new LiveDisk(["m1", "m2"], new ByteSize(room))]),
        };

        // Two members write rows and indexes, and the WAL of both.
        var refused = await ReturnLab.RunAsync(On(size * 4 - 1));

        Assert.Equal(UndoProblems.NoRoomCode, refused.Failure?.Code);
        Assert.Contains("m1, m2", refused.Failure?.What, StringComparison.Ordinal);
        Assert.Equal(before, await lab.DefinitionsAsync());

        // A sequence takes a block as well.
        TestMember.Done(await ReturnLab.RunAsync(On(size * 4 + (64 << 10))));
        await lab.IsAsBeforeAsync();
    }

    [Fact]
    public async Task Room_for_no_more_WAL_than_checkpoints_leave_is_asked_for()
    {
        await using var lab = await ReturnLab.StartAsync(
            "CREATE TABLE orders AS SELECT i AS id, repeat('o', 2000) AS body FROM generate_series(1, 25000) AS i",
            settings: ["max_wal_size=32MB", "min_wal_size=32MB"]);
        await lab.Live.ExecuteAsync("DROP TABLE orders");
        var size = long.Parse(
            await lab.ThenAsync("SELECT pg_total_relation_size('orders')::text"), CultureInfo.InvariantCulture);
        var request = await lab.RequestAsync("orders");
        ReturnRequest On(long room) => request with
        {
            Disks = _ => Task.FromResult<ImmutableArray<LiveDisk>>([new LiveDisk(["m1"], new ByteSize(room))]),
        };

        Assert.True(size > 32 << 20);
        Assert.Equal(
            UndoProblems.NoRoomCode, (await ReturnLab.RunAsync(On(size + (32 << 20) - 1))).Failure?.Code);
        TestMember.Done(await ReturnLab.RunAsync(On(size + (32 << 20))));
        await lab.IsAsBeforeAsync();
    }

    [Fact]
    public async Task A_disk_that_fills_in_the_middle_leaves_the_live_database_as_it_was()
    {
        using var disk = SmallFileSystem.Mount(200);
        await using var lab = await ReturnLab.StartAsync("""
            CREATE TABLE other AS SELECT generate_series(1, 100) AS id;
            CREATE TABLE orders AS SELECT i AS id, repeat('o', 1000) AS body FROM generate_series(1, 20000) AS i;
            """, disk: disk);
        await lab.MoveWalAsync();
        await lab.Live.ExecuteAsync("DROP TABLE orders; CHECKPOINT");
        var (before, rows) = (await lab.DefinitionsAsync(), await lab.RowsAsync());
        var started = await lab.Live.QueryAsync<DateTime>("SELECT pg_postmaster_start_time()");
        disk.Resize(disk.UsedMegabytes + 8);

        var ended = await ReturnLab.RunAsync(await lab.RequestAsync("orders"));

        Assert.Equal("undo-refused-by-server", ended.Failure?.Code);
        Assert.Contains("53100", ended.Failure?.Why, StringComparison.Ordinal);
        Assert.Equal("the live database is as it was", ended.Failure?.Left);
        Assert.Equal(started, await lab.Live.QueryAsync<DateTime>("SELECT pg_postmaster_start_time()"));
        Assert.Equal(before, await lab.DefinitionsAsync());
        Assert.Equal(rows, await lab.RowsAsync());
        await lab.HasNoDebrisAsync();
    }

    [Fact]
    public async Task A_table_with_a_file_that_was_left_out_is_refused()
    {
        await using var lab = await ReturnLab.StartAsync(Orders);
        await lab.Live.ExecuteAsync("DROP TABLE orders CASCADE");
        var before = await lab.DefinitionsAsync();
        var request = await lab.RequestAsync("orders");
        var index = await lab.ThenAsync("SELECT pg_relation_filepath('orders_body')");

        var refused = await ReturnLab.RunAsync(request with
        {
            Source = request.Source with { Restored = path => path != index },
        });

        Assert.Equal(UndoProblems.UnsoundCode, refused.Failure?.Code);
        Assert.Contains("orders_body", refused.Failure?.What, StringComparison.Ordinal);
        Assert.Equal(before, await lab.DefinitionsAsync());
    }
}
