using Npgsql;
using PgMahout.Core.Undo;
using PgMahout.Core.Vocabulary;
using PgMahout.InstanceTests.Wal;
using Xunit;

namespace PgMahout.InstanceTests.Undo;

/// <summary>The drop guard on servers of each version.</summary>
public sealed class DropGuardTests
{
    private static readonly ByteSize Limit = ByteSize.Megabytes(1);

    public static TheoryData<int> Versions => PostgresVersions.All;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Large_tables_stay_unless_the_session_says_so_and_small_ones_go(int major)
    {
        await using var server = await WalServer.StartAsync(major);
        await server.RunAsync("""
            CREATE SCHEMA s;
            CREATE TABLE small (id int);
            CREATE TABLE large AS SELECT i, repeat('x', 100) AS t FROM generate_series(1, 20000) AS i;
            CREATE TABLE s.large AS TABLE large;
            CREATE TABLE parts (i int, t text) PARTITION BY RANGE (i);
            CREATE TABLE part_1 PARTITION OF parts DEFAULT;
            INSERT INTO parts TABLE large;
            CREATE TABLE wide (t text);
            ALTER TABLE wide ALTER t SET STORAGE EXTERNAL;
            INSERT INTO wide VALUES (repeat('y', 2000000));
            CREATE ROLE app LOGIN;
            CREATE TABLE of_app AS TABLE large;
            ALTER TABLE of_app OWNER TO app;
            """);
        await server.RunAsync(DropGuard.On(Limit));

        Assert.Equal(Limit.Bytes, await server.ValueAsync<long>(DropGuard.Status));
        await RefusedAsync(server, "DROP TABLE large", "public.large");
        await RefusedAsync(server, "DROP SCHEMA s CASCADE", "s.large");
        await RefusedAsync(server, "DROP TABLE parts", "public.part_1");
        await RefusedAsync(server, "DROP TABLE small, wide", "public.wide");
        await RefusedAsync(server, "SET SESSION AUTHORIZATION app; DROP TABLE of_app", "public.of_app");
        await RefusedAsync(server, "DO $$ BEGIN DROP TABLE large; END $$", "public.large");
        await server.RunAsync("DROP TABLE small");
        await server.RunAsync("CREATE TEMP TABLE brief AS TABLE large; DROP TABLE brief");
        await server.RunAsync("SET pgmahout.allow_drop = on; DROP TABLE large; DROP SCHEMA s CASCADE");
        await server.RunAsync(DropGuard.On(ByteSize.Megabytes(3000)));
        await server.RunAsync("DROP TABLE wide");

        await server.RunAsync(DropGuard.On(Limit));
        await server.RunAsync(DropGuard.Off);
        await server.RunAsync("DROP TABLE parts, of_app");
        Assert.Equal(0, await server.ValueAsync<long>("SELECT count(*) FROM pg_event_trigger"));
        Assert.Equal(0, await server.ValueAsync<long>("SELECT count(*) FROM pg_namespace WHERE nspname ~ 'guard'"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Who_dropped_stands_in_wal_beside_the_drop(int major)
    {
        await using var server = await WalServer.StartAsync(major);
        await server.RunAsync(
            "CREATE ROLE ann SUPERUSER LOGIN; CREATE TABLE one (id int); CREATE TABLE two (id int);"
            + "CREATE TABLE kept (id int)");
        await server.RunAsync(DropGuard.On(null));
        var ann = new NpgsqlConnectionStringBuilder(server.ConnectionText())
        {
            Username = "ann",
            ApplicationName = "the \"app\"",
        };
        await using (var connection = new NpgsqlConnection(ann.ConnectionString))
        {
            await connection.OpenAsync();
            await using var drop = new NpgsqlCommand("DROP TABLE one", connection);
            await drop.ExecuteNonQueryAsync();
            drop.CommandText = "BEGIN; SAVEPOINT s; DROP TABLE two; RELEASE s; DROP INDEX IF EXISTS none; COMMIT";
            await drop.ExecuteNonQueryAsync();
            drop.CommandText = "BEGIN; DROP TABLE kept; ROLLBACK";
            await drop.ExecuteNonQueryAsync();
        }

        var events = WalIndexes.Of(await server.SegmentsAsync()).SelectMany(index => index.Events).ToArray();
        var losses = LossFinder.Find(events, major, _ => new CatalogsAround(null, null))
            .Where(loss => loss.By is not null).ToArray();

        Assert.True(await server.ValueAsync<bool>($"SELECT count(*) = 1 FROM ({DropGuard.Status}) AS s"));
        Assert.Equal(2, losses.Length);
        Assert.All(losses, loss => Assert.Equal(new LossAuthor("ann", null, "the \"app\""), loss.By));
    }

    private static async Task RefusedAsync(WalServer server, string sql, string named)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => server.RunAsync(sql));
        Assert.Equal(PostgresErrorCodes.ObjectNotInPrerequisiteState, refused.SqlState);
        Assert.Contains(named, refused.MessageText, StringComparison.Ordinal);
        Assert.Contains(DropGuard.Setting, refused.Hint, StringComparison.Ordinal);
    }
}
