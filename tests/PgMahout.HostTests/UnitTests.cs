using System.Diagnostics;
using PgMahout.Core.Deployment;
using PgMahout.HostTests.Harness;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests;

/// <summary>What systemd does with the units, and what becomes of PostgreSQL meanwhile.</summary>
public sealed class UnitTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private KeptHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await KeptHost.UpAsync();

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
    }

    [Fact]
    public async Task A_restart_of_the_agent_leaves_PostgreSQL_alone_and_so_does_its_death()
    {
        var postmaster = await _host.PostmasterAsync();
        var first = await _host.MainPidAsync(SystemdUnits.Agent);

        await _host.ShellAsync($"systemctl restart {SystemdUnits.Agent}");
        var second = await _host.MainPidAsync(SystemdUnits.Agent);
        await _host.ShellAsync($"kill -9 {second}");
        await Eventually.HoldsAsync("systemd starts another agent", Soon, async () =>
            await _host.MainPidAsync(SystemdUnits.Agent) is > 0 and var third && third != second);
        await _host.ServesAsync();

        Assert.NotEqual(first, second);
        Assert.NotNull(postmaster);
        // Longer than the lease that the killed one had renewed last.
        await Eventually.StaysAsync("PostgreSQL is the one of before", KeptHost.Timing.Ttl * 1.5,
            async () => await _host.PostmasterAsync() == postmaster);
        Assert.Equal("1", await _host.ShowAsync(SystemdUnits.Agent, "NRestarts"));
    }

    [Fact]
    public async Task PostgreSQL_of_a_hung_agent_is_dead_before_its_lease_can_be_taken_and_systemd_replaces_the_agent()
    {
        var agent = await _host.MainPidAsync(SystemdUnits.Agent);
        var postmaster = await _host.PostmasterAsync();

        await _host.ShellAsync($"kill -STOP {agent}");
        var hung = Stopwatch.GetTimestamp();
        await Eventually.HoldsAsync("no server process is left", Soon,
            async () => await _host.ServerProcessesAsync() == 0);
        var dead = Stopwatch.GetElapsedTime(hung);

        // The last renewal was before it hung; a taker waits for a whole lease from when it saw that.
        Assert.InRange(dead, TimeSpan.Zero, KeptHost.Timing.Ttl);
        Assert.Equal(agent, await _host.MainPidAsync(SystemdUnits.Agent));
        await Eventually.HoldsAsync("systemd has killed the hung agent", KeptHost.Timing.HungAfter + Soon, async () =>
            await _host.MainPidAsync(SystemdUnits.Agent) is > 0 and var other && other != agent);
        var replaced = Stopwatch.GetElapsedTime(hung);
        await _host.ServesAsync();
        Assert.NotEqual(postmaster, await _host.PostmasterAsync());
        var journal = await _host.JournalAsync(SystemdUnits.Agent);
        Assert.Contains("lease deadline passed", journal, StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"PostgreSQL dead after {dead.TotalSeconds:F2} s, agent replaced after {replaced.TotalSeconds:F2} s, "
            + $"served again after {Stopwatch.GetElapsedTime(hung).TotalSeconds:F2} s");
    }

    [Theory]
    [InlineData("poweroff")]
    [InlineData("reboot")]
    public async Task A_host_that_goes_down_stops_PostgreSQL_in_order(string how)
    {
        var boot = await _host.ShellAsync("cat /proc/sys/kernel/random/boot_id");
        // A client that stays must not hold it up.
        using var client = _host.Lab.Launch(KeptHost.Host, KeptHost.Sql("select pg_sleep(600)"));
        const string Served = "select count(*) from pg_stat_activity where query ~ '[(]600[)]'";
        await Eventually.HoldsAsync("the client is served", Soon,
            async () => await _host.ShellAsync(KeptHost.Sql(Served)) == "1");

        await _host.Lab.ExecAsync(KeptHost.Host, "systemctl", how);
        if (how == "poweroff")
        {
            await Eventually.HoldsAsync("the host is off", Soon,
                async () => await _host.Lab.StateAsync(KeptHost.Host) == "off");
            await _host.Lab.DoAsync("power-on", KeptHost.Host);
        }
        await Eventually.HoldsAsync("the host has started anew", Soon, async () =>
            (await _host.Lab.ExecAsync(KeptHost.Host, "cat", "/proc/sys/kernel/random/boot_id")) is { Code: 0 } ran
            && ran.Out.Trim() != boot);

        await _host.ServesAsync();
        var said = await _host.JournalAsync(SystemdUnits.Member, "-b", "-1");
        Assert.Contains("m1 is stopped", said, StringComparison.Ordinal);
        // The server's own word, at its next start.
        var logs = await _host.ShellAsync("cat /var/lib/pgmahout/members/m1/log/*.log /var/lib/pgmahout/log/*.log "
            + "2> /dev/null || true");
        Assert.Contains("database system was shut down at", logs, StringComparison.Ordinal);
        Assert.DoesNotContain("was interrupted", logs, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_power_loss_is_no_reason_to_do_anything_by_hand()
    {
        await _host.Lab.DoAsync("power-off", KeptHost.Host);
        await _host.Lab.DoAsync("power-on", KeptHost.Host);

        await _host.ServesAsync();
    }

    [Fact]
    public async Task A_member_that_an_operator_stops_stays_stopped_until_it_is_started()
    {
        await _host.ShellAsync($"systemctl stop {SystemdUnits.Member}");

        Assert.Equal(0, await _host.ServerProcessesAsync());
        await Eventually.HoldsAsync("the agent has ended", Soon,
            async () => await _host.ShowAsync(SystemdUnits.Agent, "ActiveState") == "inactive");
        await Eventually.StaysAsync("nobody brings it back", TimeSpan.FromSeconds(2), async () =>
            await _host.ServerProcessesAsync() == 0
            && await _host.ShowAsync(SystemdUnits.Agent, "ActiveState") == "inactive");
        await _host.ShellAsync($"systemctl start {SystemdUnits.Member}");
        await _host.ServesAsync();
    }

    [Fact]
    public async Task A_member_whose_agent_is_gone_is_stopped_in_order_all_the_same()
    {
        await _host.ShellAsync($"systemctl stop {SystemdUnits.Agent}");
        Assert.NotEqual(0, await _host.ServerProcessesAsync());

        await _host.ShellAsync($"systemctl stop {SystemdUnits.Member}");

        Assert.Equal(0, await _host.ServerProcessesAsync());
        var control = await _host.ShellAsync(
            $"/usr/lib/postgresql/15/bin/pg_controldata {_host.Data} | grep 'cluster state'");
        Assert.EndsWith("shut down", control, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_root_or_may_become_it_and_only_what_looks_after_clients_may_be_killed_for_memory()
    {
        var agent = await _host.MainPidAsync(SystemdUnits.Agent);
        var postmaster = (await _host.PostmasterAsync())!.Value;
        // A machine that gives its hosts no CAP_SYS_RESOURCE cannot spare anybody.
        var may = await _host.Lab.ExecAsync(KeptHost.Host, "sh", "-c", "echo -1 > /proc/self/oom_score_adj");
        var spared = may.Code == 0 ? "-900" : "0";
        var checkpointer = await _host.ShellAsync("pgrep -f 'postgres: .*checkpointer'");

        foreach (var pid in new[] { agent, postmaster })
        {
            var status = await _host.ShellAsync($"cat /proc/{pid}/status");
            Assert.Matches(@"CapEff:\t0+\n", status);
            Assert.Matches(@"CapBnd:\t0+\n", status);
            Assert.Matches(@"NoNewPrivs:\t1\n", status);
            Assert.Equal("postgres", await _host.ShellAsync($"stat -c %U /proc/{pid}"));
            Assert.Equal(spared, await _host.ShellAsync($"cat /proc/{pid}/oom_score_adj"));
            Assert.DoesNotContain(
                "NOTIFY_SOCKET", pid == agent ? "" : await _host.ShellAsync($"tr '\\0' '\\n' < /proc/{pid}/environ"),
                StringComparison.Ordinal);
        }
        Assert.Equal("0", await _host.ShellAsync($"cat /proc/{checkpointer}/oom_score_adj"));
        var programs = await _host.ShellAsync($"nsenter -t {agent} -m touch /usr/x 2>&1 || true");
        Assert.Contains("Read-only", programs, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_journal_knows_how_much_each_line_matters_and_systemd_what_the_agent_does()
    {
        await _host.ShellAsync($"kill -9 {await _host.PostmasterAsync()}");
        await Eventually.HoldsAsync("the death is in the journal", Soon, async () =>
            (await _host.JournalAsync(SystemdUnits.Agent, "-p", "err")).Contains("is gone", StringComparison.Ordinal));
        await _host.ServesAsync();

        var errors = await _host.JournalAsync(SystemdUnits.Agent, "-p", "err");
        var everything = await _host.JournalAsync(SystemdUnits.Agent);
        Assert.DoesNotContain("Decision", errors, StringComparison.Ordinal);
        Assert.Contains("Decision", everything, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"(?m)^<\d>", everything);
        await Eventually.HoldsAsync("the status is the rule", Soon, async () =>
            (await _host.ShowAsync(SystemdUnits.Agent, "StatusText"))
                .StartsWith("KeepLeading:", StringComparison.Ordinal));
        Assert.Equal("8s", await _host.ShowAsync(SystemdUnits.Agent, "WatchdogUSec"));
    }
}
