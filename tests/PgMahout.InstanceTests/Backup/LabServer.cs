using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Npgsql;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Processes;
using Xunit;

namespace PgMahout.InstanceTests.Backup;

/// <summary>A server on any data directory, reachable by a unix socket only; it dies with the tests.</summary>
internal sealed class LabServer(PostgresBinaries binaries, ServerAccount account, string directory, string sockets)
    : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private Task<ToolResult>? _run;

    public string DataDirectory => directory;

    public PostgresBinaries Binaries => binaries;

    public string ConnectionText => new NpgsqlConnectionStringBuilder
    {
        Host = sockets,
        Username = "postgres",
        Database = "postgres",
        Pooling = false,
        CommandTimeout = 60,
        Timeout = 10,
    }.ConnectionString;

    public string Socket => Path.Combine(sockets, ".s.PGSQL.5432");

    public async Task InitializeAsync(params string[] options)
    {
        await ToolAsync("initdb",
        [
            "--pgdata=" + directory, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C",
            "--no-instructions", "--no-sync", .. options,
        ]);
    }

    public async Task StartAsync(params string[] settings)
    {
        ImmutableArray<string> own =
        [
            "listen_addresses=", $"unix_socket_directories={sockets}", "fsync=off", "max_wal_senders=5",
            "shared_buffers=16MB", "wal_level=replica", "log_min_messages=warning", "autovacuum=off",
        ];
        var arguments = own.AddRange(settings).SelectMany(setting => new[] { "-c", setting });
        var said = new List<string>();
        _run = new ToolRun(account, binaries.Tool("postgres"), ["-D", directory, .. arguments], OnLine: line =>
        {
            lock (said)
                said.Add(line);
        }).RunAsync(Timeout.InfiniteTimeSpan, CancellationToken.None);
        var watch = Stopwatch.StartNew();
        while (!await AnswersAsync())
        {
            lock (said)
                Assert.False(
                    _run.IsCompleted || watch.Elapsed > Limit, $"it did not start: {string.Join('\n', said)}");
            await Task.Delay(20);
        }
    }

    public async Task UntilAsync(string condition)
    {
        var watch = Stopwatch.StartNew();
        while (!await QueryAsync<bool>($"SELECT {condition}"))
        {
            Assert.True(watch.Elapsed < Limit, $"never: {condition}");
            await Task.Delay(20);
        }
    }

    public async Task<T?> QueryAsync<T>(string sql, string database = "postgres")
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(ConnectionText) { Database = database }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    public Task ExecuteAsync(string sql, string database = "postgres") => QueryAsync<object>(sql, database);

    /// <summary>Runs one of the version's programs; it must end well.</summary>
    public async Task ToolAsync(string name, params string[] arguments)
    {
        var result = await new ToolRun(account, binaries.Tool(name), [.. arguments]).RunAsync(Limit, default);
        Assert.True(result.Complaint is null, $"{name}: {result.Complaint}");
    }

    /// <summary>Runs a client program against this server.</summary>
    public async Task DumpAsync(string program, params string[] arguments)
    {
        var result = await new ToolRun(account, program, [$"--host={sockets}", "--username=postgres", .. arguments])
            .RunAsync(Limit, default);
        Assert.True(result.Complaint is null, $"{program}: {result.Complaint}");
    }

    /// <summary>All its files; it must be stopped.</summary>
    public async Task CopyAsync(string to)
    {
        var result = await new ToolRun(account, "/bin/cp", ["--archive", "--reflink=auto", directory, to])
            .RunAsync(Limit, default);
        Assert.True(result.Complaint is null, $"cp: {result.Complaint}");
    }

    /// <summary>Number of rows and a sum over all of them, of every table that is not unlogged.</summary>
    public async Task<string> FingerprintAsync(string database = "postgres")
    {
        const string Tables = """
            SELECT string_agg(oid::regclass::text, ' ' ORDER BY oid::regclass::text) FROM pg_class
            WHERE relkind = 'r' AND relpersistence = 'p' AND relnamespace = 'public'::regnamespace
            """;
        var sums = new List<string>();
        foreach (var table in (await QueryAsync<string>(Tables, database) ?? "").Split(' '))
            sums.Add(table + " " + await QueryAsync<string>(
                $"SELECT count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {table} t", database));
        return string.Join('\n', sums);
    }

    public Task StopAsync() => SignalAsync(Signal.Interrupt);

    public Task KillAsync() => SignalAsync(Signal.Quit);

    public async ValueTask DisposeAsync() => await KillAsync();

    private async Task SignalAsync(int signal)
    {
        if (_run is not { IsCompleted: false } run)
            return;
        var line = (await File.ReadAllLinesAsync(Path.Combine(directory, "postmaster.pid")))[0];
        _ = LibC.Kill(int.Parse(line, CultureInfo.InvariantCulture), signal);
        await run;
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            return await QueryAsync<bool>("SELECT true");
        }
        catch (Exception e) when (e is NpgsqlException or IOException or System.Net.Sockets.SocketException)
        {
            return false;
        }
    }
}
