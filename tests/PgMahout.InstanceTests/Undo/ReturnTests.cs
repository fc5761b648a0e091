using Xunit;

namespace PgMahout.InstanceTests.Undo;

/// <summary>What was dropped comes back definition for definition and row for row.</summary>
public sealed class ReturnTests
{
    [Fact]
    public async Task A_plain_table_comes_back_while_others_are_written_to()
    {
        await using var lab = await ReturnLab.StartAsync("""
            CREATE TABLE orders (id int PRIMARY KEY, body text, at timestamptz DEFAULT now());
            INSERT INTO orders SELECT i, repeat('x', i % 50), 'epoch'::timestamptz + i * interval '1 s'
              FROM generate_series(1, 20000) AS i;
            CREATE INDEX orders_body ON orders (body);
            """);
        await lab.Live.ExecuteAsync("CREATE TABLE ledger (n int)");
        await lab.Live.ExecuteAsync("DROP TABLE orders");

        using var stop = new CancellationTokenSource();
        var writing = WriteAsync(lab, stop.Token);
        var returned = await lab.ReturnAsync("orders");
        await stop.CancelAsync();
        var written = await writing;

        Assert.Equal(written, await lab.Live.QueryAsync<long>("SELECT count(*) FROM ledger"));
        Assert.True(written > 0);
        await lab.Live.ExecuteAsync("DROP TABLE ledger");
        await lab.IsAsBeforeAsync();
        var table = Assert.Single(returned.Tables);
        Assert.Equal(("\"public\".\"orders\"", 20000L), (table.Name, table.Rows));
        Assert.Equal(["table public.orders"], returned.Objects);
        Assert.Empty(returned.Warnings);
        Assert.Empty(returned.Unproven);
    }

    [Fact]
    public async Task Large_values_come_back_from_TOAST()
    {
        await using var lab = await ReturnLab.StartAsync("""
            CREATE TABLE papers (id int PRIMARY KEY, body text, raw bytea);
            ALTER TABLE papers ALTER body SET STORAGE EXTERNAL;
            ALTER TABLE papers ALTER raw SET STATISTICS 500;
            INSERT INTO papers SELECT i, (SELECT string_agg(md5(i::text || j), '') FROM generate_series(1, 300) AS j),
                                      decode(repeat(md5(i::text), 400), 'hex') FROM generate_series(1, 200) AS i;
            """);
        await lab.Live.ExecuteAsync("DROP TABLE papers");

        await lab.ReturnAsync("papers");

        await lab.IsAsBeforeAsync();
    }

    [Fact]
    public async Task Sequences_go_on_where_they_were()
    {
        await using var lab = await ReturnLab.StartAsync("""
            CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 7), s serial, v text);
            INSERT INTO t (v) SELECT 'v' || i FROM generate_series(1, 100) AS i;
            SELECT setval('t_s_seq', 5000, false);
            """);
        await lab.Live.ExecuteAsync("DROP TABLE t");

        await lab.ReturnAsync("t");

        await lab.IsAsBeforeAsync();
        Assert.Equal(5000, await lab.Live.QueryAsync<int>("INSERT INTO t (v) VALUES ('next') RETURNING s"));
    }

    [Fact]
    public async Task Foreign_keys_come_back_in_both_directions()
    {
        await using var lab = await ReturnLab.StartAsync("""
            CREATE TABLE customers (id int PRIMARY KEY);
            CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers ON DELETE CASCADE,
                                 parent int REFERENCES orders DEFERRABLE INITIALLY DEFERRED);
            CREATE TABLE items ("order" int NOT NULL REFERENCES orders (id), n int);
            INSERT INTO customers SELECT generate_series(1, 100);
            INSERT INTO orders SELECT i, 1 + i % 100, greatest(1, i - 1) FROM generate_series(1, 1000) AS i;
            INSERT INTO items SELECT 1 + i % 1000, i FROM generate_series(1, 3000) AS i;
            """);
        await lab.Live.ExecuteAsync("DROP TABLE orders CASCADE");

        var returned = await lab.ReturnAsync("orders");

        await lab.IsAsBeforeAsync();
        Assert.Empty(returned.Unproven);
        Assert.Equal(0, await lab.Live.QueryAsync<long>("SELECT count(*) FROM pg_constraint WHERE NOT convalidated"));
    }

    [Fact]
    public async Task Foreign_keys_that_no_longer_hold_are_named_with_their_rows()
    {
        await using var lab = await ReturnLab.StartAsync("""
            CREATE TABLE customers (id int PRIMARY KEY);
            CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers);
            CREATE TABLE items ("order" int REFERENCES orders (id));
            INSERT INTO customers SELECT generate_series(1, 100);
            INSERT INTO orders SELECT i, 1 + i % 100 FROM generate_series(1, 1000) AS i;
            """);
        await lab.Live.ExecuteAsync("DROP TABLE orders CASCADE");
        await lab.Live.ExecuteAsync("DELETE FROM customers WHERE id = 7; INSERT INTO items VALUES (4711), (4712), (1)");

        var returned = await lab.ReturnAsync("orders");

        var unproven = returned.Unproven.OrderBy(key => key.Constraint).ToList();
        Assert.Equal(
            ["items_order_fkey 2 4711,4712", "orders_customer_fkey 10 7"],
            unproven.Select(key => $"{key.Constraint} {key.Rows} {string.Join(',', key.Examples)}"));
        Assert.Equal(1000, await lab.Live.QueryAsync<long>("SELECT count(*) FROM orders"));
        await Assert.ThrowsAsync<Npgsql.PostgresException>(
            () => lab.Live.ExecuteAsync("INSERT INTO items VALUES (5000)"));
    }

    [Fact]
    public async Task Views_that_went_with_a_table_come_back()
    {
        await using var lab = await ReturnLab.StartAsync("""
            CREATE ROLE reader;
            CREATE TABLE customers (id int PRIMARY KEY, name text);
            CREATE TABLE orders (id int PRIMARY KEY, customer int, at date);
            INSERT INTO customers SELECT i, 'c' || i FROM generate_series(1, 10) AS i;
            INSERT INTO orders SELECT i, 1 + i % 10, date '2026-01-01' + i FROM generate_series(1, 500) AS i;
            CREATE VIEW by_customer AS SELECT name, count(*) AS n FROM orders
                JOIN customers c ON c.id = customer GROUP BY name;
            CREATE VIEW many AS SELECT * FROM by_customer WHERE n > 10;
            COMMENT ON VIEW many IS 'those who ''buy'' much';
            GRANT SELECT ON many TO reader;
            CREATE MATERIALIZED VIEW monthly AS SELECT date_trunc('month', at) AS m, count(*) AS n
                FROM orders GROUP BY 1;
            CREATE UNIQUE INDEX monthly_m ON monthly (m);
            CREATE MATERIALIZED VIEW yearly AS SELECT sum(n) AS n FROM monthly;
            CREATE FUNCTION total() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM orders; END;
            CREATE FUNCTION of_row(o orders) RETURNS int LANGUAGE sql AS 'SELECT o.id';
            """);
        await lab.Live.ExecuteAsync("DROP TABLE orders CASCADE");

        var returned = await lab.ReturnAsync("orders");

        await lab.IsAsBeforeAsync();
        Assert.Contains("materialized view public.yearly", returned.Objects);
        Assert.Contains("function public.total()", returned.Objects);
        Assert.Equal(500, await lab.Live.QueryAsync<long>("SELECT total()"));
    }

    [Fact]
    public async Task Triggers_policies_grants_comments_and_indexes_of_every_kind_come_back()
    {
        await using var lab = await ReturnLab.StartAsync("""
            CREATE ROLE app; CREATE ROLE reader;
            CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql
                AS $$ BEGIN NEW.n := NEW.n + 1; RETURN NEW; END; $$;
            CREATE TABLE "Odd Name" (id int, n int, body text, at tsrange, area box, tags int[],
                twice int GENERATED ALWAYS AS (n * 2) STORED, CHECK (n >= 0), EXCLUDE USING gist (at WITH &&));
            ALTER TABLE "Odd Name" ADD CONSTRAINT "Odd Key" PRIMARY KEY (id);
            INSERT INTO "Odd Name" SELECT i, i, 'b' || i, tsrange('epoch'::timestamp + i * interval '1 h',
                'epoch'::timestamp + (i + 1) * interval '1 h'), box(point(i, i), point(i + 1, i + 1)), ARRAY[i, i + 1]
              FROM generate_series(1, 1000) AS i;
            CREATE INDEX ON "Odd Name" (lower(body)) WHERE n > 10;
            CREATE INDEX ON "Odd Name" USING gin (tags);
            CREATE INDEX ON "Odd Name" USING brin (n);
            CREATE INDEX ON "Odd Name" USING hash (body);
            CREATE INDEX ON "Odd Name" USING spgist (area);
            CREATE UNIQUE INDEX odd_cover ON "Odd Name" (n) INCLUDE (body) WITH (fillfactor = 70);
            ALTER TABLE "Odd Name" CLUSTER ON odd_cover;
            ALTER TABLE "Odd Name" ALTER n SET NOT NULL;
            ALTER TABLE "Odd Name" REPLICA IDENTITY USING INDEX "Odd Key";
            ALTER INDEX "Odd Name_lower_idx" ALTER COLUMN 1 SET STATISTICS 300;
            CREATE STATISTICS odd_stats (dependencies) ON n, body FROM "Odd Name";
            CREATE TRIGGER stamped BEFORE UPDATE ON "Odd Name" FOR EACH ROW EXECUTE FUNCTION stamp();
            ALTER TABLE "Odd Name" DISABLE TRIGGER stamped;
            CREATE POLICY own ON "Odd Name" FOR SELECT TO reader USING (body = CURRENT_USER);
            ALTER TABLE "Odd Name" ENABLE ROW LEVEL SECURITY;
            CREATE RULE quiet AS ON DELETE TO "Odd Name" WHERE OLD.n < 5 DO INSTEAD (SELECT 1; SELECT 2);
            ALTER TABLE "Odd Name" OWNER TO app;
            GRANT SELECT, UPDATE (body) ON "Odd Name" TO reader WITH GRANT OPTION;
            COMMENT ON TABLE "Odd Name" IS 'it''s; -- odd \ $$';
            COMMENT ON COLUMN "Odd Name".n IS 'a number';
            ALTER TABLE "Odd Name" SET (autovacuum_enabled = off, toast.autovacuum_enabled = off);
            """);
        await lab.Live.ExecuteAsync("DROP TABLE \"Odd Name\"");

        await lab.ReturnAsync("\"Odd Name\"");

        await lab.IsAsBeforeAsync();
    }

    private static async Task<long> WriteAsync(ReturnLab lab, CancellationToken stop)
    {
        await using var connection = new Npgsql.NpgsqlConnection(lab.Live.ConnectionText);
        await connection.OpenAsync(CancellationToken.None);
        await using var command = new Npgsql.NpgsqlCommand("INSERT INTO ledger VALUES (1)", connection);
        var written = 0L;
        for (; !stop.IsCancellationRequested; written++)
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        return written;
    }
}
