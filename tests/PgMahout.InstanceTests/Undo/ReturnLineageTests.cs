using Xunit;

namespace PgMahout.InstanceTests.Undo;

/// <summary>Partitions, children by inheritance, types and schemas.</summary>
public sealed class ReturnLineageTests
{
    private const string Partitioned = """
        CREATE TABLE customers (id int PRIMARY KEY);
        INSERT INTO customers SELECT generate_series(1, 100);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TABLE orders (id int, day date NOT NULL, customer int REFERENCES customers, note text DEFAULT 'none',
                             PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
        CREATE TABLE orders_2025 PARTITION OF orders FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
        CREATE TABLE orders_2026 PARTITION OF orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')
            PARTITION BY HASH (id);
        CREATE TABLE orders_2026_0 PARTITION OF orders_2026 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE orders_2026_1 PARTITION OF orders_2026 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        CREATE TABLE orders_rest PARTITION OF orders DEFAULT;
        CREATE INDEX orders_note ON orders (note);
        CREATE TRIGGER noted AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION note();
        INSERT INTO orders SELECT i, date '2024-12-01' + i, 1 + i % 100 FROM generate_series(1, 900) AS i;
        """;

    [Fact]
    public async Task A_partitioned_table_comes_back_whole()
    {
        await using var lab = await ReturnLab.StartAsync(Partitioned + """
            ;CREATE TABLE items (id int, day date, FOREIGN KEY (id, day) REFERENCES orders);
            INSERT INTO items SELECT id, day FROM orders;
            """);
        await lab.Live.ExecuteAsync("DROP TABLE orders CASCADE");

        var returned = await lab.ReturnAsync("orders");

        await lab.IsAsBeforeAsync();
        Assert.Equal(900, returned.Rows);
        Assert.Empty(returned.Unproven);
        Assert.Empty(returned.Warnings);
    }

    [Theory]
    [InlineData("orders_2025")]
    [InlineData("orders_2026")]
    [InlineData("orders_2026_1")]
    [InlineData("orders_rest")]
    public async Task One_partition_comes_back_into_its_table(string partition)
    {
        await using var lab = await ReturnLab.StartAsync(Partitioned);
        await lab.Live.ExecuteAsync($"DROP TABLE {partition}");

        var returned = await lab.ReturnAsync(partition);

        Assert.Empty(returned.Warnings);
        await lab.IsAsBeforeAsync();
    }

    [Fact]
    public async Task A_partition_whose_rows_have_new_owners_stands_beside_its_table()
    {
        await using var lab = await ReturnLab.StartAsync(Partitioned);
        await lab.Live.ExecuteAsync("DROP TABLE orders_2025; INSERT INTO orders VALUES (1, '2025-05-05')");

        var returned = await lab.ReturnAsync("orders_2025");

        Assert.Contains(returned.Warnings, warning => warning.Contains("partition", StringComparison.Ordinal));
        Assert.Equal(365, await lab.Live.QueryAsync<long>("SELECT count(*) FROM orders_2025"));
        Assert.False(await lab.Live.QueryAsync<bool>(
            "SELECT relispartition FROM pg_class WHERE relname = 'orders_2025'"));
    }

    [Fact]
    public async Task Children_by_inheritance_come_back_with_and_without_their_parent()
    {
        const string Family = """
            CREATE TABLE animals (id int PRIMARY KEY, name text NOT NULL DEFAULT 'x', CHECK (id > 0));
            CREATE TABLE cats (lives int DEFAULT 9, CHECK (lives > 0)) INHERITS (animals);
            INSERT INTO animals SELECT i, 'a' || i FROM generate_series(1, 50) AS i;
            INSERT INTO cats SELECT i, 'c' || i, 3 FROM generate_series(51, 90) AS i;
            """;
        await using var lab = await ReturnLab.StartAsync(Family);
        await lab.Live.ExecuteAsync("DROP TABLE cats");

        await lab.ReturnAsync("cats");

        await lab.IsAsBeforeAsync();
        await using var other = await ReturnLab.StartAsync(Family);
        await other.Live.ExecuteAsync("DROP TABLE animals CASCADE");

        await other.ReturnAsync("animals");

        await other.IsAsBeforeAsync();
    }

    [Fact]
    public async Task Columns_of_types_that_are_there_and_of_types_that_went_too_come_back()
    {
        await using var lab = await ReturnLab.StartAsync("""
            CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
            CREATE DOMAIN positive AS int CHECK (VALUE > 0);
            CREATE TYPE pair AS (a int, m mood);
            CREATE TYPE span AS RANGE (subtype = int);
            CREATE TABLE people (id positive, m mood DEFAULT 'ok', ms mood[], p pair, ps pair[], s span, r regclass,
                                 j jsonb, x xml, h int GENERATED ALWAYS AS (id * 2) STORED);
            INSERT INTO people SELECT i, (ARRAY['sad', 'ok', 'happy'])[1 + i % 3]::mood, ARRAY['sad', 'ok']::mood[],
                (i, 'happy')::pair, ARRAY[(i, 'sad')::pair], span(i, i + 5), 'people'::regclass, '{"a": 1}', '<a/>'
              FROM generate_series(1, 300) AS i;
            """);
        await lab.Live.ExecuteAsync("DROP TABLE people; DROP TYPE pair, mood, span; DROP DOMAIN positive");

        var returned = await lab.ReturnAsync("people");

        Assert.Contains("type public.mood", returned.Objects);
        Assert.Equal(lab.Definitions, await lab.DefinitionsAsync());
        Assert.Equal(300, await lab.Live.QueryAsync<long>(
            "SELECT count(*) FROM people WHERE (p).m = 'happy' AND ms[1] = 'sad' AND (ps[1]).a = id"));
    }

    [Fact]
    public async Task A_dropped_schema_comes_back_with_all_that_was_in_it()
    {
        await using var lab = await ReturnLab.StartAsync("""
            CREATE ROLE app;
            CREATE SCHEMA sales AUTHORIZATION app;
            COMMENT ON SCHEMA sales IS 'what is sold';
            GRANT USAGE ON SCHEMA sales TO PUBLIC;
            CREATE TYPE sales.state AS ENUM ('new', 'paid');
            CREATE FUNCTION sales.next(s sales.state) RETURNS sales.state LANGUAGE sql
                AS $$ SELECT 'paid'::sales.state $$;
            CREATE SEQUENCE sales.numbers START 50;
            CREATE TABLE sales.orders (id int PRIMARY KEY DEFAULT nextval('sales.numbers'), s sales.state,
                                       ss sales.state[]);
            CREATE TABLE public.invoices ("order" int REFERENCES sales.orders, total int);
            CREATE VIEW public.paid AS SELECT * FROM sales.orders WHERE s = 'paid';
            CREATE TABLE public.log (id int DEFAULT nextval('sales.numbers'));
            INSERT INTO sales.orders (s, ss) SELECT 'new', ARRAY['new', 'paid']::sales.state[]
              FROM generate_series(1, 200);
            INSERT INTO invoices SELECT id FROM sales.orders;
            CREATE OPERATOR sales.### (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl);
            CREATE TEXT SEARCH DICTIONARY sales.words (TEMPLATE = simple);
            """);
        await lab.Live.ExecuteAsync("DROP SCHEMA sales CASCADE");

        var request = (await lab.RequestAsync()) with { Schemas = ["sales"] };
        var returned = TestMember.Done(await ReturnLab.RunAsync(request));

        Assert.Empty(returned.Warnings);
        await lab.IsAsBeforeAsync();
    }

    [Fact]
    public async Task One_table_of_a_dropped_schema_comes_back_with_its_schema()
    {
        await using var lab = await ReturnLab.StartAsync("""
            CREATE ROLE app;
            CREATE SCHEMA sales AUTHORIZATION app;
            GRANT USAGE ON SCHEMA sales TO PUBLIC;
            COMMENT ON SCHEMA sales IS 'what is sold';
            CREATE TABLE sales.orders (id serial PRIMARY KEY);
            INSERT INTO sales.orders SELECT generate_series(1, 10);
            """);
        await lab.Live.ExecuteAsync("DROP SCHEMA sales CASCADE");

        await lab.ReturnAsync("sales.orders");

        await lab.IsAsBeforeAsync();
    }
}
