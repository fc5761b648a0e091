using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>The whole cluster goes back to a point, and on from there.</summary>
public sealed class InPlaceTests
{
    [Fact]
    public async Task Every_member_goes_back_to_the_point_and_any_point_before_and_after_it_still_restores()
    {
        await using var cluster = await LiveCluster.UpWithBackupsAsync();
        var first = await Archive.BackedUpAsync(cluster);
        (await cluster.RunAsync("repo", "add", "second", Path.Combine(cluster.Home, "second"))).Exits(0);
        await SecondHasAsync(cluster, 1);
        var before = await cluster.HealthyAsync();
        var ledger = new Ledger(cluster);
        await ledger.WriteAsync(before.Primary.Port, 40);
        var (early, point) = (ledger.Entries[9], ledger.Entries[24]);
        // A failover in between: the point is on a timeline that is not the last one.
        (await cluster.RunAsync("switchover", "--yes")).Exits(0);
        var moved = await cluster.StatusAsync("another leads", now => now.IsHealthy && now.Leader != before.Leader);
        await ledger.WriteAsync(moved.Primary.Port, 10);

        (await cluster.RunAsync("restore", "--in-place", "--at", point.Lsn, "--yes")).Exits(0);

        var after = await cluster.HealthyAsync();
        Assert.True(after.Timeline > moved.Timeline, $"timeline {after.Timeline} after {moved.Timeline}");
        Assert.All(after.Standbys, standby => Assert.Equal("streaming", standby.State));
        ledger.IsAt(point, await cluster.ColumnAsync<long>(after.Primary.Port, "select id from ledger"));
        ledger.TakeBack(point);
        await ledger.WriteAsync(after.Primary.Port, 20);
        await Archive.CaughtUpAsync(cluster, after.Primary.Port);
        foreach (var standby in after.Standbys)
            await Eventually.HoldsAsync($"{standby.Name} has what was written since", LiveCluster.Limit, async () =>
                (await cluster.ColumnAsync<long>(standby.Port, "select id from ledger")).Contains(
                    ledger.Entries[^1].Id));
        await Archive.IsAsync(cluster, "a backup of the new timeline", one =>
            one.GetProperty("lastBackup") is { ValueKind: System.Text.Json.JsonValueKind.Object } last
            && last.GetProperty("id").GetString() != first.GetProperty("lastBackup").GetProperty("id").GetString());
        await SecondHasAsync(cluster, 2);
        await using var restored = new RestoredServer(cluster);
        foreach (var entry in new[] { early, ledger.Entries[^10], ledger.Entries[^1] })
        {
            (await restored.RestoreAsync("--at", entry.Lsn)).Exits(0);
            ledger.IsAt(entry, await restored.NumbersAsync("select id from ledger"));
        }
        // Nobody is left that could bring the old history back.
        Signals.Kill([after.Primary.Pid!.Value]);
        var failed = await cluster.StatusAsync("a failover", now => now.IsHealthy && now.Leader != after.Leader);
        ledger.IsAt(ledger.Entries[^1], await cluster.ColumnAsync<long>(failed.Primary.Port, "select id from ledger"));
    }

    private static Task SecondHasAsync(LiveCluster cluster, int backups) => Eventually.HoldsAsync(
        $"the second repository has {backups} backups", LiveCluster.Limit, () => Task.FromResult(
            Directory.Exists(Path.Combine(cluster.Home, "second"))
            && Directory.GetFiles(
                Path.Combine(cluster.Home, "second"), "head.json", SearchOption.AllDirectories).Length >= backups));

    [Theory]
    [InlineData("stopping")]
    [InlineData("files in place")]
    [InlineData("replaying")]
    [InlineData("the others follow")]
    public async Task One_that_was_killed_in_the_middle_is_carried_on_by_the_same_command(string line)
    {
        await using var cluster = await LiveCluster.UpWithBackupsAsync("--members", "2");
        await Archive.BackedUpAsync(cluster);
        var status = await cluster.HealthyAsync();
        var ledger = new Ledger(cluster);
        await ledger.WriteAsync(status.Primary.Port, 20);
        var point = ledger.Entries[9];
        string[] restore = ["restore", "--in-place", "--at", point.Lsn, "--yes"];

        await Program.KillAfterLineAsync(Program.Path, [.. restore, "--home", cluster.Home], line, LiveCluster.Limit);

        // Before anything was destroyed, and once all is restored, the cluster may be started; in between it must not.
        // One that was just being stopped may stop, or run on: the command takes it as it finds it.
        if (File.Exists(Path.Combine(cluster.Home, "restore.json")))
            (await cluster.UpAgainAsync()).Fails(5, "RST-005");
        else if (line != "stopping")
            (await cluster.UpAgainAsync()).Exits(0);
        (await cluster.RunAsync(restore)).Exits(0);
        var after = await cluster.HealthyAsync();
        ledger.IsAt(point, await cluster.ColumnAsync<long>(after.Primary.Port, "select id from ledger"));
    }

    [Fact]
    public async Task Another_cluster_is_made_of_a_point_beside_the_one_that_goes_on()
    {
        await using var cluster = await LiveCluster.UpWithBackupsAsync("--members", "1");
        await Archive.BackedUpAsync(cluster);
        var status = await cluster.HealthyAsync();
        var ledger = new Ledger(cluster);
        await ledger.WriteAsync(status.Primary.Port, 20);
        await Archive.CaughtUpAsync(cluster, status.Primary.Port);
        var point = ledger.Entries[9];
        await using var other = new LiveCluster();
        string[] make =
        [
            "restore", "--as-new-cluster", "--from", Path.Combine(cluster.Home, "backup"), "--at", point.Lsn,
            "--members", "2", "--port", other.PortText, "--name", "other",
        ];

        await Program.KillAfterLineAsync(
            Program.Path, [.. make, "--home", other.Home], "files in place", LiveCluster.Limit);
        (await other.UpAgainAsync()).Fails(5, "RST-005");
        (await other.RunAsync(make)).Exits(0);

        var made = await other.HealthyAsync();
        Assert.Equal(2, made.Members.Length);
        ledger.IsAt(point, await other.ColumnAsync<long>(made.Primary.Port, "select id from ledger"));
        await Archive.BackedUpAsync(other);
        (await other.RunAsync(make)).Fails(3, "RST-002");
        ledger.IsAt(ledger.Entries[^1], await cluster.ColumnAsync<long>(status.Primary.Port, "select id from ledger"));
        Assert.True((await cluster.StatusAsync()).IsHealthy);
    }

    [Fact]
    public async Task It_is_refused_without_consent_and_while_the_archive_lacks_the_end()
    {
        await using var cluster = await LiveCluster.UpWithBackupsAsync("--members", "2");
        await Archive.BackedUpAsync(cluster);
        var status = await cluster.HealthyAsync();
        var ledger = new Ledger(cluster);
        await ledger.WriteAsync(status.Primary.Port, 20);
        await Archive.CaughtUpAsync(cluster, status.Primary.Port);
        var point = ledger.Entries[9].Lsn;
        (await cluster.RunAsync("restore", "--in-place", "--at", point)).Exits(2);
        var preview = await cluster.RunAsync("restore", "--in-place", "--at", point, "--dry-run", "-o", "json");
        using (var plan = System.Text.Json.JsonDocument.Parse(preview.Exits(0).Out))
            Assert.Equal(10, plan.RootElement.GetProperty("undoneCommits").GetInt64());
        (await cluster.RunAsync("down")).Exits(0);
        var newest = Directory.GetFiles(Path.Combine(cluster.Home, "backup"), "*", SearchOption.AllDirectories)
            .Where(file => file.Contains(".part/", StringComparison.Ordinal)).MaxBy(
                file => file, StringComparer.Ordinal)!;
        File.Delete(newest);

        var refused = await cluster.RunAsync("restore", "--in-place", "--at", point, "--yes");

        refused.Fails(3, "RST-006");
        Assert.False(File.Exists(Path.Combine(cluster.Home, "restore.json")));
        (await cluster.UpAgainAsync()).Exits(0);
        var after = await cluster.HealthyAsync();
        ledger.IsAt(ledger.Entries[^1], await cluster.ColumnAsync<long>(after.Primary.Port, "select id from ledger"));
    }
}
