using System.Net;
using System.Net.Sockets;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

public sealed class DownTests
{
    [Fact]
    public async Task Down_stops_everything_and_the_next_up_has_every_row()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "2");
        var before = await cluster.StatusAsync();
        await using var writer = await Writer.StartAsync(cluster, before);

        (await cluster.RunAsync("down")).Exits(0);

        Assert.Empty(cluster.Everything.Select(Processes.Describe));
        (await cluster.RunAsync("status")).Exits(21);
        (await cluster.UpAgainAsync()).Exits(0);
        await writer.ReachesAsync(20, LiveCluster.Limit);
        await writer.StopAsync();
        await writer.NothingIsLostAsync(cluster, await cluster.HealthyAsync());
    }

    [Fact]
    public async Task Down_with_destroy_leaves_no_process_no_file_and_no_port()
    {
        await using var cluster = await LiveCluster.UpAsync("--members", "2");

        (await cluster.RunAsync("down", "--destroy")).Exits(0);

        Assert.Empty(cluster.Everything.Select(Processes.Describe));
        Assert.False(Path.Exists(cluster.Home));
        foreach (var port in Enumerable.Range(cluster.Port, 2))
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
        }
        (await cluster.RunAsync("status")).Fails(4, "HOME-001");
    }

    [Fact]
    public async Task Down_with_destroy_spares_a_directory_that_is_not_a_home()
    {
        await using var cluster = new LiveCluster();
        Directory.CreateDirectory(cluster.Home);
        var precious = Path.Combine(cluster.Home, "precious");
        await File.WriteAllTextAsync(precious, "kept");

        (await cluster.RunAsync("down", "--destroy", "--yes")).Fails(3, "DOWN-002");

        Assert.Equal("kept", await File.ReadAllTextAsync(precious));
    }
}
