using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Login;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Vocabulary;
using PgMahout.InstanceTests.Replication;
using PgMahout.Postgres.Probing;
using PgMahout.Proxy;
using PgMahout.Proxy.Handover;
using Xunit;

namespace PgMahout.InstanceTests.Proxy;

/// <summary>The whole data plane before one real server; who leads is what the test says.</summary>
internal sealed class RunningProxy : IAsyncDisposable
{
    private readonly LoneServer _server;
    private readonly ProxyServer _proxy;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task<int> _run;
    private readonly int _port;
    private readonly ProxySettings _settings;
    private readonly Roles _roles;
    private readonly bool _ownsServer;

    private RunningProxy(
        LoneServer server, ProxySettings settings, bool onlyEpoll, Roles roles, Predecessor? before = null)
    {
        _server = server;
        _port = settings.WritePort;
        (_settings, _roles, _ownsServer) = (settings, roles, before is null);
        _proxy = new ProxyServer(settings, roles, before) { OnlyEpoll = onlyEpoll };
        _run = Task.Factory.StartNew(() => _proxy.Run(_stop.Token), TaskCreationOptions.LongRunning);
    }

    public LoneServer Server => _server;

    public ProxyReport Report => _proxy.Report;

    public ProxyServer Proxy => _proxy;

    public int Port => _port;

    /// <summary>Where the server is reached; null: by its unix socket.</summary>
    public ServerAddress.Tcp? Address { get; init; }

    /// <summary>As its certificate shall name it; null: by its address.</summary>
    public string? Host { get; set; }

    public bool HasEnded => _run.IsCompletedSuccessfully;

    /// <summary>Where it can await its successor.</summary>
    public string HandoverPath => $"{_server.Target.Host}/next.{_port}";

    /// <summary>Another one with the same settings, which takes this one's place.</summary>
    public RunningProxy Follow(bool onlyEpoll, Predecessor before)
    {
        var next = new RunningProxy(_server, _settings, onlyEpoll, _roles, before) { Address = Address };
        next.Lead(1);
        return next;
    }

    public string EngineName => _proxy.EngineName;

    public static async Task<RunningProxy> StartAsync(
        bool onlyEpoll, Func<ProxySettings, ProxySettings>? change = null, Func<LoneServer, Task>? prepare = null,
        ServerAddress.Tcp? address = null)
    {
        // No commit waits for a standby that is not there, but for one that asks for it.
        var server = await LoneServer.StartAsync(
            15, ("synchronous_standby_names", "nobody"), ("synchronous_commit", "local"));
        if (prepare is not null)
            await prepare(server);
        await server.ExecuteAsync("CREATE ROLE alice LOGIN SUPERUSER PASSWORD 'pencil'");
        var stored = (await server.QueryAsync<string>("SELECT rolpassword FROM pg_authid WHERE rolname = 'alice'"))!;
        var settings = new ProxySettings { WritePort = FreePort(), ReadPort = 0, PoolSize = 2, AdminUser = "alice" };
        var proxy = new RunningProxy(server, (change ?? (same => same))(settings), onlyEpoll, new Roles(stored))
        {
            Address = address,
        };
        proxy.Lead(1);
        await proxy.UntilAsync(report => report.Listening);
        return proxy;
    }

    /// <summary>From now on the server leads by this epoch.</summary>
    public void Lead(long epoch, bool draining = false) => _proxy.Publish(new Topology(
        epoch, Here, Instant.Never, [], draining, draining ? "a switchover is under way" : ""));

    /// <summary>The server leads, and this one is a standby of it that has replayed everything.</summary>
    public void LeadWith(LoneServer standby) => _proxy.Publish(new Topology(
        1, Here, Instant.Never,
        [
            new StandbyBackend(
                new Backend(new MemberName("m2"), SocketOf(standby)), new Lsn(ulong.MaxValue), TimeSpan.Zero,
                Instant.Never),
        ]));

    private Backend Here => new(new MemberName("m1"), Address ?? SocketOf(_server), Host);

    private static ServerAddress SocketOf(LoneServer server) =>
        new ServerAddress.UnixSocket($"{server.Target.Host}/.s.PGSQL.{ScratchServer.Port}");

    public void LeadNobody(long epoch) =>
        _proxy.Publish(new Topology(epoch, null, Instant.Zero, [], Why: "the election goes on"));

    /// <summary>From now on it goes by these.</summary>
    public void Change(Func<ProxySettings, ProxySettings> change) => _proxy.Reload(change(_settings));

    public async Task<NpgsqlConnection> ConnectAsync(string more = "")
    {
        var connection = new NpgsqlConnection(
            $"Host=127.0.0.1;Port={_port};Username=alice;Password=pencil;Database=postgres;Pooling=false;"
            + "Timeout=30;Command Timeout=30;" + more);
        await connection.OpenAsync();
        return connection;
    }

    public static async Task<T> AskAsync<T>(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task<(string Output, string Error)> PsqlAsync(string database, params string[] orders)
    {
        var start = new ProcessStartInfo(Path.Combine(LoneServer.Binaries(15).Directory, "psql"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "-XAtw", $"host=127.0.0.1 port={_port} user=alice dbname={database} connect_timeout=30" },
            Environment = { ["PGPASSWORD"] = "pencil" },
        };
        foreach (var order in orders)
        {
            start.ArgumentList.Add("-c");
            start.ArgumentList.Add(order);
        }
        using var psql = Process.Start(start)!;
        var output = psql.StandardOutput.ReadToEndAsync();
        var error = psql.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(LoneServer.Limit);
        await psql.WaitForExitAsync(limit.Token);
        return (await output, await error);
    }

    /// <summary>A statement has come so far that it can be cancelled.</summary>
    public async Task SleepsAsync()
    {
        var watch = Stopwatch.StartNew();
        while (await _server.QueryAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == 0)
            Assert.True(watch.Elapsed < LoneServer.Limit, "nothing sleeps");
    }

    public async Task UntilAsync(Func<ProxyReport, bool> condition)
    {
        var watch = Stopwatch.StartNew();
        while (!condition(_proxy.Report))
        {
            Assert.True(watch.Elapsed < LoneServer.Limit, $"it never came so far: {_proxy.Report}");
            Assert.False(_run.IsFaulted, "the loop has ended");
            await Task.Delay(10);
        }
    }

    /// <summary>As at the end of its process: clients are told why.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        Assert.Equal(0, await _run.WaitAsync(LoneServer.Limit));
        _proxy.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
        if (_ownsServer)
            await _server.DisposeAsync();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed class Roles(string stored) : IUserDirectory
    {
        public void Find(string user, bool fresh, Action<UserSecret?> answered)
        {
            var fields = stored.Split('$', ':');
            UserSecret secret = user != "alice"
                ? new UserSecret.None("no such role")
                : new UserSecret.Scram(
                    int.Parse(fields[1]),
                    [.. Convert.FromBase64String(fields[2])],
                    [.. Convert.FromBase64String(fields[3])],
                    [.. Convert.FromBase64String(fields[4])]);
            answered(secret);
        }
    }
}
