using System.Globalization;
using PgMahout.HostTests.Harness;
using Xunit;

namespace PgMahout.HostTests;

/// <summary>
/// Clocks of hosts that jump by an hour. Nothing that is decided depends on the time of day: a lease is counted on each
/// host's own monotonic clock.
/// </summary>
public sealed class ClockTests : IAsyncLifetime
{
    private const int Hour = 3600;

    private static readonly TimeSpan Rto = TimeSpan.FromSeconds(3);

    /// <summary>On two processors that three hosts, a client and maybe a compiler share.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(3);

    private HostCluster _cluster = null!;

    private Lab Lab => _cluster.Lab;

    public async ValueTask InitializeAsync() => _cluster = await HostCluster.UpAsync(Rto, "--clock");

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task Clocks_that_jump_an_hour_move_no_leadership_and_a_loss_of_power_is_survived_between_them()
    {
        var before = await _cluster.HealthyAsync();
        var primary = before.Leader!;
        var others = Lab.Hosts.Where(host => host != primary).ToArray();
        await using var writer = await HostWriter.StartAsync(_cluster, primary);

        var jumped = writer.Now;
        var jumps = new[] { (primary, Hour), (others[0], -Hour), (primary, -Hour), (others[1], Hour) };
        foreach (var (host, ahead) in jumps)
        {
            await Lab.DoAsync("clock", host, ahead.ToString(CultureInfo.InvariantCulture));
            // More renewals than may fail.
            await writer.ReachesAsync(600);
        }
        await SeesAsync(primary, -Hour);
        var after = await _cluster.HealthyAsync(others[0]);

        Assert.Equal((before.Leader, before.Epoch), (after.Leader, after.Epoch));
        Assert.InRange(writer.OutageSince(jumped), TimeSpan.Zero, Rto / 2);

        var lost = writer.Now;
        await Lab.DoAsync("power-off", primary);
        var heir = (await _cluster.StatusAsync("another member leads and runs", others[0],
            status => status.Leader is { } leader && leader != primary && status.Primary.State == "running")).Leader!;
        await writer.ReachesAsync(100);
        var outage = writer.OutageSince(lost);
        await Lab.DoAsync("power-on", primary);
        await _cluster.HealthyAsync(primary);

        Say($"power loss of {primary}, whose clock was an hour behind: {outage.TotalSeconds:F2} s");
        Assert.InRange(outage, TimeSpan.Zero, Rto + Slack);
        await writer.NothingIsLostAsync(heir);
    }

    /// <summary>What its services see, as PostgreSQL says it.</summary>
    private async Task SeesAsync(string host, int ahead)
    {
        var text = await Lab.ShellAsync(host, KeptHost.Sql("select extract(epoch from clock_timestamp())::bigint"));
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        Assert.InRange(long.Parse(text, CultureInfo.InvariantCulture) - now, ahead - 60, ahead + 60);
    }

    private static void Say(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
