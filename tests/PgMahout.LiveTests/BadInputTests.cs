using System.Net;
using System.Net.Sockets;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>What is wrong is said, with a code, before anything is changed.</summary>
public sealed class BadInputTests(SharedCluster shared)
{
    [Fact]
    public async Task Taken_port_is_named_and_no_home_is_made()
    {
        await using var cluster = new LiveCluster();
        using var taken = new TcpListener(IPAddress.Loopback, cluster.Port + 1);
        taken.Start();

        var ran = (await cluster.UpAgainAsync("--port", cluster.PortText)).Fails(3, "UP-003");

        Assert.Contains($"{cluster.Port + 1}", ran.Error, StringComparison.Ordinal);
        Assert.False(Path.Exists(cluster.Home));
    }

    [Fact]
    public async Task Directory_of_somebody_else_is_refused_and_left_as_it_is()
    {
        await using var cluster = new LiveCluster();
        Directory.CreateDirectory(cluster.Home);
        await File.WriteAllTextAsync(Path.Combine(cluster.Home, "precious"), "kept");

        (await cluster.UpAgainAsync("--port", cluster.PortText)).Fails(3, "UP-006");

        Assert.Equal([Path.Combine(cluster.Home, "precious")], Directory.GetFileSystemEntries(cluster.Home));
    }

    [Fact]
    public async Task Missing_programs_of_PostgreSQL_are_said_to_be_missing()
    {
        await using var cluster = new LiveCluster();
        var empty = Directory.CreateTempSubdirectory("pgl-empty");
        try
        {
            var ran = await cluster.RunWithAsync(("PGMAHOUT_POSTGRES_BIN", empty.FullName), "up", "--detach");

            ran.Fails(3, "UP-001");
            Assert.False(Path.Exists(cluster.Home));
        }
        finally
        {
            empty.Delete();
        }
    }

    [Theory]
    [InlineData("/proc/pgmahout", "UP-004")]
    [InlineData("/dev/null", "UP-005")]
    [InlineData("/dev/null/pgmahout", "UP-005")]
    public async Task Home_that_cannot_be_made_is_refused(string home, string kind)
    {
        await using var cluster = new LiveCluster();
        string[] up = ["up", "--detach", "--port", cluster.PortText, "--home", home];

        (await Program.RunAsync(Program.Path, up, LiveCluster.Limit)).Fails(3, kind);
    }

    [Fact]
    public async Task Home_that_the_server_account_cannot_reach_is_refused()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root lends the server an account");
        await using var cluster = new LiveCluster();
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(cluster.Home, OwnerOnly);
        string[] up = ["up", "--detach", "--port", cluster.PortText, "--home", cluster.Home + "/below"];

        (await Program.RunAsync(Program.Path, up, LiveCluster.Limit)).Fails(3, "UP-005");

        Assert.Empty(Directory.GetFileSystemEntries(cluster.Home));
    }

    [Fact]
    public async Task Unknown_member_is_not_found_whatever_is_asked_of_it()
    {
        var (cluster, before) = await shared.ReadyAsync();

        (await cluster.RunAsync("switchover", "--to", "nobody")).Fails(4, "MEM-001");
        (await cluster.RunAsync("failover", "--to", "nobody", "--yes")).Fails(4, "MEM-001");
        (await cluster.RunAsync("switchover", "--to", "../../etc")).Exits(4);
        (await cluster.RunAsync("restart", "nobody")).Fails(4, "MEM-001");
        (await cluster.RunAsync("member", "remove", "nobody", "--yes")).Fails(4, "MEM-001");
        (await cluster.RunAsync("member", "reinit", "nobody", "--yes")).Fails(4, "MEM-001");

        var after = await cluster.StatusAsync();
        Assert.Equal((before.Leader, before.Epoch), (after.Leader, after.Epoch));
    }

    [Fact]
    public async Task Damaged_store_is_refused_and_the_cluster_comes_back_with_the_undamaged_one()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "1");
        await cluster.AskAsync<long>(cluster.Port, "create table kept (n int); select 0::bigint");
        (await cluster.RunAsync("down")).Exits(0);
        var good = await File.ReadAllBytesAsync(cluster.Store);
        var control = Path.Combine(cluster.Home, "members", "m1", "data", "global", "pg_control");
        var before = await File.ReadAllBytesAsync(control);

        var garbage = new byte[good.Length];
        Array.Fill(garbage, (byte)0xA5);
        await File.WriteAllBytesAsync(cluster.Store, garbage);
        (await cluster.UpAgainAsync()).Fails(3, "UP-008");
        (await cluster.RunAsync("status")).Exits(22);

        Assert.Equal(garbage, await File.ReadAllBytesAsync(cluster.Store));
        Assert.Equal(before, await File.ReadAllBytesAsync(control));
        await File.WriteAllBytesAsync(cluster.Store, good);
        (await cluster.UpAgainAsync()).Exits(0);
        Assert.Equal(0, await cluster.AskAsync<long>(cluster.Port, "select count(*) from kept"));
    }

    [Fact]
    public async Task Lost_store_is_not_replaced_by_a_guess()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "1");
        (await cluster.RunAsync("down")).Exits(0);

        foreach (var file in Directory.GetFiles(cluster.Home, "cluster.db*"))
            File.Delete(file);

        (await cluster.UpAgainAsync()).Fails(3, "UP-007");
        Assert.False(File.Exists(cluster.Store));
        Assert.True(Directory.Exists(Path.Combine(cluster.Home, "members", "m1", "data", "base")));
    }

    [Fact]
    public async Task Data_directory_of_another_cluster_is_refused_and_not_touched()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "1");
        await using var other = await LiveCluster.UpAsync("--members", "1");
        (await cluster.RunAsync("down")).Exits(0);
        (await other.RunAsync("down")).Exits(0);
        var data = Path.Combine(cluster.Home, "members", "m1", "data");
        Directory.Move(data, data + ".own");
        Directory.Move(Path.Combine(other.Home, "members", "m1", "data"), data);
        var before = Snapshot(data);

        (await cluster.UpAgainAsync()).Fails(3, "UP-012");

        Assert.Equal(before, Snapshot(data));
        Assert.Empty(cluster.Everything);
        Directory.Delete(data, recursive: true);
        Directory.Move(data + ".own", data);
        (await cluster.UpAgainAsync()).Exits(0);
    }

    [Fact]
    public async Task Data_directory_of_another_version_is_refused_and_not_touched()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "1");
        (await cluster.RunAsync("down")).Exits(0);
        var data = Path.Combine(cluster.Home, "members", "m1", "data");
        await File.WriteAllTextAsync(Path.Combine(data, "PG_VERSION"), "14\n");
        var before = Snapshot(data);

        (await cluster.UpAgainAsync()).Fails(3, "UP-011");

        Assert.Equal(before, Snapshot(data));
        Assert.Empty(cluster.Everything);
    }

    private static List<(string, long, DateTime)> Snapshot(string directory) =>
        [.. new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories)
            .OrderBy(file => file.FullName, StringComparer.Ordinal)
            .Select(file => (file.FullName, file.Length, file.LastWriteTimeUtc))];
}
