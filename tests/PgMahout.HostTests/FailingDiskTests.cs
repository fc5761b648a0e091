using System.Globalization;
using PgMahout.HostTests.Harness;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests;

/// <summary>What a cluster on three hosts does when the disk of the primary's host fills, and when it hangs.</summary>
public sealed class FailingDiskTests : IAsyncLifetime
{
    private static readonly TimeSpan Rto = TimeSpan.FromSeconds(3);

    /// <summary>On two processors that three hosts, a client and maybe a compiler share.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(3);

    private HostCluster _cluster = null!;

    private Lab Lab => _cluster.Lab;

    public async ValueTask InitializeAsync() => _cluster = await HostCluster.UpAsync(Rto);

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task A_leader_whose_disk_fills_hands_over_before_it_is_full()
    {
        var primary = (await _cluster.HealthyAsync()).Leader!;
        var other = Lab.Hosts.First(host => host != primary);
        await using var writer = await HostWriter.StartAsync(_cluster, primary);

        var filled = writer.Now;
        await LeaveAsync(primary, "100M");
        var after = await AnotherLeadsAsync(primary, other);
        await writer.ReachesAsync(100);
        var outage = writer.OutageSince(filled);
        var status = await _cluster.ReadStatusAsync(other);
        // It follows with what it has left.
        await _cluster.HealthyAsync(other);
        await Lab.ShellAsync(primary, "rm /filler");

        Say($"the disk of {primary} filled: {outage.TotalSeconds:F2} s");
        Assert.Contains("CLU-013", status.Out + status.Error, StringComparison.Ordinal);
        // Less than a lease: nobody had to wait for it to run out.
        Assert.InRange(outage, TimeSpan.Zero, Rto);
        await writer.NothingIsLostAsync(after.Leader!);
    }

    [Fact]
    public async Task A_leader_whose_disk_is_full_at_once_is_replaced_and_comes_back_when_there_is_room()
    {
        var primary = (await _cluster.HealthyAsync()).Leader!;
        var other = Lab.Hosts.First(host => host != primary);
        await using var writer = await HostWriter.StartAsync(_cluster, primary);

        var filled = writer.Now;
        await LeaveAsync(primary, "0");
        var after = await AnotherLeadsAsync(primary, other);
        await writer.ReachesAsync(100);
        var outage = writer.OutageSince(filled);
        await Lab.ShellAsync(primary, "rm /filler");
        await _cluster.HealthyAsync(other);

        Say($"the disk of {primary} was full: {outage.TotalSeconds:F2} s");
        Assert.InRange(outage, TimeSpan.Zero, Rto + Slack);
        await writer.NothingIsLostAsync(after.Leader!);
    }

    [Fact]
    public async Task A_leader_whose_disk_hangs_is_replaced_although_it_answers()
    {
        var primary = (await _cluster.HealthyAsync()).Leader!;
        var other = Lab.Hosts.First(host => host != primary);
        await using var writer = await HostWriter.StartAsync(_cluster, primary);

        var stuck = writer.Now;
        await Lab.DoAsync("disk", primary, "stick");
        var after = await AnotherLeadsAsync(primary, other);
        await writer.ReachesAsync(100);
        var outage = writer.OutageSince(stuck);
        await Lab.DoAsync("disk", primary, "free");
        await _cluster.HealthyAsync(other);

        Say($"the disk of {primary} hung: {outage.TotalSeconds:F2} s");
        // Two leases until a disk that is busy is called stuck, and one that runs out.
        Assert.InRange(outage, TimeSpan.Zero, 3 * Rto + Slack);
        await writer.NothingIsLostAsync(after.Leader!);
    }

    private Task<Status> AnotherLeadsAsync(string primary, string from) =>
        _cluster.StatusAsync("another member leads and runs", from,
            status => status.Leader is { } leader && leader != primary && status.Primary.State == "running");

    /// <summary>A file takes the rest of the disk; root's reserve too, which PostgreSQL does not get.</summary>
    private Task LeaveAsync(string host, string bytes) => Lab.ShellAsync(host, string.Create(
        CultureInfo.InvariantCulture,
        $"fallocate -l $(($(df --output=avail -B1 / | tail -n 1) - $(numfmt --from=iec {bytes}))) /filler"));

    private static void Say(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
