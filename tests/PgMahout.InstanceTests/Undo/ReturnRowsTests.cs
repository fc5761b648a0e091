using Npgsql;
using PgMahout.Core.Vocabulary;
using PgMahout.Undo.Returning;
using Xunit;

namespace PgMahout.InstanceTests.Undo;

/// <summary>Rows of tables that are still there: truncated, deleted and changed ones.</summary>
public sealed class ReturnRowsTests
{
    private const string Tables = """
        CREATE TABLE customers (id int PRIMARY KEY);
        INSERT INTO customers SELECT generate_series(1, 100);
        CREATE TABLE orders (id serial PRIMARY KEY, customer int REFERENCES customers, body text,
                             long int GENERATED ALWAYS AS (length(body)) STORED);
        CREATE TABLE items (id int REFERENCES orders, n int);
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
        INSERT INTO orders (customer, body) SELECT 1 + i % 100, 'b' || i FROM generate_series(1, 2000) AS i;
        INSERT INTO items SELECT id, id FROM orders;
        CREATE TRIGGER refusing BEFORE INSERT OR UPDATE ON orders EXECUTE FUNCTION refuse();
        """;

    [Fact]
    public async Task Truncated_tables_are_filled_again()
    {
        await using var lab = await ReturnLab.StartAsync(Tables);
        await lab.Live.ExecuteAsync("TRUNCATE orders RESTART IDENTITY CASCADE; ALTER TABLE orders ADD later int");

        var request = await lab.RequestAsync("orders", "items");
        var returned = TestMember.Done(await new RefillRun(request, TimeProvider.System).RunAsync(default));

        Assert.Equal(4000, returned.Rows);
        await lab.Live.ExecuteAsync("ALTER TABLE orders DROP later");
        Assert.Equal(lab.Rows, await lab.RowsAsync());
    }

    [Fact]
    public async Task A_truncated_table_that_has_rows_again_is_left_alone()
    {
        await using var lab = await ReturnLab.StartAsync(Tables);
        await lab.Live.ExecuteAsync("TRUNCATE items; INSERT INTO items VALUES (1, 1)");

        var refused = await new RefillRun(await lab.RequestAsync("items"), TimeProvider.System).RunAsync(default);

        Assert.Equal("undo-has-rows", refused.Failure?.Code);
        Assert.Equal(1, await lab.Live.QueryAsync<long>("SELECT count(*) FROM items"));
    }

    [Fact]
    public async Task Truncated_rows_that_no_longer_fit_are_named_and_not_put_back()
    {
        await using var lab = await ReturnLab.StartAsync(Tables);
        await lab.Live.ExecuteAsync("TRUNCATE orders CASCADE; DELETE FROM customers WHERE id = 7");

        var refused = await new RefillRun(
            await lab.RequestAsync("orders", "items"), TimeProvider.System).RunAsync(default);

        Assert.Equal("undo-key-broken", refused.Failure?.Code);
        Assert.Contains("20 of them", refused.Failure?.Why, StringComparison.Ordinal);
        Assert.Equal(0, await lab.Live.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task Chosen_rows_become_what_they_were()
    {
        await using var lab = await ReturnLab.StartAsync(Tables);
        await lab.Live.ExecuteAsync("""
            ALTER TABLE orders DISABLE TRIGGER refusing;
            DELETE FROM items WHERE id <= 30;
            DELETE FROM orders WHERE id <= 30;
            UPDATE orders SET body = 'spoilt' WHERE id BETWEEN 31 AND 80;
            INSERT INTO orders (id, customer, body) SELECT i, 1, 'new' FROM generate_series(9001, 9005) AS i;
            ALTER TABLE orders ENABLE TRIGGER refusing;
            """);
        TestMember.Done(await ReturnLab.RunAsync(await lab.RequestAsync("orders") with { As = "orders_then" }));
        var rows = new RowsRun(
            () => new NpgsqlConnection(lab.Live.ConnectionText), ("public", "orders"), ("public", "orders_then"));

        var diff = TestMember.Done(await rows.CompareAsync(default));

        Assert.Equal((30, 50, 5, 1920), (diff.Missing, diff.Changed, diff.New, diff.Same));
        Assert.Equal("9001", diff.Examples.New[0]);

        var applied = TestMember.Done(await rows.ApplyAsync(
            RowClasses.Missing | RowClasses.Changed, TimeSpan.FromSeconds(5), default));

        Assert.Equal(new RowsApplied(30, 50, 0), applied);
        Assert.Equal(2005, await lab.Live.QueryAsync<long>("SELECT count(*) FROM orders"));
        Assert.Equal(
            new RowsApplied(0, 0, 5),
            TestMember.Done(await rows.ApplyAsync(RowClasses.New, TimeSpan.FromSeconds(5), default)));
        Assert.Equal(
            0, await lab.Live.QueryAsync<long>("SELECT count(*) FROM (TABLE orders EXCEPT TABLE orders_then) AS d"));
        Assert.Equal("O", await lab.Live.QueryAsync<string>(
            "SELECT tgenabled::text FROM pg_trigger WHERE tgname = 'refusing'"));
    }

    [Fact]
    public async Task A_partitioned_table_is_compared_whole_with_a_copy_that_holds_nothing_of_other_tables()
    {
        await using var lab = await ReturnLab.StartAsync("""
            CREATE TABLE customers (id int PRIMARY KEY);
            INSERT INTO customers SELECT generate_series(0, 99);
            CREATE TABLE orders (id int, day int, customer int REFERENCES customers, PRIMARY KEY (id, day))
                PARTITION BY RANGE (day);
            CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (0) TO (10);
            CREATE TABLE orders_rest PARTITION OF orders DEFAULT;
            INSERT INTO orders SELECT i, i % 20, i % 100 FROM generate_series(1, 1000) AS i;
            CREATE TABLE items (id int, day int, FOREIGN KEY (id, day) REFERENCES orders ON DELETE CASCADE);
            """);
        await lab.Live.ExecuteAsync("""
            DELETE FROM orders WHERE id <= 40; UPDATE orders SET customer = 0 WHERE id = 41;
            INSERT INTO orders VALUES (5000, 3, 1)
            """);
        TestMember.Done(await ReturnLab.RunAsync(
            await lab.RequestAsync("orders") with { As = "orders_then", Apart = true }));
        var rows = new RowsRun(
            () => new NpgsqlConnection(lab.Live.ConnectionText), ("public", "orders"), ("public", "orders_then"));

        var diff = TestMember.Done(await rows.CompareAsync(default));

        Assert.Equal((40, 1, 1, 959), (diff.Missing, diff.Changed, diff.New, diff.Same));
        Assert.Equal(["public.items (items_id_day_fkey, ON DELETE CASCADE)"], diff.Reaches);
        Assert.Equal(0, await lab.Live.QueryAsync<long>(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confrelid = 'customers'::regclass "
            + "AND conrelid = 'orders_then'::regclass"));
        TestMember.Done(await rows.ApplyAsync(
            RowClasses.Missing | RowClasses.Changed | RowClasses.New, TimeSpan.FromSeconds(5), default));
        Assert.Equal(
            0, await lab.Live.QueryAsync<long>("SELECT count(*) FROM (TABLE orders EXCEPT TABLE orders_then) AS d"));
        Assert.Equal(1000, await lab.Live.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task A_copy_that_was_marked_is_known_again_by_its_point_only()
    {
        await using var lab = await ReturnLab.StartAsync(Tables);
        var point = new WalPosition(TimelineId.First, Lsn.Parse("0/5000028"));
        NpgsqlConnection Connect() => new(lab.Live.ConnectionText);
        var copy = new RowsCopy(Connect, 4711, point, ("public", "items"));

        Assert.False(TestMember.Done(await copy.ExistsAsync(default)));
        TestMember.Done(await copy.MarkAsync(default));
        Assert.True(TestMember.Done(await copy.ExistsAsync(default)));

        var later = point with { Lsn = Lsn.Parse("0/5000030") };
        Assert.False(TestMember.Done(
            await new RowsCopy(Connect, 4711, later, ("public", "items")).ExistsAsync(default)));
        Assert.False(TestMember.Done(
            await new RowsCopy(Connect, 4711, point, ("public", "nothing")).ExistsAsync(default)));
        TestMember.Done(await copy.DropAsync(default));
        Assert.Equal("orders", await lab.Live.QueryAsync<string>(
            "SELECT string_agg(relname, ' ') FROM pg_class WHERE relname IN ('items', 'orders')"));
    }
}
