using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>Losses around a failover, out of a bucket; and what a hole in the archive puts out of reach.</summary>
public sealed class UndoFailoverTests
{
    private const string Sum = "select coalesce(sum(hashtextextended(t::text, 0)), 0)::text from ";

    [Fact]
    public async Task Tables_dropped_just_before_and_just_after_a_failover_come_back_and_a_hole_is_named()
    {
        await using var bucket = await ObjectServer.StartAsync();
        await using var cluster = await LiveCluster.UpWithBackupsAsync(
            ["--repository", ObjectServer.Address("undo"), .. bucket.Options]);
        await Archive.BackedUpAsync(cluster);
        var status = await cluster.HealthyAsync();
        await cluster.AskAsync<long>(
            status.Primary.Port,
            "create table early as select n, md5(n::text) m from generate_series(1, 2000) n; "
            + "create table late as select n, md5(n::text) m from generate_series(1, 3000) n; select 0::bigint");
        var early = await cluster.AskAsync<string>(status.Primary.Port, Sum + "early t");
        var late = await cluster.AskAsync<string>(status.Primary.Port, Sum + "late t");

        await cluster.AskAsync<long>(status.Primary.Port, "drop table early; select 0::bigint");
        Signals.Kill([status.Primary.Pid!.Value]);
        var moved = await cluster.StatusAsync(
            "another leads",
            now => now.Leader is not null && now.Leader != status.Leader && now.State is ("healthy" or "degraded"));
        await cluster.AskAsync<long>(moved.Primary.Port, "drop table late; select 0::bigint");
        var port = (await cluster.HealthyAsync()).Primary.Port;
        (await cluster.RunAsync("undo", "drop", "late", "--yes")).Exits(0);
        (await cluster.RunAsync("undo", "drop", "early", "--yes")).Exits(0);

        Assert.Equal(early, await cluster.AskAsync<string>(port, Sum + "early t"));
        Assert.Equal(late, await cluster.AskAsync<string>(port, Sum + "late t"));

        var hole = await HoleAsync(bucket, cluster, port);
        var refused = (await cluster.RunAsync("undo", "drop", "late", "--yes")).Fails(3, "UND-003");
        Assert.Contains(hole, refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, await cluster.AskAsync<long>(port, "select count(*) from pg_class where relname = 'late'"));
    }

    /// <summary>Drops a table behind a segment that is lost: where that begins.</summary>
    private static async Task<string> HoleAsync(ObjectServer bucket, LiveCluster cluster, int port)
    {
        const string Fill = 
            "create table fill as select 1; do 'begin perform pg_switch_wal(); end'; drop table fill; select 0::bigint";
        await cluster.AskAsync<long>(port, Fill);
        var lost = await cluster.AskAsync<string>(port, "select pg_walfile_name(pg_current_wal_insert_lsn())");
        await cluster.AskAsync<long>(port, Fill);
        await cluster.AskAsync<long>(port, "drop table late; select 0::bigint");
        await Archive.CaughtUpAsync(cluster, port);
        string[] Found() =>
        [
            .. Directory.GetFiles(bucket.Objects, "*", SearchOption.AllDirectories)
                .Where(file => file.Contains($"/wal/{lost[..8]}/{lost}", StringComparison.Ordinal)),
        ];
        await Eventually.HoldsAsync("the segment is archived whole", LiveCluster.Limit, () =>
            Found().Any(file => file.Contains($"{lost}.", StringComparison.Ordinal) && !file.Contains(".part")));
        foreach (var file in Found())
            File.Delete(file);
        var number = Convert.ToUInt64(lost[8..16], 16) << 32 | Convert.ToUInt64(lost[16..], 16) << 24;
        return $"{number >> 32:X}/{number & 0xFFFFFFFF:X}";
    }
}
