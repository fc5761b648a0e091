using Npgsql;
using PgMahout.Undo.Returning;
using Xunit;

namespace PgMahout.InstanceTests.Undo;

/// <summary>A dropped database comes back whole.</summary>
public sealed class ReturnDatabaseTests
{
    [Fact]
    public async Task A_dropped_database_comes_back_with_its_settings_and_large_objects()
    {
        await using var lab = await ReturnLab.StartAsync("""
            CREATE ROLE app;
            CREATE DATABASE "My Shop" OWNER app CONNECTION LIMIT 7;
            ALTER DATABASE "My Shop" SET work_mem = '5MB';
            COMMENT ON DATABASE "My Shop" IS 'the shop';
            GRANT CONNECT ON DATABASE "My Shop" TO app;
            """, makeDatabase: ("My Shop", """
            CREATE EXTENSION pg_trgm;
            CREATE TYPE mood AS ENUM ('ok', 'bad');
            CREATE TABLE customers (id int PRIMARY KEY, ms mood[]);
            CREATE TABLE orders (id serial PRIMARY KEY, customer int REFERENCES customers, body text);
            CREATE MATERIALIZED VIEW n AS SELECT count(*) FROM orders;
            INSERT INTO customers SELECT i, '{ok,bad}' FROM generate_series(1, 50) AS i;
            INSERT INTO orders (customer, body) SELECT 1 + i % 50, 'b' || i FROM generate_series(1, 1000) AS i;
            REFRESH MATERIALIZED VIEW n;
            SELECT lo_from_bytea(4711, '\x00ff');
            """));
        var before = await lab.DefinitionsAsync("My Shop");
        await lab.Live.ExecuteAsync("DROP DATABASE \"My Shop\"");
        var request = await lab.RequestAsync();
        request = request with { Source = request.Source with { Database = "My Shop" } };

        var returned = TestMember.Done(await new DatabaseRun(request, TimeProvider.System).RunAsync(default));

        Assert.Equal(before, await lab.DefinitionsAsync("My Shop"));
        Assert.Equal(1050, returned.Rows);
        Assert.Equal(1000, await lab.Live.QueryAsync<long>("SELECT count FROM n", "My Shop"));
        Assert.Equal([0, 255], (await lab.Live.QueryAsync<byte[]>("SELECT lo_get(4711)", "My Shop"))!);
        Assert.Equal(1001, await lab.Live.QueryAsync<int>("INSERT INTO orders DEFAULT VALUES RETURNING id", "My Shop"));
    }

    [Fact]
    public async Task Cancelled_while_rows_come_it_leaves_no_database()
    {
        await using var lab = await ReturnLab.StartAsync(
            "CREATE DATABASE shop", makeDatabase: ("shop", "CREATE TABLE t AS SELECT generate_series(1, 1000) AS id"));
        await lab.Live.ExecuteAsync("DROP DATABASE shop");
        var request = await lab.RequestAsync();
        using var stop = new CancellationTokenSource();
        var run = new DatabaseRun(
            request with { Source = request.Source with { Database = "shop" } }, TimeProvider.System);
        run.Progress.Entered += step =>
        {
            if (step == "rows")
                stop.Cancel();
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.RunAsync(stop.Token));

        Assert.Equal("postgres", await lab.Live.QueryAsync<string>(
            "SELECT string_agg(datname, ' ') FROM pg_database WHERE NOT datistemplate"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_became_of_its_last_commit_is_found_out_when_the_answer_is_lost(bool delivered)
    {
        await using var lab = await ReturnLab.StartAsync(
            "CREATE DATABASE shop", makeDatabase: ("shop", "CREATE TABLE t AS SELECT generate_series(1, 1000) AS id"));
        var before = await lab.DefinitionsAsync("shop");
        await lab.Live.ExecuteAsync("DROP DATABASE shop");
        await using var relay = new CommitRelay(lab.Live.Socket) { Delivers = delivered };
        var text = relay.ConnectionText(lab.Live.ConnectionText);
        var request = await lab.RequestAsync();
        var run = new DatabaseRun(request with
        {
            Source = request.Source with { Database = "shop" },
            Live = () => new NpgsqlConnection(text),
        }, TimeProvider.System);
        run.Progress.Entered += step =>
        {
            if (step == "moving in place")
                relay.Arm();
        };

        var ended = await run.RunAsync(default);

        Assert.Equal(1, relay.Broken);
        var names = await lab.Live.QueryAsync<string>(
            "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE NOT datistemplate");
        if (delivered)
        {
            Assert.Equal(1000, TestMember.Done(ended).Rows);
            Assert.Equal(before, await lab.DefinitionsAsync("shop"));
        }
        else
        {
            Assert.Equal("the live database is as it was", ended.Failure?.Left);
        }
        Assert.Equal(delivered ? "postgres shop" : "postgres", names);
    }
}
