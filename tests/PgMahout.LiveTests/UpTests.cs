using System.Text.Json;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>What <c>up</c> makes, and what it leaves alone.</summary>
public sealed class UpTests(SharedCluster shared)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public async Task Up_gives_one_primary_and_two_streaming_standbys()
    {
        var (_, status) = await shared.ReadyAsync();

        Assert.Equal(3, status.Members.Length);
        Assert.Equal("primary", status.Primary.Role);
        Assert.All(status.Standbys, standby => Assert.Equal(("standby", "streaming"), (standby.Role, standby.State)));
    }

    [Fact]
    public async Task Psql_works_with_the_address_that_is_printed_and_with_nothing_else()
    {
        var (cluster, status) = await shared.ReadyAsync();
        var write = (await cluster.RunAsync("uri", "--write")).Exits(0).Out.Trim();
        var read = (await cluster.RunAsync("uri", "--read")).Exits(0).Out.Trim();

        var onPrimary = await PsqlAsync(write);
        var onStandby = await PsqlAsync(read);

        Assert.Equal($"{status.Primary.Port}|f", onPrimary);
        Assert.EndsWith("|t", onStandby, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Members_have_the_settings_of_their_tuning_file()
    {
        var (cluster, status) = await shared.ReadyAsync();
        foreach (var member in status.Members)
        {
            var file = Path.Combine(cluster.Home, "members", member.Name, "tuning.conf");
            var settings = File.ReadLines(file).Where(line => line.Contains('=') && !line.StartsWith('#')).ToList();
            Assert.Contains(settings, line => line.StartsWith("shared_buffers", StringComparison.Ordinal));

            var refused = await cluster.ColumnAsync<string>(
                member.Port, "select name || ': ' || error from pg_file_settings where error is not null");
            var buffers = await cluster.AskAsync<string>(member.Port, "show shared_buffers");

            Assert.Empty(refused);
            Assert.Contains(settings, line => line.StartsWith("shared_buffers", StringComparison.Ordinal)
                && line.Contains($" {buffers}", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Data_has_checksums_and_passwords_are_scram_secrets()
    {
        var (cluster, status) = await shared.ReadyAsync();
        var port = status.Primary.Port;

        Assert.Equal("on", await cluster.AskAsync<string>(port, "show data_checksums"));
        Assert.Equal("scram-sha-256", await cluster.AskAsync<string>(port, "show password_encryption"));
        Assert.Equal(0, await cluster.AskAsync<long>(
            port, "select count(*) from pg_authid where rolcanlogin and rolpassword not like 'SCRAM-SHA-256$%'"));
        Assert.Equal(0, await cluster.AskAsync<long>(
            port, "select count(*) from pg_hba_file_rules where auth_method in ('trust', 'md5', 'password')"));
    }

    [Fact]
    public async Task Secrets_are_readable_by_their_owner_only()
    {
        var (cluster, _) = await shared.ReadyAsync();
        string[] files =
        [
            .. Directory.GetFiles(Path.Combine(cluster.Home, "secrets")),
            .. Directory.GetFiles(Path.Combine(cluster.Home, "members"), "*pgpass", SearchOption.AllDirectories),
        ];

        Assert.True(files.Length >= 6, string.Join("\n", files));
        Assert.All(files, path => Assert.Equal((path, OwnerOnly), (path, File.GetUnixFileMode(path))));
        var file = Path.Combine(cluster.Home, "secrets", "superuser.password");
        var password = (await File.ReadAllTextAsync(file)).Trim();
        foreach (var log in Directory.GetFiles(Path.Combine(cluster.Home, "log"), "*", SearchOption.AllDirectories))
            Assert.DoesNotContain(password, await File.ReadAllTextAsync(log), StringComparison.Ordinal);
        Assert.All(cluster.Everything,
            pid => Assert.DoesNotContain(password, Processes.Describe(pid), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Second_up_reports_the_cluster_and_changes_nothing()
    {
        var (cluster, before) = await shared.ReadyAsync();

        var ran = (await cluster.RunAsync("up", "--detach", "-o", "json")).Exits(0);

        var uri = JsonDocument.Parse(ran.Out).RootElement.GetProperty("uri").GetString();
        Assert.Equal((await cluster.RunAsync("uri")).Out.Trim(), uri);
        var after = await cluster.StatusAsync();
        Assert.Equal(before.SupervisorPid, after.SupervisorPid);
        Assert.Equal(before.Members.Select(member => (member.Pid, member.AgentPid, member.GuardPid)),
            after.Members.Select(member => (member.Pid, member.AgentPid, member.GuardPid)));
    }

    [Fact]
    public async Task Up_with_another_wish_than_the_cluster_has_is_refused()
    {
        var (cluster, before) = await shared.ReadyAsync();

        (await cluster.RunAsync("up", "--detach", "--members", "5")).Fails(3, "UP-009");

        var after = await cluster.StatusAsync();
        Assert.Equal(before.Members.Select(member => member.Pid), after.Members.Select(member => member.Pid));
    }

    [Fact]
    public async Task Of_two_ups_at_once_one_wins_and_the_other_says_so()
    {
        await using var cluster = new LiveCluster();
        string[] up = ["--members", "2", "--port", cluster.PortText];

        var both = await Task.WhenAll(cluster.UpAgainAsync(up), cluster.UpAgainAsync(up));

        Assert.Equal([0, 5], both.Select(ran => ran.Code).Order());
        both.Single(ran => ran.Code == 5).Fails(5, "UP-010");
        Assert.True((await cluster.StatusAsync()).IsHealthy);
    }

    [Fact]
    public async Task A_repository_that_holds_something_is_refused_before_anything_is_made()
    {
        await using var cluster = new LiveCluster();
        var place = cluster.Home + "-backup";
        Directory.CreateDirectory(place);
        try
        {
            await File.WriteAllTextAsync(Path.Combine(place, "repository.json"), "of another cluster");

            (await cluster.UpAgainAsync("--port", cluster.PortText, "--repository", place)).Fails(3, "REP-001");

            Assert.False(Directory.Exists(cluster.Home));
            Assert.Equal("of another cluster", await File.ReadAllTextAsync(Path.Combine(place, "repository.json")));
        }
        finally
        {
            Directory.Delete(place, recursive: true);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("cluster.db")]
    [InlineData("members/m1/data")]
    [InlineData("members/m1/data/global/pg_control")]
    [InlineData("members/m2/data")]
    public async Task Up_that_was_killed_halfway_is_completed_by_the_next(string stage)
    {
        await using var cluster = new LiveCluster();
        string[] up = ["up", "--detach", "--members", "2", "--port", cluster.PortText, "--home", cluster.Home];
        using var first = Program.Start(Program.Path, up);
        await Eventually.HoldsAsync($"up has got as far as '{stage}'", LiveCluster.Limit,
            () => Path.Exists(Path.Combine(cluster.Home, stage)));

        await Eventually.HoldsAsync("no process of the home is left", LiveCluster.Limit, () =>
        {
            var left = cluster.Everything;
            Signals.Kill(left);
            return left.Count == 0 && first.HasExited;
        });
        var second = await cluster.UpAgainAsync("--members", "2", "--port", cluster.PortText);

        second.Exits(0);
        Assert.True((await cluster.StatusAsync()).IsHealthy);
    }

    /// <summary>The port of the server that was reached, and whether it is a standby.</summary>
    private static async Task<string> PsqlAsync(string uri)
    {
        // Nothing of this user's own set-up helps: no ~/.pgpass, no variables.
        var ran = await Program.RunAsync("/usr/bin/env",
            ["-i", "/usr/bin/psql", "-XAtw", uri, "-c", "select current_setting('port'), pg_is_in_recovery()"],
            LiveCluster.Limit);
        return ran.Exits(0).Out.Trim();
    }
}
