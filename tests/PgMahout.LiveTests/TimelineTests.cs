using System.Globalization;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>The archive over many promotions: no gap, and any point of any timeline comes back exactly.</summary>
public sealed class TimelineTests
{
    /// <summary>More on request: <c>bench/failovers</c> does a hundred.</summary>
    private static int Rounds =>
        int.TryParse(
            Environment.GetEnvironmentVariable("PGMAHOUT_FAILOVERS"), CultureInfo.InvariantCulture, out var asked)
            ? asked
            : 4;

    [Fact]
    public async Task Failovers_leave_no_gap_and_every_timeline_restores_to_the_commit()
    {
        await using var cluster = await LiveCluster.UpWithBackupsAsync();
        await Archive.BackedUpAsync(cluster);
        var ledger = new Ledger(cluster);
        var confirmed = new HashSet<long>();
        for (var round = 0; round < Rounds; round++)
        {
            var status = await cluster.HealthyAsync();
            await ledger.WriteAsync(status.Primary.Port, 10);
            await using var writer = await Writer.StartAsync(cluster, status);
            if (round % 2 == 0)
                Signals.Kill([status.Primary.Pid!.Value]);
            else
                (await cluster.RunAsync("switchover", "--yes")).Exits(0);
            await cluster.StatusAsync("somebody else leads", now => now.IsHealthy && now.Leader != status.Leader);
            await writer.ReachesAsync(20, LiveCluster.Limit);
            await writer.StopAsync();
            confirmed.UnionWith(writer.Rows.Select(row => row.Id));
            Report($"round {round + 1}: {ledger.Entries.Length + confirmed.Count} commits");
        }
        var leader = await cluster.HealthyAsync();
        await ledger.WriteAsync(leader.Primary.Port, 10);
        await Archive.CaughtUpAsync(cluster, leader.Primary.Port);

        await using var restored = new RestoredServer(cluster);
        (await restored.RestoreAsync("--at", "latest")).Exits(0);
        Assert.Empty(confirmed.Except(await restored.NumbersAsync("select id from live")));
        foreach (var timeline in ledger.Entries.GroupBy(entry => entry.Timeline))
        {
            var entry = Random(timeline.ToArray());
            (await restored.RestoreAsync("--at", entry.Lsn)).Exits(0);
            ledger.IsAt(entry, await restored.NumbersAsync("select id from ledger"));
            Report($"timeline {entry.Timeline}: row {entry.Id} at {entry.Lsn}");
        }
        Assert.Equal(Rounds + 1, ledger.Entries.DistinctBy(entry => entry.Timeline).Count());
        var gap = await Archive.IsAsync(cluster, "the archiver answers", _ => true);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, gap.GetProperty("gap").ValueKind);
    }

    private static Entry Random(Entry[] entries) =>
        entries[System.Security.Cryptography.RandomNumberGenerator.GetInt32(entries.Length)];

    private static void Report(string line) => TestContext.Current.SendDiagnosticMessage(line);
}
