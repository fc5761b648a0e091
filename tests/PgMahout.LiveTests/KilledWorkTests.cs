using System.Security.Cryptography;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>Backups, expiries and restores that are killed at any moment: the next run cleans up and goes on.</summary>
public sealed class KilledWorkTests
{
    private const int Rounds = 5;

    [Fact]
    public async Task A_backup_that_is_killed_at_any_moment_is_none_and_the_next_one_is_made()
    {
        await using var cluster = await QuietAsync();
        var ledger = new Ledger(cluster);
        var status = await cluster.HealthyAsync();
        for (var round = 0; round < Rounds; round++)
        {
            await ledger.WriteAsync(status.Primary.Port, 10);
            string[] backup = ["backup", "now", round % 2 == 0 ? "--full" : "--incremental"];

            await KillSomewhereAsync(cluster, backup);

            (await cluster.RunAsync(backup)).Exits(0);
            (await cluster.RunAsync("backup", "verify")).Exits(0);
        }
        await Archive.CaughtUpAsync(cluster, status.Primary.Port);
        await RestoresAsync(cluster, ledger);
    }

    [Fact]
    public async Task A_restore_that_is_killed_at_any_moment_is_finished_by_the_next()
    {
        await using var cluster = await QuietAsync();
        var ledger = new Ledger(cluster);
        var status = await cluster.HealthyAsync();
        await ledger.WriteAsync(status.Primary.Port, 10 * Rounds);
        await Archive.CaughtUpAsync(cluster, status.Primary.Port);
        await using var restored = new RestoredServer(cluster);
        for (var round = 0; round < Rounds; round++)
        {
            var entry = ledger.Entries[(10 * round) + 3];

            await KillSomewhereAsync(cluster, ["restore", "--to", restored.Data, "--at", entry.Lsn]);
            // Its server ends with it, a moment later; until then the directory is refused.
            await Eventually.HoldsAsync("no server is left", LiveCluster.Limit, () => !Runs(restored.Data));

            (await restored.RestoreAsync("--at", entry.Lsn)).Exits(0);
            ledger.IsAt(entry, await restored.NumbersAsync("select id from ledger"));
        }
    }

    [Fact]
    public async Task An_expiry_that_is_killed_at_any_moment_leaves_everything_that_is_kept()
    {
        await using var cluster = await QuietAsync();
        var ledger = new Ledger(cluster);
        var status = await cluster.HealthyAsync();
        (await cluster.RunAsync("backup", "settings", "--keep", "1s", "--months", "0")).Exits(0);
        for (var round = 0; round < Rounds; round++)
        {
            await ledger.WriteAsync(status.Primary.Port, 10);
            await cluster.AskAsync<string>(status.Primary.Port, "select pg_switch_wal()::text");
            (await cluster.RunAsync("backup", "now", "--full")).Exits(0);

            await KillSomewhereAsync(cluster, ["backup", "expire"]);

            (await cluster.RunAsync("backup", "verify")).Exits(0);
            (await cluster.RunAsync("backup", "expire")).Exits(0);
            (await cluster.RunAsync("backup", "verify")).Exits(0);
        }
        await Archive.CaughtUpAsync(cluster, status.Primary.Port);
        await RestoresAsync(cluster, ledger);
    }

    /// <summary>With one backup, and nobody who makes or expires others by himself.</summary>
    private static async Task<LiveCluster> QuietAsync()
    {
        var cluster = await LiveCluster.UpWithBackupsAsync("--members", "1");
        await Archive.BackedUpAsync(cluster);
        (await cluster.RunAsync(
            "backup", "settings", "--full-every", "never", "--incremental-every", "never", "--drill-every", "never"))
            .Exits(0);
        return cluster;
    }

    /// <summary>Within the time that such a command takes; sometimes it has ended by then.</summary>
    private static async Task KillSomewhereAsync(LiveCluster cluster, string[] command)
    {
        using var process = Program.Start(Program.Path, [.. command, "--home", cluster.Home]);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var moment = new CancellationTokenSource(RandomNumberGenerator.GetInt32(100, 1500));
        try
        {
            await process.WaitForExitAsync(moment.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
        await Task.WhenAll(output, errors).WaitAsync(LiveCluster.Limit);
    }

    private static async Task RestoresAsync(LiveCluster cluster, Ledger ledger)
    {
        await using var restored = new RestoredServer(cluster);
        (await restored.RestoreAsync("--at", "latest")).Exits(0);
        ledger.IsAt(ledger.Entries[^1], await restored.NumbersAsync("select id from ledger"));
    }

    private static bool Runs(string data)
    {
        try
        {
            var pid = File.ReadLines(Path.Combine(data, "postmaster.pid")).FirstOrDefault();
            return pid is { Length: > 0 } && Directory.Exists($"/proc/{pid}");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }
}
