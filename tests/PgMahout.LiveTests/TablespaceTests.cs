using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>Tablespaces lie outside the data directory: a copy must not write into those of the cluster.</summary>
public sealed class TablespaceTests
{
    [Fact]
    public async Task A_restored_copy_keeps_out_of_the_tablespaces_that_the_cluster_lives_in()
    {
        await using var cluster = await LiveCluster.UpWithBackupsAsync("--members", "1");
        using var places = new Places();
        await Archive.BackedUpAsync(cluster);
        var port = (await cluster.HealthyAsync()).Primary.Port;
        await MakeAsync(cluster, port, "early", places.New("early"));
        (await cluster.RunAsync("backup", "now")).Exits(0);

        // In the backup: a copy has it in a place of its own, and a drill works.
        (await cluster.RunAsync("drill", "restore", "--at", "latest")).Exits(0);
        await using var restored = new RestoredServer(cluster);
        (await restored.RestoreAsync("--at", "latest")).Exits(0);
        await cluster.AskAsync<long>(port, "delete from early; select 0::bigint");
        Assert.Equal(500, (await restored.NumbersAsync("select n from early")).Count);
        Assert.Single(Directory.GetFileSystemEntries(restored.Data + ".tablespaces"));

        // Made after it: replay would write into the cluster's own directory.
        await MakeAsync(cluster, port, "late", places.New("late"));
        await Archive.CaughtUpAsync(cluster, port);
        var point = await cluster.AskAsync<string>(port, "select pg_current_wal_flush_lsn()::text");
        (await restored.RestoreAsync("--at", point)).Fails(3, "RST-002");
        (await cluster.RunAsync("drill", "restore", "--at", point)).Fails(3, "RST-002");
        await cluster.AskAsync<long>(
            port, "insert into late select generate_series(501, 90000); checkpoint; select 0::bigint");
        Assert.Equal(90_000, await cluster.AskAsync<long>(port, "select count(*) from late"));

        // The cluster itself goes back into it, and finds none of the later pages there.
        (await cluster.RunAsync("restore", "--in-place", "--at", point, "--yes")).Exits(0);

        port = (await cluster.HealthyAsync()).Primary.Port;
        Assert.Equal(500, await cluster.AskAsync<long>(port, "select count(*) from late"));
        Assert.InRange(await cluster.AskAsync<long>(port, "select pg_relation_size('late')"), 1, 500 * 100);
        Assert.Equal(0, await cluster.AskAsync<long>(port, "select count(*) from early"));
    }

    private static Task<long> MakeAsync(LiveCluster cluster, int port, string name, string place) =>
        Task.Run(async () =>
        {
            await cluster.AskAsync<int>(port, $"create tablespace {name} location '{place}'; select 0");
            return await cluster.AskAsync<long>(
                port,
                $"create table {name} tablespace {name} as select n::bigint from generate_series(1, 500) n; "
                + "select 0::bigint");
        });

    /// <summary>Directories for tablespaces, of the account that the servers run under.</summary>
    private sealed class Places : IDisposable
    {
        private readonly string _root = Directory.CreateTempSubdirectory("pgl-spaces-").FullName;

        public Places() => File.SetUnixFileMode(_root, (UnixFileMode)0b111_101_101);

        public string New(string name)
        {
            var place = Path.Combine(_root, name);
            Directory.CreateDirectory(place);
            if (Environment.IsPrivilegedProcess)
                using (var chown = System.Diagnostics.Process.Start("chown", ["postgres:", place]))
                    chown.WaitForExit();
            return place;
        }

        public void Dispose() => Directory.Delete(_root, recursive: true);
    }
}
