using System.Text;
using Npgsql;
using PgMahout.Core.Proxy;
using PgMahout.Tests.Proxy.Tls;
using Xunit;
using static PgMahout.InstanceTests.Proxy.RunningProxy;

namespace PgMahout.InstanceTests.Proxy;

/// <summary>A real driver through the whole data plane to a real server, by both engines.</summary>
public sealed class ProxyServerTests
{
    public static TheoryData<bool> Engines { get; } = new(false, true);

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Many_clients_share_few_servers(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll);
        Assert.Equal(onlyEpoll ? "epoll" : "io_uring", proxy.EngineName);

        var servers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            await using var client = await proxy.ConnectAsync();
            var seen = new HashSet<int>();
            for (var i = 0; i < 20; i++)
                seen.Add(await AskAsync<int>(client, "SELECT pg_backend_pid()"));
            return seen;
        }));

        Assert.InRange(servers.SelectMany(one => one).Distinct().Count(), 1, 2);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Prepared_statements_work_on_whatever_server_comes(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async number =>
        {
            await using var client = await proxy.ConnectAsync();
            await using var command = new NpgsqlCommand("SELECT $1 + $2", client)
            {
                Parameters = { new() { Value = number }, new() { Value = 0 } },
            };
            await command.PrepareAsync();
            for (var i = 0; i < 100; i++)
            {
                command.Parameters[1].Value = i;
                Assert.Equal(number + i, await command.ExecuteScalarAsync());
            }
            await command.UnprepareAsync();
        }));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Large_rows_and_copies_arrive_whole_both_ways(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll);
        await using var client = await proxy.ConnectAsync();
        var line = new string('y', 100_000);

        Assert.Equal(20_000_000, (await AskAsync<string>(client, "SELECT repeat('x', 20000000)")).Length);
        await AskAsync<long>(client, "CREATE TABLE lines (line text); SELECT 1::bigint");
        await using (var writer = await client.BeginTextImportAsync("COPY lines FROM STDIN"))
            for (var i = 0; i < 100; i++)
                await writer.WriteAsync(line + "\n");
        using var reader = await client.BeginTextExportAsync("COPY lines TO STDOUT");

        Assert.Equal(100 * (line.Length + 1), (await reader.ReadToEndAsync()).Length);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_pipeline_with_an_error_in_it_ends_where_the_server_ends_it(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll);
        await using var client = await proxy.ConnectAsync();
        await AskAsync<long>(client, "CREATE TABLE kept (n int); SELECT 1::bigint");

        for (var round = 0; round < 20; round++)
        {
            await using var batch = new NpgsqlBatch(client)
            {
                BatchCommands =
                {
                    new("INSERT INTO kept VALUES (1)"), new("SELECT 1 / 0"), new("INSERT INTO kept VALUES (2)"),
                },
            };
            var refused = await Assert.ThrowsAsync<PostgresException>(() => batch.ExecuteNonQueryAsync());
            Assert.Equal("22012", refused.SqlState);
        }

        Assert.Equal(0, await AskAsync<long>(client, "SELECT count(*) FROM kept"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_statement_can_be_cancelled_and_the_next_client_is_not_hit(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll, settings => settings with { PoolSize = 1 });
        await using var client = await proxy.ConnectAsync();
        await using var sleep = new NpgsqlCommand("SELECT pg_sleep(30)", client);

        var sleeping = sleep.ExecuteNonQueryAsync();
        await proxy.UntilAsync(report => report.InFlight == 1);
        sleep.Cancel();
        var cancelled = await Assert.ThrowsAsync<OperationCanceledException>(() => sleeping);
        Assert.Equal("57014", Assert.IsType<PostgresException>(cancelled.InnerException).SqlState);

        await using var next = await proxy.ConnectAsync();
        for (var i = 0; i < 50; i++)
            Assert.Equal(i, await AskAsync<int>(next, $"SELECT {i}"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Without_a_primary_a_client_waits_and_goes_on(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll);
        await using var client = await proxy.ConnectAsync();
        Assert.Equal(1, await AskAsync<int>(client, "SELECT 1"));

        proxy.LeadNobody(1);
        await proxy.UntilAsync(report => report.Seen.Primary is null);
        var waiting = AskAsync<int>(client, "SELECT 2");
        await proxy.UntilAsync(report => report.Waiting == 1);
        proxy.Lead(2);

        Assert.Equal(2, await waiting);
        await proxy.UntilAsync(report => report is { Waiting: 0, Totals: { HeldTooLong: 0, Lost: 0, Doubtful: 0 } });
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Nobody_logs_in_at_a_primary_that_hands_over(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll);
        await using var first = await proxy.ConnectAsync();
        await using var second = await proxy.ConnectAsync();
        Assert.Equal(1, await AskAsync<int>(first, "SELECT 1"));

        proxy.Lead(1, draining: true);
        await proxy.UntilAsync(report => report.Seen.Draining);
        var waiting = new[] { AskAsync<int>(first, "SELECT 2"), AskAsync<int>(second, "SELECT 2") };
        await proxy.UntilAsync(report => report is { Waiting: 2, Servers: 1 });
        proxy.Lead(1);

        Assert.All(await Task.WhenAll(waiting), answer => Assert.Equal(2, answer));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Whoever_waits_in_vain_is_told_why(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(
            onlyEpoll, settings => settings with { Hold = TimeSpan.FromMilliseconds(300) });
        await using var client = await proxy.ConnectAsync();

        proxy.LeadNobody(1);
        await proxy.UntilAsync(report => report.Seen.Primary is null);
        var told = await Assert.ThrowsAsync<PostgresException>(() => AskAsync<int>(client, "SELECT 2"));

        Assert.Equal("57P03", told.SqlState);
        Assert.Contains("the election goes on", told.MessageText, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_new_reign_cuts_what_is_under_way_and_nobody_else(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll);
        await using var idle = await proxy.ConnectAsync();
        await using var busy = await proxy.ConnectAsync();
        await AskAsync<int>(idle, "SELECT 1");
        await using var transaction = await busy.BeginTransactionAsync();
        await AskAsync<int>(busy, "SELECT 1");

        proxy.Lead(2);
        var cut = await Assert.ThrowsAsync<PostgresException>(() => AskAsync<int>(busy, "SELECT 2"));

        Assert.Equal("57P01", cut.SqlState);
        Assert.Equal(3, await AskAsync<int>(idle, "SELECT 3"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_commit_whose_server_is_lost_is_in_doubt(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll);
        await using var client = await proxy.ConnectAsync();
        await AskAsync<long>(client, "CREATE TABLE doubts (n int); SELECT 1::bigint");
        var writing = await WaitsForStandbyAsync(proxy, client);

        proxy.Lead(2);

        var doubt = await Assert.ThrowsAsync<PostgresException>(writing);
        Assert.Equal("08007", doubt.SqlState);
        await proxy.UntilAsync(report => report.Totals.Doubtful == 1);
    }

    // 57P01 would say that it certainly did not happen.
    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_commit_under_way_when_the_proxy_stops_is_in_doubt(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll);
        await using var client = await proxy.ConnectAsync();
        await AskAsync<long>(client, "CREATE TABLE doubts (n int); SELECT 1::bigint");
        var writing = await WaitsForStandbyAsync(proxy, client);

        await proxy.StopAsync();

        var doubt = await Assert.ThrowsAsync<PostgresException>(writing);
        Assert.Equal("08007", doubt.SqlState);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_cancelled_wait_for_a_standby_is_not_reported_as_a_commit(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll);
        await using var client = await proxy.ConnectAsync();
        await AskAsync<long>(client, "CREATE TABLE doubts (n int); SELECT 1::bigint");
        var writing = await WaitsForStandbyAsync(proxy, client);

        await proxy.Server.ExecuteAsync(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");

        var doubt = await Assert.ThrowsAsync<PostgresException>(writing);
        Assert.Equal("08007", doubt.SqlState);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task What_an_idle_server_reports_does_not_make_it_two(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll, settings => settings with { PoolSize = 1 });
        await using var one = await proxy.ConnectAsync();
        await using var other = await proxy.ConnectAsync();
        await AskAsync<int>(one, "SELECT 1");
        for (var i = 0; i < 5; i++)
        {
            // A setting that is reported to every session.
            await proxy.Server.ExecuteAsync($"ALTER SYSTEM SET TimeZone = 'Etc/GMT+{i + 1}'");
            await proxy.Server.ExecuteAsync("SELECT pg_reload_conf()");
            await Task.WhenAll(AskAsync<object>(one, "SELECT pg_sleep(0.05)"), AskAsync<object>(other, "SELECT 1"));
        }

        await using var transaction = await one.BeginTransactionAsync();
        var server = await AskAsync<int>(one, "SELECT pg_backend_pid()");
        var waiting = AskAsync<int>(other, "SELECT pg_backend_pid()");
        await proxy.UntilAsync(report => report.Waiting == 1);
        await transaction.CommitAsync();

        Assert.Equal(server, await waiting);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Settings_follow_a_client_and_do_not_stay_behind(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll, settings => settings with { PoolSize = 1 });
        await using var one = await proxy.ConnectAsync("Timezone=Asia/Seoul;Application Name=one");
        await using var other = await proxy.ConnectAsync("Application Name=other;Search Path=pg_catalog, public");

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("Asia/Seoul one", await AskAsync<string>(
                one, "SELECT concat_ws(' ', current_setting('TimeZone'), current_setting('application_name'))"));
            Assert.Equal("pg_catalog, public other", await AskAsync<string>(
                other, "SELECT concat_ws(' ', current_setting('search_path'), current_setting('application_name'))"));
        }
        Assert.DoesNotContain(
            "pg_catalog", await AskAsync<string>(one, "SELECT current_setting('search_path')"),
            StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task With_settings_that_the_server_refuses_nothing_runs(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll);
        await using var client = await proxy.ConnectAsync();
        await AskAsync<long>(client, "CREATE TABLE untouched (n int); SELECT 1::bigint");

        var (_, error) = await proxy.PsqlAsync(
            "postgres options='-c search_path=public -c work_mem=nonsense'", "INSERT INTO untouched VALUES (1)");

        Assert.Contains("does not take the settings", error, StringComparison.Ordinal);
        Assert.Equal(0, await AskAsync<long>(client, "SELECT count(*) FROM untouched"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_session_has_a_server_of_its_own_that_began_as_it_did(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(
            onlyEpoll, settings => settings with { Mode = PoolMode.Session, PoolSize = 1 });
        int server;
        await using (var client = await proxy.ConnectAsync("Timezone=Asia/Seoul"))
        {
            server = await AskAsync<int>(client, "CREATE TEMP TABLE mine (n int); SELECT pg_backend_pid()");
            Assert.Equal(0, await AskAsync<long>(client, "SELECT count(*) FROM mine"));
            await AskAsync<int>(client, "SET TimeZone = 'UTC'; RESET TimeZone; SELECT 1");
            Assert.Equal("Asia/Seoul", await AskAsync<string>(client, "SELECT current_setting('TimeZone')"));
        }

        await using var next = await proxy.ConnectAsync();

        Assert.NotEqual(server, await AskAsync<int>(next, "SELECT pg_backend_pid()"));
        Assert.NotEqual("Asia/Seoul", await AskAsync<string>(next, "SELECT current_setting('TimeZone')"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Sessions_that_wait_for_a_full_pool_each_get_one_of_their_own(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll, settings => settings with { Mode = PoolMode.Session });
        string[] zones = ["Asia/Seoul", "Asia/Tokyo", "UTC", "Europe/Paris", "Asia/Seoul", "America/Lima"];

        var shown = await Task.WhenAll(zones.Select(async zone =>
        {
            await using var client = await proxy.ConnectAsync($"Timezone={zone}");
            return await AskAsync<string>(client, "SELECT current_setting('TimeZone')");
        }));

        Assert.Equal(zones, shown);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_session_that_no_server_takes_hurts_no_other(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(
            onlyEpoll, settings => settings with { Mode = PoolMode.Session, PoolSize = 1 });
        await using var other = await proxy.ConnectAsync();

        var (_, error) = await proxy.PsqlAsync("postgres options='-c work_mem=nonsense'", "SELECT 1");

        Assert.Contains("invalid value for parameter \"work_mem\"", error, StringComparison.Ordinal);
        Assert.Equal(1, await AskAsync<int>(other, "SELECT 1"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task The_console_shows_and_pauses(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll);
        await using var client = await proxy.ConnectAsync();
        await AskAsync<int>(client, "SELECT 1");

        var (shown, error) = await proxy.PsqlAsync("pgmahout", "SHOW POOLS", "SHOW VERSION", "PAUSE");
        var waiting = AskAsync<int>(client, "SELECT 2");
        await proxy.UntilAsync(report => report.Waiting == 1);
        await proxy.PsqlAsync("pgbouncer", "RESUME");

        Assert.Equal("", error);
        Assert.Contains("postgres|alice|", shown, StringComparison.Ordinal);
        Assert.Contains(proxy.EngineName, shown, StringComparison.Ordinal);
        Assert.Equal(2, await waiting);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Everything_goes_through_tls_too(bool onlyEpoll)
    {
        using var files = new TestCertificates("127.0.0.1");
        await using var proxy = await StartAsync(onlyEpoll, settings => settings with
        {
            CertificateFile = files.Chain, KeyFile = files.Key, RequireTls = true,
        });
        await using var client = await proxy.ConnectAsync(
            $"SSL Mode=VerifyFull;Root Certificate={files.Authority};");

        Assert.Equal(5_000_000, (await AskAsync<string>(client, "SELECT repeat('x', 5000000)")).Length);
        await AskAsync<long>(client, "CREATE TABLE lines (line text); SELECT 1::bigint");
        await using (var writer = await client.BeginTextImportAsync("COPY lines FROM STDIN"))
            await writer.WriteAsync(new StringBuilder().Insert(0, "a line\n", 200_000));
        Assert.Equal(200_000, await AskAsync<long>(client, "SELECT count(*) FROM lines"));
        var plain = await Assert.ThrowsAsync<PostgresException>(() => proxy.ConnectAsync("SSL Mode=Disable"));
        Assert.Equal("28000", plain.SqlState);
    }

    /// <summary>A commit that waits for a standby that does not come.</summary>
    private static async Task<Func<Task>> WaitsForStandbyAsync(RunningProxy proxy, NpgsqlConnection client)
    {
        foreach (var sql in new[] { "BEGIN", "SET LOCAL synchronous_commit = on", "INSERT INTO doubts VALUES (1)" })
            await new NpgsqlCommand(sql, client).ExecuteNonQueryAsync();
        var writing = new NpgsqlCommand("COMMIT", client).ExecuteNonQueryAsync();
        while (await proxy.Server.QueryAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == 0)
            Assert.False(writing.IsCompleted, "it did not wait");
        return () => writing;
    }
}
