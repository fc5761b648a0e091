using System.Text.Json;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>Changing the configuration of a running cluster.</summary>
public sealed class ConfigurationTests(SharedCluster shared)
{
    private const string Connections = "select setting::int from pg_settings where name = 'max_connections'";

    [Fact]
    public async Task Connections_are_raised_and_lowered_under_load_while_every_standby_keeps_up()
    {
        var (cluster, before) = await shared.ReadyAsync();
        var original = await cluster.AskAsync<int>(before.Primary.Port, Connections);
        await using var writer = await Writer.StartAsync(cluster, before);

        await ApplyAsync(cluster, $"max_connections={original + 50}");
        var raised = await cluster.HealthyAsync();
        await EveryoneHasAsync(cluster, raised, original + 50);
        await ApplyAsync(cluster, $"max_connections={original}");
        var lowered = await cluster.HealthyAsync();
        await EveryoneHasAsync(cluster, lowered, original);

        await writer.ReachesAsync(20, LiveCluster.Limit);
        await writer.StopAsync();
        TestContext.Current.SendDiagnosticMessage($"longest pauses: {string.Join(", ", Pauses(writer).Take(3))}");
        await writer.NothingIsLostAsync(cluster, lowered);
        Assert.Equal(before.Members.Length, lowered.Members.Length);
        Assert.All(Pauses(writer), pause => Assert.InRange(pause, TimeSpan.Zero, TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task Reload_reaches_every_member_without_a_failed_write()
    {
        var (cluster, before) = await shared.ReadyAsync();
        await using var writer = await Writer.StartAsync(cluster, before);

        await ApplyAsync(cluster, "work_mem=7MB");

        await writer.ReachesAsync(20, LiveCluster.Limit);
        foreach (var member in before.Members)
            Assert.Equal("7MB", await cluster.AskAsync<string>(member.Port, "select current_setting('work_mem')"));
        Assert.Empty(writer.Failures);
    }

    [Fact]
    public async Task A_member_may_have_a_value_of_its_own()
    {
        var (cluster, before) = await shared.ReadyAsync();
        var other = before.Standbys.First();

        (await cluster.RunAsync("config", "set", "work_mem=9MB", "--member", other.Name)).Exits(0);
        (await cluster.RunAsync("config", "apply")).Exits(0);

        Assert.Equal("9MB", await cluster.AskAsync<string>(other.Port, "select current_setting('work_mem')"));
        Assert.NotEqual(
            "9MB", await cluster.AskAsync<string>(before.Primary.Port, "select current_setting('work_mem')"));
        (await cluster.RunAsync("config", "unset", "work_mem", "--member", other.Name)).Exits(0);
        (await cluster.RunAsync("config", "apply")).Exits(0);
        Assert.NotEqual("9MB", await cluster.AskAsync<string>(other.Port, "select current_setting('work_mem')"));
    }

    [Fact]
    public async Task An_earlier_configuration_comes_back_by_its_number()
    {
        var (cluster, before) = await shared.ReadyAsync();
        await ApplyAsync(cluster, "work_mem=11MB");
        var history = JsonDocument.Parse((await cluster.RunAsync("config", "history", "-o", "json")).Out);
        var newest = history.RootElement.GetProperty("versions").EnumerateArray().Last();
        var number = newest.GetProperty("number").GetInt64();
        await ApplyAsync(cluster, "work_mem=12MB");

        (await cluster.RunAsync("config", "rollback", $"{number}")).Exits(0);

        Assert.Equal(
            "11MB", await cluster.AskAsync<string>(before.Primary.Port, "select current_setting('work_mem')"));
    }

    [Fact]
    public async Task What_only_a_started_server_finds_wrong_reaches_no_member()
    {
        var (cluster, before) = await shared.ReadyAsync();
        var pids = before.Members.Select(member => member.Pid).ToArray();
        (await cluster.RunAsync("config", "set", "shared_preload_libraries=no_such_library")).Exits(0);

        var refused = await cluster.RunAsync("config", "apply");

        refused.Exits(3);
        Assert.Contains("no_such_library", refused.Error);
        Assert.Equal(pids, (await cluster.HealthyAsync()).Members.Select(member => member.Pid));
        (await cluster.RunAsync("config", "unset", "shared_preload_libraries")).Exits(0);
    }

    [Fact]
    public async Task A_value_by_alter_system_is_shown_and_gives_way_to_the_clusters()
    {
        var (cluster, before) = await shared.ReadyAsync();
        var standby = before.Standbys.First();
        await cluster.AskAsync<bool>(standby.Port, "alter system set work_mem = '5MB'; select pg_reload_conf()");

        var shown = await cluster.RunAsync("config", "get");
        Assert.Contains("ALTER SYSTEM", shown.Out);
        await ApplyAsync(cluster, "work_mem=13MB");

        Assert.Equal("13MB", await cluster.AskAsync<string>(standby.Port, "select current_setting('work_mem')"));
    }

    [Fact]
    public async Task A_change_that_was_interrupted_can_be_finished_or_taken_back()
    {
        var (cluster, before) = await shared.ReadyAsync();
        (await cluster.RunAsync("config", "set", "max_connections=177")).Exits(0);
        await Program.KillAfterLineAsync(
            Program.Path, ["config", "apply", "--home", cluster.Home], "restart, as a standby", LiveCluster.Limit);

        Assert.Contains("CFG-003", (await cluster.RunAsync("status", "-o", "json")).Out);
        (await cluster.RunAsync("config", "apply", "--resume")).Exits(0);

        var after = await cluster.HealthyAsync();
        await EveryoneHasAsync(cluster, after, 177);
        Assert.Equal(before.Members.Length, after.Members.Length);
        (await cluster.RunAsync("config", "rollback", "0")).Exits(0);
    }

    /// <summary>Whichever it becomes, finished or taken back: all members agree, and nothing is lost.</summary>
    [Theory]
    [InlineData(40, "restart, as a standby")]
    [InlineData(40, "which restarts")]
    [InlineData(-40, "restart in place")]
    public async Task A_failover_in_the_middle_of_a_change_leaves_every_member_with_the_same(int more, string moment)
    {
        var (cluster, before) = await shared.ReadyAsync();
        if (more < 0)
            await ApplyAsync(cluster, "max_connections=140");
        before = await cluster.HealthyAsync();
        var original = await cluster.AskAsync<int>(before.Primary.Port, Connections);
        await using var writer = await Writer.StartAsync(cluster, before);
        (await cluster.RunAsync("config", "set", $"max_connections={original + more}")).Exits(0);

        var code = await Program.AfterLineAsync(
            Program.Path, ["config", "apply", "--home", cluster.Home], moment, LiveCluster.Limit,
            _ => Signals.Kill([before.Primary.Pid!.Value]));

        var after = await cluster.HealthyAsync();
        Assert.True(code is 0 or 1 or 6, $"exit code {code}");
        await EveryoneHasAsync(cluster, after, code == 0 ? original + more : original);
        await writer.ReachesAsync(20, LiveCluster.Limit);
        await writer.StopAsync();
        await writer.NothingIsLostAsync(cluster, after);
        (await cluster.RunAsync("config", "rollback", "0")).Exits(0);
    }

    [Fact]
    public async Task A_draft_is_not_lost_by_another_change()
    {
        var (cluster, _) = await shared.ReadyAsync();
        (await cluster.RunAsync("config", "set", "work_mem=21MB")).Exits(0);

        (await cluster.RunAsync("hba", "add", "host app app 10.0.0.0/8 scram-sha-256")).Fails(3, "CFG-003");
        var dropped = (await cluster.RunAsync("config", "rollback", "0")).Exits(0);

        Assert.Contains("work_mem = '21MB'", dropped.Error);
    }

    private static async Task ApplyAsync(LiveCluster cluster, string assignment)
    {
        (await cluster.RunAsync("config", "set", assignment)).Exits(0);
        (await cluster.RunAsync("config", "apply")).Exits(0);
    }

    private static async Task EveryoneHasAsync(LiveCluster cluster, Status status, int connections)
    {
        foreach (var member in status.Members)
            Assert.Equal(connections, await cluster.AskAsync<int>(member.Port, Connections));
    }

    /// <summary>Times without a confirmed write, longest first.</summary>
    private static IEnumerable<TimeSpan> Pauses(Writer writer)
    {
        var at = writer.Rows.Select(row => row.At).Order().ToArray();
        return at.Zip(at.Skip(1), (one, next) => next - one).OrderDescending();
    }
}
