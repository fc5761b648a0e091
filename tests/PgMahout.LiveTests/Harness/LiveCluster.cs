using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Npgsql;
using Xunit;

namespace PgMahout.LiveTests.Harness;

/// <summary>
/// A home of its own with ports of its own, driven by the executable. Disposing of it kills what is left of its
/// processes, whatever the test did to them, and deletes it.
/// </summary>
internal sealed class LiveCluster : IAsyncDisposable
{
    /// <summary>Generous: the machine may be building something else on both of its cores.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private const int LowestPort = 23000;
    private const int Slots = 600;
    private const int PortsEach = 10;

    private readonly string _label =
        TestContext.Current.TestMethod?.MethodName ?? TestContext.Current.TestClass?.TestClassName ?? "cluster";

    public LiveCluster()
    {
        Home = $"/tmp/pgl-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
        Port = FreePorts();
    }

    public string Home { get; }

    /// <summary>The first member's; the next nine are free too.</summary>
    public int Port { get; }

    public string Store => Path.Combine(Home, "cluster.db");

    /// <summary>Without backups: what archiving costs would be in every figure.</summary>
    public static Task<LiveCluster> UpAsync(params string[] options) =>
        UpWithBackupsAsync(["--repository", "none", .. options]);

    /// <summary>With the repository that a cluster has by itself.</summary>
    public static async Task<LiveCluster> UpWithBackupsAsync(params string[] options)
    {
        var cluster = new LiveCluster();
        try
        {
            (await cluster.UpAgainAsync(["--port", cluster.PortText, .. options])).Exits(0);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public string PortText => Port.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Ends when the cluster is healthy, or says why not.</summary>
    public Task<Ran> UpAgainAsync(params string[] options) =>
        RunAsync(["up", "--detach", "--timeout", "80s", .. options]);

    public Task<Ran> RunAsync(params string[] arguments) =>
        Program.RunAsync(Program.Path, [.. arguments, "--home", Home], Limit);

    public Task<Ran> RunWithAsync((string, string) environment, params string[] arguments) =>
        Program.RunAsync(Program.Path, [.. arguments, "--home", Home], Limit, environment);

    public async Task<Status> StatusAsync() => Status.Parse((await RunAsync("status", "-o", "json")).Out);

    /// <summary>The first status that is as wanted; the test fails when there is none within the bound.</summary>
    public async Task<Status> StatusAsync(string condition, Func<Status, bool> wanted, TimeSpan? bound = null)
    {
        var status = await StatusAsync();
        try
        {
            await Eventually.HoldsAsync(condition, bound ?? Limit, async () => wanted(status = await StatusAsync()));
            return status;
        }
        catch (Xunit.Sdk.FailException late)
        {
            Assert.Fail($"{late.Message}\n{await RunAsync("status")}");
            throw;
        }
    }

    public Task<Status> HealthyAsync() => StatusAsync("the cluster is healthy", status => status.IsHealthy);

    /// <summary>A connection that nothing is pooled or retried behind.</summary>
    public string ConnectionText(int port, int commandSeconds = 30) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = port,
        Username = "postgres",
        Password = File.ReadAllText(Path.Combine(Home, "secrets", "superuser.password")).Trim(),
        Database = "postgres",
        Pooling = false,
        Timeout = 2,
        CommandTimeout = commandSeconds,
        CancellationTimeout = 500,
    }.ConnectionString;

    public async Task<T> AskAsync<T>(int port, string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionText(port));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task<ImmutableHashSet<T>> ColumnAsync<T>(int port, string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionText(port));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var values = ImmutableHashSet.CreateBuilder<T>();
        while (await reader.ReadAsync())
            values.Add(reader.GetFieldValue<T>(0));
        return values.ToImmutable();
    }

    /// <summary>The supervisor, the agents, the guards and every server process.</summary>
    public IReadOnlyList<int> Everything => Processes.Of(Home);

    public async ValueTask DisposeAsync()
    {
        await Eventually.HoldsAsync("no process of the home is left", Limit, () =>
        {
            var left = Everything;
            Signals.Kill(left);
            return left.Count == 0;
        });
        if (!Directory.Exists(Home))
            return;
        KeepLogs();
        Directory.Delete(Home, recursive: true);
    }

    /// <summary>For whoever has to find out why a test failed; the next run of the same test replaces them.</summary>
    private void KeepLogs()
    {
        var kept = Path.Combine(Program.Artifacts, "log", "live", _label);
        if (Directory.Exists(kept))
            Directory.Delete(kept, recursive: true);
        Directory.CreateDirectory(kept);
        string[] logs =
        [
            .. FilesIn(Path.Combine(Home, "log"), "*"),
            .. FilesIn(Path.Combine(Home, "members"), "*.log"),
        ];
        foreach (var log in logs.Append(Store).Append(Store + "-wal").Where(File.Exists))
            File.Copy(log, Path.Combine(kept, Path.GetRelativePath(Home, log).Replace('/', '.')), overwrite: true);
    }

    private static string[] FilesIn(string directory, string pattern) =>
        Directory.Exists(directory) ? Directory.GetFiles(directory, pattern, SearchOption.AllDirectories) : [];

    private static int FreePorts()
    {
        while (true)
        {
            var first = LowestPort + RandomNumberGenerator.GetInt32(Slots) * PortsEach;
            if (Enumerable.Range(first, PortsEach).All(IsFree))
                return first;
        }
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
