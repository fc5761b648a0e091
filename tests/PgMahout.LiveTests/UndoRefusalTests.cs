using System.Globalization;
using System.Text.Json;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>What undo refuses as a command, and that everything is then as it was.</summary>
public sealed class UndoRefusalTests
{
    private const string Orders = """
        create table orders as select n, repeat(md5(n::text), 30) note from generate_series(1, 20000) n;
        select 0::bigint
        """;

    private const string Sum = "select coalesce(sum(hashtextextended(t::text, 0)), 0)::text from orders t";
    private const string Gone = "select (to_regclass('orders') is null)::int::bigint";

    [Fact]
    public async Task What_would_fill_a_members_disk_is_refused_before_anything_is_written_there()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "1");
        var name = (await cluster.HealthyAsync()).Leader!;
        (await cluster.RunAsync("down")).Exits(0);
        await using var disk = await MemberDisk.MoveDataAsync(cluster, name);
        (await cluster.UpAgainAsync()).Exits(0);
        var (port, sum) = await LoseAsync(cluster);
        var filler = Path.Combine(disk.Path, "filler");

        // A leader leaves a disk with 64 MB left, and as much again is for who takes over: some 10 MB may be written.
        var left = new DriveInfo(disk.Path).AvailableFreeSpace - (138L << 20);
        (await Program.RunAsync(
            "fallocate", ["-l", left.ToString(CultureInfo.InvariantCulture), filler], LiveCluster.Limit)).Exits(0);
        var refused = (await cluster.RunAsync("undo", "drop", "orders", "--yes")).Fails(3, "UND-003");

        Assert.Contains($"the disk of {name} has too little room", refused.Error, StringComparison.Ordinal);
        Assert.Equal(1, await cluster.AskAsync<long>(port, Gone));
        await NothingIsLeftAsync(cluster, port);

        File.Delete(filler);
        (await cluster.RunAsync("undo", "drop", "orders", "--yes")).Exits(0);
        Assert.Equal(sum, await cluster.AskAsync<string>(port, Sum));
    }

    [Fact]
    public async Task Who_does_not_own_the_home_is_refused_and_changes_nothing()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root may become somebody else");
        await using var cluster = await LiveCluster.UpAsync("--members", "1");
        await cluster.HealthyAsync();
        var (port, sum) = await LoseAsync(cluster);
        var files = FilesOf(cluster.Home);

        var refused = await Program.RunAsync(
            "runuser",
            ["-u", "nobody", "--", Program.Path, "undo", "drop", "orders", "--yes", "--home", cluster.Home],
            LiveCluster.Limit);

        refused.Fails(3, "HOME-003");
        Assert.Contains("its owner is root, and you are nobody", refused.Error, StringComparison.Ordinal);
        Assert.Equal(files, FilesOf(cluster.Home));
        Assert.Equal(1, await cluster.AskAsync<long>(port, Gone));
        await NothingIsLeftAsync(cluster, port);
        (await cluster.RunAsync("undo", "drop", "orders", "--yes")).Exits(0);
        Assert.Equal(sum, await cluster.AskAsync<string>(port, Sum));
    }

    /// <summary>A table that was backed up, and dropped; how its rows add up.</summary>
    private static async Task<(int Port, string Sum)> LoseAsync(LiveCluster cluster)
    {
        var port = (await cluster.HealthyAsync()).Primary.Port;
        await cluster.AskAsync<long>(port, Orders);
        var sum = await cluster.AskAsync<string>(port, Sum);
        (await cluster.RunAsync("repo", "add", "main", Path.Combine(cluster.Home, "backup"))).Exits(0);
        (await cluster.RunAsync("backup", "now")).Exits(0);
        await cluster.AskAsync<long>(port, "drop table orders; select 0::bigint");
        await Eventually.HoldsAsync("the drop is listed", LiveCluster.Limit, async () =>
        {
            var ran = (await cluster.RunAsync("undo", "list", "-o", "json")).Exits(0);
            using var document = JsonDocument.Parse(ran.Out);
            return document.RootElement.GetProperty("losses").GetArrayLength() == 1;
        });
        return (port, sum);
    }

    private static async Task NothingIsLeftAsync(LiveCluster cluster, int port)
    {
        var undo = Path.Combine(cluster.Home, "undo");
        Assert.True(!Directory.Exists(undo) || !Directory.EnumerateFileSystemEntries(undo).Any());
        Assert.Equal(0, await cluster.AskAsync<long>(
            port, "select count(*) from pg_namespace where nspname like 'pgmahout_undo%'"));
    }

    /// <summary>But for those that a running cluster makes and removes by itself.</summary>
    private static string[] FilesOf(string home) =>
    [
        .. Directory.EnumerateFileSystemEntries(home, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(home, path))
            .Where(path => !path.StartsWith("members/", StringComparison.Ordinal)
                && !path.StartsWith("backup/", StringComparison.Ordinal)
                && !path.StartsWith("run/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];
}
