using Npgsql;

namespace PgMahout.InstanceTests.Wal;

/// <summary>Statements of as many kinds as make records of their own.</summary>
internal static class WalWorkload
{
    private const string Tables =
        """
        CREATE TABLE plain (id int PRIMARY KEY, v text, n int);
        INSERT INTO plain SELECT i, repeat('x', i % 90), i FROM generate_series(1, 20000) i;
        UPDATE plain SET n = n + 1 WHERE id % 3 = 0;
        DELETE FROM plain WHERE id % 5 = 0;
        VACUUM (FREEZE) plain;
        CREATE TABLE wide (id int, v text);
        ALTER TABLE wide ALTER v SET STORAGE EXTERNAL;
        INSERT INTO wide SELECT i, repeat(md5(i::text), 300) FROM generate_series(1, 300) i;
        UPDATE wide SET v = v || 'y' WHERE id < 50;
        CREATE TABLE kinds (a int, b int4range, c int[], d point, e text);
        INSERT INTO kinds SELECT i, int4range(i, i + 5), ARRAY[i, i + 1], point(i, i), md5(i::text)
            FROM generate_series(1, 4000) i;
        CREATE INDEX ON kinds USING btree (e);
        CREATE INDEX ON kinds USING hash (a);
        CREATE INDEX ON kinds USING gist (b);
        CREATE INDEX ON kinds USING gin (c);
        CREATE INDEX ON kinds USING spgist (d);
        CREATE INDEX ON kinds USING brin (a);
        INSERT INTO kinds SELECT i, int4range(i, i + 5), ARRAY[i, i + 1], point(i, i), md5(i::text)
            FROM generate_series(4001, 9000) i;
        DELETE FROM kinds WHERE a % 2 = 0;
        VACUUM kinds;
        CREATE UNLOGGED TABLE unlogged (a int PRIMARY KEY);
        INSERT INTO unlogged SELECT generate_series(1, 1000);
        CREATE SEQUENCE numbers;
        SELECT nextval('numbers') FROM generate_series(1, 100);
        CREATE TEMP TABLE temporary (a int);
        INSERT INTO temporary VALUES (1);
        SELECT lo_from_bytea(0, decode(repeat('ab', 5000), 'hex'));
        CREATE TABLE parts (a int, b text) PARTITION BY RANGE (a);
        CREATE TABLE parts1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
        CREATE TABLE parts2 PARTITION OF parts FOR VALUES FROM (1000) TO (2000);
        INSERT INTO parts SELECT i, 'p' FROM generate_series(0, 1999) i;
        CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM plain;
        REFRESH MATERIALIZED VIEW counted;
        ANALYZE;
        """;

    private const string Rewrites =
        """
        CHECKPOINT;
        SELECT pg_switch_wal();
        VACUUM FULL plain;
        CLUSTER plain USING plain_pkey;
        REINDEX TABLE kinds;
        ALTER TABLE plain ALTER n TYPE bigint;
        TRUNCATE wide;
        INSERT INTO wide SELECT i, 'again' FROM generate_series(1, 3000) i;
        DELETE FROM wide WHERE id > 100;
        VACUUM wide;
        CREATE SCHEMA doomed;
        CREATE TABLE doomed.one (a serial PRIMARY KEY, b text);
        CREATE TABLE doomed.two (a int REFERENCES doomed.one, b text);
        INSERT INTO doomed.one (b) SELECT md5(i::text) FROM generate_series(1, 2000) i;
        CREATE FUNCTION doomed.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
        SELECT doomed.f();
        DROP SCHEMA doomed CASCADE;
        """;

    private const string Nested =
        """
        BEGIN;
        INSERT INTO plain VALUES (100001, 'a', 1);
        SAVEPOINT s1;
        INSERT INTO plain VALUES (100002, 'b', 1);
        SAVEPOINT s2;
        INSERT INTO plain VALUES (100003, 'c', 1);
        ROLLBACK TO s2;
        UPDATE plain SET n = 7 WHERE id = 100001;
        RELEASE s1;
        COMMIT;
        DO $$ BEGIN FOR i IN 1..200 LOOP
            BEGIN INSERT INTO plain VALUES (200000 + i, 's', i); EXCEPTION WHEN unique_violation THEN NULL; END;
        END LOOP; END $$;
        BEGIN;
        SELECT * FROM plain WHERE id < 100 FOR UPDATE;
        SELECT * FROM plain WHERE id < 50 FOR KEY SHARE;
        ROLLBACK;
        """;

    private static readonly string[] Prepared =
    [
        "BEGIN; INSERT INTO plain VALUES (300001, 'p', 1); SAVEPOINT a; INSERT INTO plain VALUES (300002, 'p', 1);"
        + " PREPARE TRANSACTION 'first one'",
        "BEGIN; CREATE TABLE never (a int); PREPARE TRANSACTION 'second'",
        "COMMIT PREPARED 'first one'",
        "ROLLBACK PREPARED 'second'",
    ];

    public static Task RunAsync(WalServer server) => RunAsync(server.ConnectAsync, server.Binaries.Major);

    /// <param name="connect">To a database of the server, which has room for prepared transactions.</param>
    public static async Task RunAsync(Func<string, Task<NpgsqlConnection>> connect, int major)
    {
        await RunEachAsync(connect, Tables);
        // The fetched builds know only the compression that has always been there.
        var compression = major == 15 ? "lz4" : "on";
        await RunEachAsync(connect, $"ALTER SYSTEM SET wal_compression = '{compression}'; SELECT pg_reload_conf();");
        await RunEachAsync(connect, Rewrites);
        await RunEachAsync(connect, "ALTER SYSTEM RESET wal_compression; SELECT pg_reload_conf();");
        await RunAsync(connect, Nested);
        foreach (var statement in Prepared)
            await RunAsync(connect, statement);
        await RunAsync(connect, "SELECT pg_logical_emit_message(true, 'pgmahout.drop', '{\"a\": 1}')");
        await RunAsync(connect, "SELECT pg_logical_emit_message(false, 'other', repeat('z', 30000000))");
        await RunAsync(connect, "CREATE DATABASE passing");
        await RunAsync(connect, "CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 5000)", "passing");
        await RunAsync(connect, "DROP DATABASE passing");
        await RunAsync(connect, "SELECT pg_create_restore_point('before the end')");
    }

    private static async Task RunAsync(
        Func<string, Task<NpgsqlConnection>> connect, string sql, string database = "postgres")
    {
        await using var connection = await connect(database);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Each in a transaction of its own, as from a file of statements.</summary>
    private static async Task RunEachAsync(Func<string, Task<NpgsqlConnection>> connect, string statements)
    {
        await using var connection = await connect("postgres");
        foreach (var statement in statements.Split(';', StringSplitOptions.TrimEntries))
        {
            if (statement.Length == 0)
                continue;
            await using var command = connection.CreateCommand();
            command.CommandText = statement;
            await command.ExecuteNonQueryAsync();
        }
    }
}
