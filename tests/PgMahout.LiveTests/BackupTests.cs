using System.Text.Json;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>A repository beside a cluster: what goes there, what comes back, what is refused.</summary>
public sealed class BackupTests
{
    /// <summary>Some segments of WAL, and pages for a checkpoint of several minutes.</summary>
    private const string Wide =
        "create table wide as select repeat('x', 900) from generate_series(1, 50000); select 0::bigint";

    [Fact]
    public async Task A_dropped_table_comes_back_from_a_backup_that_was_made_by_itself()
    {
        await using var cluster = await LiveCluster.UpWithBackupsAsync();
        var status = await cluster.HealthyAsync();
        await Archive.BackedUpAsync(cluster);
        var port = status.Primary.Port;
        await cluster.AskAsync<long>(
            port, "create table precious as select n::bigint from generate_series(1, 1000) n; select 0::bigint");
        var before = await cluster.AskAsync<string>(
            port, "select to_char(clock_timestamp(), 'YYYY-MM-DD HH24:MI:SS.USTZH')");
        await cluster.AskAsync<long>(port, "drop table precious; select 0::bigint");
        (await cluster.RunAsync("backup", "now", "--incremental")).Exits(0);

        await using var restored = new RestoredServer(cluster);
        (await restored.RestoreAsync("--at", before)).Exits(0);

        Assert.Equal(1000, (await restored.NumbersAsync("select n from precious")).Count);
        (await cluster.RunAsync("drill", "restore")).Exits(0);
        var archive = await Archive.IsAsync(
            cluster, "a proof", one => one.GetProperty("provenAt").ValueKind == JsonValueKind.String);
        Assert.Equal("incremental", archive.GetProperty("lastBackup").GetProperty("kind").GetString());
    }

    [Fact]
    public async Task A_primary_that_is_lost_with_its_disk_loses_less_than_a_second_of_the_archive()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "1");
        var status = await cluster.HealthyAsync();
        await WithRepositoryAsync(cluster);
        await using var writer = await Writer.StartAsync(cluster, status);
        await writer.ReachesAsync(300, LiveCluster.Limit);

        var killed = writer.Now;
        Signals.Kill(cluster.Everything);
        await Eventually.HoldsAsync("nothing runs", LiveCluster.Limit, () =>
        {
            Signals.Kill(cluster.Everything);
            return cluster.Everything.Count == 0;
        });
        Directory.Delete(status.Primary.DataDirectory, recursive: true);
        await writer.StopAsync();

        await using var restored = new RestoredServer(cluster);
        (await restored.RestoreAsync("--at", "latest", "--from", Path.Combine(cluster.Home, "backup"))).Exits(0);
        var there = await restored.NumbersAsync("select id from live");
        var early = writer.Rows.Where(row => row.At < killed - TimeSpan.FromSeconds(1)).Select(row => row.Id).ToList();
        Assert.NotEmpty(early);
        Assert.Empty(early.Except(there));
    }

    [Fact]
    public async Task What_is_damaged_is_named_by_verify_and_refused_by_restore()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "1");
        await cluster.HealthyAsync();
        await WithRepositoryAsync(cluster);
        (await cluster.RunAsync("backup", "verify")).Exits(0);
        // One that broke off may have left packs, which belong to nothing.
        var whole = (await Archive.BackedUpAsync(cluster)).GetProperty("lastBackup").GetProperty("id").GetString();
        var pack = Directory.GetFiles(Path.Combine(cluster.Home, "backup"), "*", SearchOption.AllDirectories)
            .First(file => file.Contains($"/{whole}/pack/", StringComparison.Ordinal));
        await using (var file = File.Open(pack, FileMode.Open))
        {
            file.Position = file.Length / 2;
            var there = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)(there ^ 0x10));
        }

        var verify = (await cluster.RunAsync("backup", "verify")).Fails(1, "BAK-004");

        Assert.Contains(Path.GetFileName(pack), verify.Error, StringComparison.Ordinal);
        await using var restored = new RestoredServer(cluster);
        (await restored.RestoreAsync("--at", "latest")).Fails(1, "RST-003");
        Assert.False(File.Exists(Path.Combine(restored.Data, "global", "pg_control")));
    }

    /// <summary>Its control file tells the former timeline until then.</summary>
    [Fact]
    public async Task The_archive_knows_the_new_timeline_before_the_new_primarys_first_checkpoint()
    {
        await using var cluster = await LiveCluster.UpWithBackupsAsync("--members", "2");
        var first = (await cluster.HealthyAsync()).Primary.Port;
        await Archive.BackedUpAsync(cluster);
        await cluster.AskAsync<long>(first, Wide);
        (await cluster.RunAsync("switchover", "--yes")).Exits(0);
        var primary = (await cluster.HealthyAsync()).Primary.Port;
        await cluster.AskAsync<long>(primary, "drop table wide; " + Wide);

        (await cluster.RunAsync("repo", "check")).Exits(0);
        await Eventually.HoldsAsync(
            "names are kept for the new timeline", LiveCluster.Limit, () => Directory
                .EnumerateFiles(Path.Combine(cluster.Home, "backup"), "*", SearchOption.AllDirectories)
                .Any(file => file.Contains("/catalog/00000002/", StringComparison.Ordinal)));

        Assert.Equal(
            1, await cluster.AskAsync<long>(primary, "select timeline_id::bigint from pg_control_checkpoint()"));
    }

    [Fact]
    public async Task What_cannot_be_done_is_refused_with_what_can_be()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "1");
        await cluster.HealthyAsync();
        (await cluster.RunAsync("backup", "now")).Fails(4, "REP-003");
        await WithRepositoryAsync(cluster);
        await using var restored = new RestoredServer(cluster);

        (await restored.RestoreAsync("--at", "2020-01-01 00:00:00Z")).Fails(3, "RST-001");
        (await restored.RestoreAsync("--at", "2020-13-01 00:00:00Z")).Fails(2, "RST-004");
        (await cluster.RunAsync("repo", "add", "twice", Path.Combine(cluster.Home, "backup"))).Fails(3, "REP-001");
        (await cluster.RunAsync("backup", "show", "nothing")).Fails(4, "BAK-003");

        Directory.CreateDirectory(restored.Data);
        var precious = Path.Combine(restored.Data, "precious");
        await File.WriteAllTextAsync(precious, "not to be lost");
        (await restored.RestoreAsync("--at", "latest")).Fails(3, "RST-002");
        Assert.Equal("not to be lost", await File.ReadAllTextAsync(precious));
    }

    [Fact]
    public async Task Two_that_are_asked_for_at_once_are_made_one_after_the_other()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "1");
        await cluster.HealthyAsync();
        await WithRepositoryAsync(cluster);
        (await cluster.RunAsync("backup", "settings", "--throttle", "10MB")).Exits(0);
        Task<Ran>? second = null;

        var first = await Program.AfterLineAsync(
            Program.Path, ["backup", "now", "--full", "--home", cluster.Home], "every file",
            LiveCluster.Limit, _ => second = cluster.RunAsync("backup", "now", "--incremental"));

        Assert.Equal(0, first);
        var waited = (await second!).Exits(0);
        Assert.Contains("waiting for another backup", waited.Error, StringComparison.Ordinal);
    }

    private static async Task WithRepositoryAsync(LiveCluster cluster)
    {
        (await cluster.RunAsync("repo", "add", "main", Path.Combine(cluster.Home, "backup"))).Exits(0);
        await Archive.BackedUpAsync(cluster);
    }
}
