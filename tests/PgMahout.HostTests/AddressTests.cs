using Npgsql;
using PgMahout.Core.Deployment;
using PgMahout.HostTests.Harness;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests;

/// <summary>The address that goes with the leadership: always where the leader is, never on two hosts.</summary>
public sealed class AddressTests : IAsyncLifetime
{
    private static readonly TimeSpan Rto = TimeSpan.FromSeconds(3);

    /// <summary>On two processors that three hosts, a client and maybe a compiler share.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(3);

    private HostCluster _cluster = null!;

    private Lab Lab => _cluster.Lab;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_answers_from_the_next_primarys_host_when_the_host_of_the_primary_loses_its_power(bool v6)
    {
        var (primary, other) = await UpAsync(v6);
        await using var history = await AddressHistory.StartAsync(_cluster, primary);

        var lost = AddressHistory.Now;
        await Lab.DoAsync("power-off", primary);
        history.IsOff(primary);
        var after = await WithLeaderAsync(other, status => status.Leader != primary);
        await history.AnswersAsync(20);

        var silence = history.SilenceSince(lost);
        Say($"power loss of {primary}, {_cluster.Shared}: no answer for {silence.TotalSeconds:F2} s");
        Assert.InRange(silence, TimeSpan.Zero, Rto + Slack);
        Assert.Equal(after.Leader, await ServedByAsync());
        history.NeverWasOnTwo();
    }

    [Fact]
    public async Task A_host_that_is_cut_off_has_lost_it_before_another_takes_it_and_a_frozen_host_too()
    {
        var (primary, other) = await UpAsync();
        await using var history = await AddressHistory.StartAsync(_cluster, primary);

        var cut = AddressHistory.Now;
        await Lab.DoAsync("cut", primary);
        var second = await WithLeaderAsync(other, status => status.Leader != primary);
        await history.AnswersAsync(20);

        Told(history, $"cut off {primary}", cut, primary, second.Leader!);
        await Lab.HealAsync();
        await _cluster.HealthyAsync(primary);

        var frozen = AddressHistory.Now;
        await Lab.DoAsync("freeze", second.Leader!);
        var third = await WithLeaderAsync(
            Lab.Hosts.First(host => host != second.Leader), status => status.Leader != second.Leader);
        await history.AnswersAsync(20);
        Told(history, $"froze {second.Leader}", frozen, second.Leader!, third.Leader!);
        await Lab.DoAsync("thaw", second.Leader!);
        await _cluster.HealthyAsync(second.Leader!);
        history.NeverWasOnTwo();
        Assert.Equal(third.Leader, await ServedByAsync());
    }

    [Fact]
    public async Task Whichever_of_its_processes_stands_still_it_goes_by_itself_and_comes_back()
    {
        var (primary, other) = await UpAsync();
        // More patient than usual, so that there is time to look.
        await Lab.ShellAsync(primary, $"mkdir /etc/systemd/system/{SystemdUnits.Address}.d && "
            + $"printf '[Service]\\nWatchdogSec=15\\n' > /etc/systemd/system/{SystemdUnits.Address}.d/patience.conf && "
            + $"systemctl daemon-reload && systemctl restart {SystemdUnits.Address}");
        await WithLeaderAsync(other, status => status.Leader == primary);
        await using var history = await AddressHistory.StartAsync(_cluster, primary);

        // Nothing is wrong with the leader: it leads on, and the watchdog brings another keeper.
        var frozen = AddressHistory.Now;
        await SignalAsync(primary, SystemdUnits.Address, "STOP");
        await Eventually.HoldsAsync("the kernel has taken it away", Rto + Slack, () => !history.Has(primary));
        Say($"the keeper stands still: gone after {(history.Last(primary, false) - frozen)!.Value.TotalSeconds:F2} s");
        Assert.InRange(history.Last(primary, false)!.Value - frozen, TimeSpan.Zero, Rto);
        var missing = await _cluster.StatusAsync("that is said", other,
            status => status.Notices.Any(notice => notice.Code == "VIP-002"));
        Assert.Equal((primary, "degraded", false), (missing.Leader, missing.State, missing.VirtualIp!.WithLeader));
        await WithLeaderAsync(other, status => status.Leader == primary);

        // The guard ends PostgreSQL; the keeper knows the deadline as well as it does.
        var hung = AddressHistory.Now;
        await SignalAsync(primary, SystemdUnits.Agent, "STOP");
        var after = await WithLeaderAsync(other, status => status.Leader != primary);
        await history.AnswersAsync(20);
        Told(history, $"the agent of {primary} stands still", hung, primary, after.Leader!);
        await _cluster.HealthyAsync(other);
        history.NeverWasOnTwo();
    }

    [Fact]
    public async Task It_goes_over_in_a_switchover_after_its_clients_are_told_and_stays_through_a_new_keeper()
    {
        var (primary, other) = await UpAsync();
        await using var history = await AddressHistory.StartAsync(_cluster, primary);
        await using var client = new NpgsqlConnection(_cluster.ConnectionTextToShared);
        await client.OpenAsync();
        await NothingMayBeDoneByOthersAsync(primary);

        var (changes, keeper) = (history.Changes, await MainPidAsync(primary));
        await Lab.ShellAsync(primary, $"systemctl reload {SystemdUnits.Address} || true");
        await Eventually.HoldsAsync("another process keeps it", Lab.Limit, async () =>
            await MainPidAsync(primary) is var next && next != keeper && next != "0");
        await Eventually.StaysAsync(
            "it stays where it is", Rto * 1.5, () => Task.FromResult(history.Changes == changes));
        Assert.Equal(primary, await AskAsync(client));

        var told = AddressHistory.Now;
        await Lab.ShellAsync(primary, "runuser -u postgres -- /opt/pgmahout/current/pgmahout switchover "
            + $"--to {other} --home /var/lib/pgmahout --yes");
        await WithLeaderAsync(other, status => status.Leader == other);
        await history.AnswersAsync(20);

        Told(history, $"switchover from {primary} to {other}", told, primary, other);
        var cutOff = await Record.ExceptionAsync(() => AskAsync(client));
        Assert.True(cutOff is NpgsqlException, $"{cutOff}");
        Assert.Equal(other, await ServedByAsync());
        history.NeverWasOnTwo();
    }

    [Fact]
    public async Task While_somebody_else_answers_for_it_it_is_not_taken_and_everybody_is_told_who()
    {
        var (primary, other) = await UpAsync();
        var stranger = (await File.ReadAllTextAsync($"/sys/class/net/{Lab.Bridge}/address")).Trim();
        await IpAsync("add");
        try
        {
            await Lab.ShellAsync(primary, "runuser -u postgres -- /opt/pgmahout/current/pgmahout switchover "
                + $"--to {other} --home /var/lib/pgmahout --yes");
            var refused = await _cluster.StatusAsync("the duplicate is told", other, status =>
                status.Leader == other && status.Notices.Any(notice => notice.Code == "VIP-001"));
            Assert.Equal((stranger, false), (refused.VirtualIp!.Owner, refused.VirtualIp.WithLeader));
            Assert.Empty(refused.VirtualIp.Holders);
            Assert.Contains(stranger, await Lab.ShellAsync(
                other, $"journalctl --no-pager -o cat -p warning -u {SystemdUnits.Address}"), StringComparison.Ordinal);
            await Eventually.StaysAsync("it is not taken", TimeSpan.FromSeconds(2), async () =>
                (await _cluster.StatusAsync(other))?.VirtualIp is not { Holders: [_, ..] });
        }
        finally
        {
            await IpAsync("delete");
        }
        await WithLeaderAsync(other, status => status.Leader == other);
        Assert.Equal(other, await ServedByAsync());

        async Task IpAsync(string verb) => (await Program.RunAsync(
            "ip", ["address", verb, _cluster.Shared!.Split('/')[0] + "/32", "dev", Lab.Bridge], Lab.Limit)).Exits(0);
    }

    private async Task<(string Primary, string Other)> UpAsync(bool v6 = false)
    {
        _cluster = await HostCluster.UpWithAddressAsync(Rto, v6);
        var primary = (await WithLeaderAsync("db1", _ => true)).Leader!;
        return (primary, Lab.Hosts.First(host => host != primary));
    }

    private Task<Status> WithLeaderAsync(string from, Func<Status, bool> wanted) =>
        _cluster.StatusAsync("the leader runs, and its host has the address", from, status =>
            status.Leader is not null && status.Primary.State == "running"
            && status.VirtualIp is { WithLeader: true } && wanted(status));

    /// <summary>How long nobody answered; and that one host had lost it before the other got it.</summary>
    private static void Told(AddressHistory history, string what, DateTime since, string from, string to)
    {
        var (gone, taken) = (history.Last(from, false)!.Value, history.Last(to, true)!.Value);
        Say($"{what}: gone after {(gone - since).TotalSeconds:F2} s, "
            + $"taken {(taken - gone).TotalMilliseconds:F0} ms later, "
            + $"no answer for {history.SilenceSince(since).TotalSeconds:F2} s");
        Assert.True(gone < taken, $"taken before it was gone:\n{history}");
        Assert.InRange(history.SilenceSince(since), TimeSpan.Zero, Rto + Slack);
    }

    private async Task<string> ServedByAsync()
    {
        await using var client = new NpgsqlConnection(_cluster.ConnectionTextToShared);
        await client.OpenAsync();
        return await AskAsync(client);
    }

    private static async Task<string> AskAsync(NpgsqlConnection client)
    {
        await using var asked = new NpgsqlCommand("show cluster_name", client);
        return ((string)(await asked.ExecuteScalarAsync())!).Split('/')[1];
    }

    private Task SignalAsync(string host, string unit, string signal) =>
        Lab.ShellAsync(host, $"systemctl kill --kill-who=main -s {signal} {unit}");

    private Task<string> MainPidAsync(string host) =>
        Lab.ShellAsync(host, $"systemctl show --value -p MainPID {SystemdUnits.Address}");

    /// <summary>The keeper has two privileges and no more, the agent none.</summary>
    private async Task NothingMayBeDoneByOthersAsync(string host)
    {
        const string NetAdminAndRaw = "0000000000003000";
        var keeper = await Lab.ShellAsync(host, $"cat /proc/{await MainPidAsync(host)}/status");
        Assert.Contains($"CapEff:\t{NetAdminAndRaw}", keeper, StringComparison.Ordinal);
        Assert.Contains($"CapBnd:\t{NetAdminAndRaw}", keeper, StringComparison.Ordinal);
        Assert.Equal("postgres", await Lab.ShellAsync(host, $"stat -c %U /proc/{await MainPidAsync(host)}"));
        var agent = await Lab.ShellAsync(
            host, $"cat /proc/$(systemctl show --value -p MainPID {SystemdUnits.Agent})/status");
        Assert.Contains("CapEff:\t0000000000000000", agent, StringComparison.Ordinal);
    }

    private static void Say(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
