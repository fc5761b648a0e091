using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>Backups in a bucket, from the first moment of a cluster to its restore.</summary>
public sealed class BucketTests
{
    [Fact]
    public async Task A_bucket_takes_wal_and_backups_through_a_failover_and_gives_every_commit_back()
    {
        await using var bucket = await ObjectServer.StartAsync();
        string[] first = ["--repository", ObjectServer.Address("first"), .. bucket.Options];
        await using var cluster = await LiveCluster.UpWithBackupsAsync(first);
        await Archive.BackedUpAsync(cluster);
        var status = await cluster.HealthyAsync();
        var ledger = new Ledger(cluster);
        await ledger.WriteAsync(status.Primary.Port, 20);
        Signals.Kill([status.Primary.Pid!.Value]);
        var moved = await cluster.StatusAsync("another leads", now => now.IsHealthy && now.Leader != status.Leader);
        await ledger.WriteAsync(moved.Primary.Port, 20);
        (await cluster.RunAsync("backup", "now", "--incremental")).Exits(0);
        await ledger.WriteAsync(moved.Primary.Port, 20);
        await Archive.CaughtUpAsync(cluster, moved.Primary.Port);
        (await cluster.RunAsync("backup", "verify")).Exits(0);

        await using var restored = new RestoredServer(cluster);
        foreach (var entry in new[] { ledger.Entries[5], ledger.Entries[25], ledger.Entries[50] })
        {
            (await restored.RestoreAsync("--at", entry.Lsn)).Exits(0);
            ledger.IsAt(entry, await restored.NumbersAsync("select id from ledger"));
        }
        (await restored.RestoreAsync(
            ["--at", "latest", "--from", ObjectServer.Address("first"), .. bucket.Options])).Exits(0);
        ledger.IsAt(ledger.Entries[^1], await restored.NumbersAsync("select id from ledger"));
    }

    [Fact]
    public async Task A_bucket_is_added_to_a_cluster_that_runs_and_the_cluster_goes_back_from_it()
    {
        await using var bucket = await ObjectServer.StartAsync();
        await using var cluster = await LiveCluster.UpAsync("--members", "2");
        string[] add = ["repo", "add", "main", ObjectServer.Address("second"), .. bucket.Options];
        (await cluster.RunAsync(add)).Exits(0);
        await Archive.BackedUpAsync(cluster);
        (await cluster.RunAsync("repo", "check")).Exits(0);
        var status = await cluster.HealthyAsync();
        var ledger = new Ledger(cluster);
        await ledger.WriteAsync(status.Primary.Port, 20);
        var point = ledger.Entries[7];

        (await cluster.RunAsync("restore", "--in-place", "--at", point.Lsn, "--yes")).Exits(0);

        var after = await cluster.HealthyAsync();
        ledger.IsAt(point, await cluster.ColumnAsync<long>(after.Primary.Port, "select id from ledger"));
    }
}
