using System.Diagnostics;
using Npgsql;
using PgMahout.Core.Proxy;
using PgMahout.InstanceTests.Replication;
using Xunit;
using static PgMahout.InstanceTests.Proxy.RunningProxy;

namespace PgMahout.InstanceTests.Proxy;

/// <summary>Reads that come to the port for transactions, beside a server that says that it is a standby.</summary>
public sealed class SplitReadTests
{
    private const string Primary = """
        CREATE TABLE notes (n int);
        CREATE FUNCTION note() RETURNS int LANGUAGE sql AS 'INSERT INTO notes VALUES (7) RETURNING n';
        CREATE FUNCTION plain() RETURNS text LANGUAGE sql AS $$ SELECT 'primary'::text $$;
        CREATE VIEW noted AS SELECT note() AS n;
        CREATE VIEW served AS SELECT 'primary'::text AS who
        """;

    // As a server in recovery would say it.
    private const string Standby = """
        CREATE FUNCTION note() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE SQLSTATE '25006'; END $$;
        CREATE FUNCTION plain() RETURNS text LANGUAGE sql AS $$ SELECT 'standby'::text $$;
        CREATE VIEW noted AS SELECT note() AS n;
        CREATE VIEW served AS SELECT 'standby'::text AS who
        """;

    public static TheoryData<bool> Engines => [true, false];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task What_a_standby_refuses_the_primary_does(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll, settings => settings with { SplitReads = true });
        await using var standby = await AddStandbyAsync(proxy);
        await using var client = await proxy.ConnectAsync();
        Assert.Equal("standby", await AskAsync<string>(client, "SELECT who FROM served"));

        Assert.Equal(7, await AskAsync<int>(client, "SELECT n FROM noted"));
        await using (var prepared = new NpgsqlCommand("SELECT n FROM noted WHERE n > $1::int", client))
        {
            prepared.Parameters.Add(new() { Value = 1 });
            await prepared.PrepareAsync();
            for (var i = 0; i < 3; i++)
                Assert.Equal(7, await prepared.ExecuteScalarAsync());
        }

        Assert.True(await proxy.Server.QueryAsync<long>("SELECT count(*) FROM notes") >= 4);
        await ReadsFromStandbyAsync(client, "SELECT who FROM served");
        // An error that the primary would give too is the client's.
        var wrong = await Assert.ThrowsAsync<PostgresException>(() => AskAsync<int>(client, "SELECT 1 / 0"));
        Assert.Equal("22012", wrong.SqlState);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Rules_say_where_a_role_goes_and_what_a_name_does(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll);
        await using var standby = await AddStandbyAsync(proxy);
        await using var client = await proxy.ConnectAsync();
        Assert.Equal("primary", await AskAsync<string>(client, "SELECT who FROM served"));

        await ChangeAsync(proxy, client, settings => settings with { Routes = "bob=primary, alice@postgres=standby" });
        Assert.Equal("standby", await AskAsync<string>(client, "SELECT who FROM served"));

        await ChangeAsync(proxy, client, settings => settings with { SplitReads = true });
        Assert.Equal("primary", await AskAsync<string>(client, "SELECT plain()"));
        await ChangeAsync(
            proxy, client, settings => settings with { SplitReads = true, ReadingNames = "plain, other.*" });
        await ReadsFromStandbyAsync(client, "SELECT plain()");
        await ChangeAsync(proxy, client, settings => settings with { SplitReads = true, WritingNames = "serve*" });
        Assert.Equal("primary", await AskAsync<string>(client, "SELECT who FROM served"));
    }

    /// <summary>
    /// In the end: until it is known where in the WAL that ended which may have written, the primary alone has it.
    /// </summary>
    private static async Task ReadsFromStandbyAsync(NpgsqlConnection client, string sql)
    {
        var waited = Stopwatch.StartNew();
        while (await AskAsync<string>(client, sql) != "standby")
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(30), $"{sql} still goes to the primary");
    }

    /// <summary>What is asked in the turn in which the settings come may still go by the former ones.</summary>
    private static async Task ChangeAsync(
        RunningProxy proxy, NpgsqlConnection client, Func<ProxySettings, ProxySettings> change)
    {
        proxy.Change(change);
        await AskAsync<int>(client, "SELECT 1");
    }

    /// <summary>With the same role, and objects of the same names that tell where they are.</summary>
    private static async Task<LoneServer> AddStandbyAsync(RunningProxy proxy)
    {
        var stored = await proxy.Server.QueryAsync<string>(
            "SELECT rolpassword FROM pg_authid WHERE rolname = 'alice'");
        var standby = await LoneServer.StartAsync(15);
        await proxy.Server.ExecuteAsync(Primary);
        await standby.ExecuteAsync(Standby);
        await standby.ExecuteAsync($"CREATE ROLE alice LOGIN SUPERUSER PASSWORD '{stored}'");
        proxy.LeadWith(standby);
        return standby;
    }
}
