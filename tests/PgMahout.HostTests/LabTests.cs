using System.Globalization;
using PgMahout.HostTests.Harness;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests;

/// <summary>The lab does what it says: every other test here believes it.</summary>
public sealed class LabTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private Lab _lab = null!;

    public async ValueTask InitializeAsync() => _lab = await Lab.UpAsync(2, "--clock");

    public async ValueTask DisposeAsync()
    {
        if (_lab is not null)
            await _lab.DisposeAsync();
    }

    [Fact]
    public async Task Hosts_are_whole_and_of_their_own_and_answer_on_ssh()
    {
        foreach (var host in _lab.Hosts)
        {
            Assert.Equal(host, (await _lab.SshAsync(host, "hostname")).Exits(0).Out.Trim());
            await Eventually.HoldsAsync($"{host} has booted", Soon, async () =>
                (await _lab.ExecAsync(host, "systemctl", "is-system-running")).Out.Trim() == "running");
        }

        foreach (var file in new[] { "/etc/machine-id", "/proc/sys/kernel/random/boot_id" })
            Assert.NotEqual(await _lab.ShellAsync("db1", $"cat {file}"), await _lab.ShellAsync("db2", $"cat {file}"));
        Assert.Equal(_lab.Address("db2"), await _lab.ShellAsync("db1", "getent hosts db2 | cut -d' ' -f1"));
        Assert.True(await ReachesAsync("db1", "db2"));
    }

    [Fact]
    public async Task A_power_loss_takes_what_was_not_synced_and_says_goodbye_to_nobody()
    {
        await _lab.ShellAsync("db1", "echo kept > /root/synced; sync /root/synced; echo lost > /root/written");
        using var peer = _lab.Launch("db2", $"exec 3<>/dev/tcp/{_lab.Address("db1")}/22; read -u 3; read -u 3");
        await Eventually.HoldsAsync("db2 is connected to db1", Soon, async () => await ConnectionsAsync() == 1);
        var boot = await _lab.ShellAsync("db1", "cat /proc/sys/kernel/random/boot_id");

        await _lab.DoAsync("power-off", "db1");

        Assert.Equal("off", await _lab.StateAsync("db1"));
        await Eventually.StaysAsync("db2 believes in its connection", TimeSpan.FromSeconds(2),
            async () => await ConnectionsAsync() == 1 && !peer.HasExited);
        await _lab.DoAsync("power-on", "db1");
        Assert.Equal("kept", await _lab.ShellAsync("db1", "cat /root/synced"));
        Assert.Equal("", await _lab.ShellAsync("db1", "cat /root/written 2> /dev/null || true"));
        Assert.NotEqual(boot, await _lab.ShellAsync("db1", "cat /proc/sys/kernel/random/boot_id"));

        async Task<int> ConnectionsAsync() => int.Parse(
            await _lab.ShellAsync("db2", $"ss -Htn state established dst {_lab.Address("db1")}:22 | wc -l"),
            CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task A_cut_in_one_direction_lets_the_other_through_and_outlives_a_restart()
    {
        // So that each knows the other's hardware address, and its questions are sent.
        Assert.True(await ReachesAsync("db2", "db1"));
        await _lab.DoAsync("cut", "db1", "to", "db2");

        var heard = await EchoesAsync("db1");
        Assert.False(await ReachesAsync("db2", "db1"));
        // Asked, and its answer was lost.
        Assert.True(await EchoesAsync("db1") > heard);
        heard = await EchoesAsync("db2");
        Assert.False(await ReachesAsync("db1", "db2"));
        Assert.Equal(heard, await EchoesAsync("db2"));

        await _lab.DoAsync("power-off", "db1");
        await _lab.DoAsync("power-on", "db1");
        Assert.False(await ReachesAsync("db2", "db1"));
        await _lab.HealAsync();
        await Eventually.HoldsAsync("the line is whole", Soon, () => ReachesAsync("db2", "db1"));
    }

    [Fact]
    public async Task A_cut_of_some_ports_and_a_lossy_line_let_the_rest_through()
    {
        const string Connect = "timeout 2 bash -c '< /dev/tcp/db2/22'";
        Assert.Equal(0, (await _lab.ExecAsync("db1", "bash", "-c", Connect)).Code);
        await _lab.DoAsync("cut", "db1", "from", "db2", "port", "22,80");

        Assert.NotEqual(0, (await _lab.ExecAsync("db1", "bash", "-c", Connect)).Code);
        Assert.True(await ReachesAsync("db1", "db2"));
        await _lab.HealAsync();
        await _lab.DoAsync("lose", "db1", "50");
        var heard = await EchoesAsync("db2");
        await _lab.ExecAsync("db1", "ping", "-q", "-i0.02", "-c60", "-W1", "db2");
        Assert.InRange(await EchoesAsync("db2") - heard, 5, 55);
    }

    [Fact]
    public async Task A_full_disk_has_no_room_for_anybody_until_it_is_emptied()
    {
        await _lab.DoAsync("disk", "db1", "fill");
        const string Write = "runuser -u admin -- sh -c 'head -c 100000 /dev/zero > /home/admin/file'";

        Assert.Contains(
            "No space left", (await _lab.ExecAsync("db1", "sh", "-c", Write)).Error, StringComparison.Ordinal);
        await _lab.DoAsync("disk", "db1", "empty");

        Assert.Equal(0, (await _lab.ExecAsync("db1", "sh", "-c", Write)).Code);
    }

    [Fact]
    public async Task A_host_that_is_cut_off_is_reached_from_within_only()
    {
        await _lab.DoAsync("cut", "db1");

        Assert.False(await ReachesAsync("db1", "db2"));
        Assert.NotEqual(0, (await _lab.SshAsync("db1", "true")).Code);
        Assert.Equal("db1", await _lab.ShellAsync("db1", "hostname"));
        await _lab.HealAsync();
        await Eventually.HoldsAsync("it is back", Soon, async () => (await _lab.SshAsync("db1", "true")).Code == 0);
    }

    [Fact]
    public async Task A_frozen_host_is_silent_and_goes_on_afterwards()
    {
        using var counting = _lab.Launch("db1", "systemd-run -q --unit=count bash -c "
            + "'while :; do date +%s%N > /run/count; sleep 0.05; done'");
        await Eventually.HoldsAsync("it counts", Soon, async () =>
            (await _lab.ExecAsync("db1", "test", "-s", "/run/count")).Code == 0);

        await _lab.DoAsync("freeze", "db1");

        Assert.Equal("frozen", await _lab.StateAsync("db1"));
        var at = await _lab.ShellAsync("db1", "cat /run/count");
        await Eventually.StaysAsync("nothing moves", TimeSpan.FromSeconds(1),
            async () => await _lab.ShellAsync("db1", "cat /run/count") == at);
        await _lab.DoAsync("thaw", "db1");
        await Eventually.HoldsAsync("it goes on", Soon, async () =>
            await _lab.ShellAsync("db1", "cat /run/count") is { Length: > 0 } now && now != at);
    }

    [Fact]
    public async Task A_command_that_its_host_stops_and_then_ends_is_over()
    {
        using var asleep = _lab.Launch("db1", "echo $$ > /run/asleep; exec sleep 600");
        await Eventually.HoldsAsync("it runs", Soon, async () =>
            (await _lab.ExecAsync("db1", "test", "-s", "/run/asleep")).Code == 0);

        // As a host does it to every process when it goes down; the second is for whoever waits for this one.
        await _lab.ShellAsync(
            "db1", "p=$(cat /run/asleep); kill -STOP $p && sleep 1 && kill -TERM $p && kill -CONT $p");

        await Eventually.HoldsAsync("it is over", Soon, () => Task.FromResult(asleep.HasExited));
    }

    [Fact]
    public async Task A_stuck_disk_holds_writers_until_it_is_free()
    {
        await _lab.DoAsync("disk", "db1", "stick");
        using var writer = _lab.Launch("db1", "echo stuck > /root/stuck; sync /root/stuck");

        await Eventually.StaysAsync("the writer waits", TimeSpan.FromSeconds(1),
            () => Task.FromResult(!writer.HasExited));
        await _lab.DoAsync("disk", "db1", "free");

        await Eventually.HoldsAsync("the writer is done", Soon, () => Task.FromResult(writer.HasExited));
        Assert.Equal("stuck", await _lab.ShellAsync("db1", "cat /root/stuck"));
    }

    [Fact]
    public async Task A_service_sees_the_clock_of_its_host_and_other_hosts_do_not()
    {
        await _lab.DoAsync("clock", "db1", "-3600");

        Assert.InRange(await AheadAsync("db1"), -3610, -3590);
        Assert.InRange(await AheadAsync("db2"), -10, 10);

        async Task<long> AheadAsync(string host) => long.Parse(
            await _lab.ShellAsync(host, "systemd-run -q --wait --pipe date +%s"), CultureInfo.InvariantCulture)
            - TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
    }

    private async Task<bool> ReachesAsync(string from, string to) =>
        (await _lab.ExecAsync(from, "ping", "-c1", "-W1", to)).Code == 0;

    /// <summary>Questions (ICMP echoes) that reached the host.</summary>
    private async Task<int> EchoesAsync(string host) => int.Parse(
        await _lab.ShellAsync(host, "nstat -asz IcmpInEchos | awk '/IcmpInEchos/ { print $2 }'"),
        CultureInfo.InvariantCulture);
}
