using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Npgsql;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>One address for clients, whoever leads.</summary>
public sealed class ProxyTests
{
    private const string WhoSplits =
        "select count(*) from pg_stat_activity where application_name = 'splitting'";

    private const int FromFirstMember = 8;

    [Fact]
    public async Task Clients_between_transactions_only_wait_while_another_member_becomes_the_leader()
    {
        await using var cluster = await LiveCluster.UpAsync();
        await cluster.HealthyAsync();

        var planned = await DrillAsync(cluster, "switchover");
        var failed = await DrillAsync(cluster, "failover");

        Assert.Equal(0, Number(planned, "avoidableErrors") + Number(failed, "avoidableErrors"));
        // What was begun before a planned change goes on to its end.
        Assert.Equal(0, Number(planned, "rolledBack") + Number(planned, "doubtful"));
        foreach (var summary in new[] { planned, failed })
        {
            Assert.Equal(0, Number(summary, "lostCommits"));
            Assert.False(summary.GetProperty("dualPrimary").GetBoolean());
        }
    }

    [Fact]
    public async Task The_address_outlives_the_process_behind_it()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "1");
        await cluster.HealthyAsync();
        var address = (await cluster.RunAsync("uri")).Exits(0).Out;
        Assert.Contains($":{cluster.Port + FromFirstMember}/", address, StringComparison.Ordinal);
        Assert.Equal(1, await cluster.AskAsync<int>(cluster.Port + FromFirstMember, "select 1"));

        Signals.Kill([PidIn(cluster)]);

        await Eventually.HoldsAsync("a new proxy answers", LiveCluster.Limit, () => AnswersAsync(cluster));
    }

    [Fact]
    public async Task A_restart_hands_the_clients_over_to_another_process()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "1");
        await cluster.HealthyAsync();
        await using var client = new NpgsqlConnection(cluster.ConnectionText(cluster.Port + FromFirstMember));
        await client.OpenAsync();
        await using var command = new NpgsqlCommand("select $1::int", client) { Parameters = { new() { Value = 1 } } };
        await command.PrepareAsync();
        var pids = new List<int> { PidIn(cluster) };
        for (var i = 0; i < 3; i++)
        {
            (await cluster.RunAsync("proxy", "restart", "--yes")).Exits(0);
            pids.Add(PidIn(cluster));
            Assert.Equal(1, await command.ExecuteScalarAsync());
        }
        Assert.Equal(4, pids.Distinct().Count());

        // Whoever listens is the supervisor's to look after, although another one started it.
        Signals.Kill([pids[^1]]);
        await Eventually.HoldsAsync("a new proxy answers", LiveCluster.Limit, () => AnswersAsync(cluster));
    }

    [Fact]
    public async Task Ten_thousand_clients_are_connected_at_once()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "1");
        await cluster.HealthyAsync();
        (await cluster.RunAsync("proxy", "settings", "--max-clients", "10000", "--yes")).Exits(0);
        var proxy = new NpgsqlConnectionStringBuilder(cluster.ConnectionText(cluster.Port + FromFirstMember));
        using var version = JsonDocument.Parse((await cluster.RunAsync("version", "-o", "json")).Exits(0).Out);
        var directory = version.RootElement.GetProperty("postgresDirectory").GetString()!;
        var script = Path.Combine(cluster.Home, "one.sql");
        await File.WriteAllTextAsync(script, "select 1;");

        // It begins when all are connected.
        var (output, code) = await RunAsync(
            Path.Combine(directory, "pgbench"), proxy,
            "-n", "-f", script, "-c", "10000", "-j", "2", "-t", "2", proxy.Database!);

        Assert.Contains("number of transactions actually processed: 20000/20000", output, StringComparison.Ordinal);
        Assert.Equal(0, code);
    }

    private static async Task<(string Output, int Code)> RunAsync(
        string program, NpgsqlConnectionStringBuilder to, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["PGHOST"] = to.Host,
                ["PGPORT"] = to.Port.ToString(CultureInfo.InvariantCulture),
                ["PGUSER"] = to.Username,
                ["PGPASSWORD"] = to.Password,
                ["PGSSLMODE"] = "disable",
                ["PGGSSENCMODE"] = "disable",
            },
        };
        using var process = Process.Start(start)!;
        var texts = await Task.WhenAll(
            process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (string.Concat(texts), process.ExitCode);
    }

    [Fact]
    public async Task Reads_go_to_standbys_and_see_what_their_session_wrote()
    {
        await using var cluster = await LiveCluster.UpAsync();
        var standbys = (await cluster.HealthyAsync()).Standbys.Select(standby => standby.Port).ToList();
        (await cluster.RunAsync("proxy", "settings", "--split-reads", "on", "--yes")).Exits(0);
        var text = cluster.ConnectionText(cluster.Port + FromFirstMember) + ";Application Name=splitting";
        await cluster.AskAsync<long>(cluster.Port + FromFirstMember, "create table seen (n int); select 0::bigint");

        await using var client = new NpgsqlConnection(text);
        await client.OpenAsync();
        await WriteAsync(1);
        // The proxy hears of what standbys have replayed twice a second: what follows a write at once is the primary's.
        await Eventually.HoldsAsync("a standby has served some of it", LiveCluster.Limit, async () =>
        {
            await SeesAsync(1);
            foreach (var standby in standbys)
                if (await cluster.AskAsync<long>(standby, WhoSplits) > 0)
                    return true;
            return false;
        });
        // Only so is it sure that they lack it; and some reports of that have come before this ends.
        foreach (var standby in standbys)
            await cluster.AskAsync<bool>(standby, "select pg_wal_replay_pause() is null");
        for (var round = 2; round <= 20; round++)
        {
            await WriteAsync(round);
            for (var i = 0; i < 5; i++)
                await SeesAsync(round);
            await Task.Delay(100);
        }

        async Task WriteAsync(int round)
        {
            await using var write = new NpgsqlCommand($"insert into seen values ({round})", client);
            await write.ExecuteNonQueryAsync();
        }

        async Task SeesAsync(int round)
        {
            await using var read = new NpgsqlCommand("select max(n) from seen", client);
            Assert.Equal(round, await read.ExecuteScalarAsync());
        }
    }

    private static int PidIn(LiveCluster cluster) => int.Parse(
        File.ReadLines(Path.Combine(cluster.Home, "proxy.lock")).First(), CultureInfo.InvariantCulture);

    private static async Task<bool> AnswersAsync(LiveCluster cluster)
    {
        try
        {
            return await cluster.AskAsync<int>(cluster.Port + FromFirstMember, "select 2") == 2;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static async Task<JsonElement> DrillAsync(LiveCluster cluster, string kind)
    {
        var ran = (await cluster.RunAsync("drill", kind, "--runs", "2", "-o", "json", "--yes")).Exits(0);
        using var document = JsonDocument.Parse(ran.Out);
        Assert.Equal(
            50, document.RootElement.GetProperty("runs")[0].GetProperty("crowd").GetProperty("clients").GetInt32());
        return document.RootElement.GetProperty("summary").Clone();
    }

    private static int Number(JsonElement summary, string name) => summary.GetProperty(name).GetInt32();
}
