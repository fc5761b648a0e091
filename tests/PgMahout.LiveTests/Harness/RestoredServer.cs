using System.Security.Cryptography;
using Xunit;

namespace PgMahout.LiveTests.Harness;

/// <summary>A place under /tmp to restore into, and the server on what was restored.</summary>
internal sealed class RestoredServer : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly string _root = $"/tmp/pgl-restored-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
    private readonly int _port = 28500 + RandomNumberGenerator.GetInt32(900);
    private readonly LiveCluster _cluster;

    public RestoredServer(LiveCluster cluster)
    {
        _cluster = cluster;
        Directory.CreateDirectory(_root);
        // The server's account must pass.
        File.SetUnixFileMode(_root, (UnixFileMode)0b111_101_101);
    }

    public string Data => Path.Combine(_root, "data");

    public Task<Ran> RestoreAsync(params string[] options) =>
        _cluster.RunAsync(["restore", "--to", Data, .. options]);

    /// <summary>What a query answers there: one value for each row.</summary>
    public async Task<System.Collections.Immutable.ImmutableHashSet<long>> NumbersAsync(string sql)
    {
        var start = await AsOwnerAsync(
            "pg_ctl", "start", "-D", Data, "-w", "-t", "50", "-l", Path.Combine(Data, "restored.log"),
            "-o", $"-p {_port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=");
        Assert.True(start.Code == 0, $"{start}\n{Log()}");
        try
        {
            return await _cluster.ColumnAsync<long>(_port, sql);
        }
        finally
        {
            await AsOwnerAsync("pg_ctl", "stop", "-D", Data, "-m", "immediate");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
            await AsOwnerAsync("pg_ctl", "stop", "-D", Data, "-m", "immediate");
        Directory.Delete(_root, recursive: true);
    }

    private string Log()
    {
        var log = Path.Combine(Data, "restored.log");
        return File.Exists(log) ? File.ReadAllText(log) : "";
    }

    private static async Task<Ran> AsOwnerAsync(string tool, params string[] arguments)
    {
        var version = await Program.RunAsync(Program.Path, ["version", "-o", "json"], Limit);
        using var document = System.Text.Json.JsonDocument.Parse(version.Out);
        var program = Path.Combine(document.RootElement.GetProperty("postgresDirectory").GetString()!, tool);
        return Environment.IsPrivilegedProcess
            ? await Program.RunAsync(
                "setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", program, .. arguments], Limit)
            : await Program.RunAsync(program, arguments, Limit);
    }
}
