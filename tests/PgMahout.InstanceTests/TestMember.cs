using System.Diagnostics;
using Npgsql;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;
using PgMahout.Postgres.Instance;

namespace PgMahout.InstanceTests;

/// <summary>A member of a test cluster, with a thread in the part of the guard that launches its server.</summary>
public sealed class TestMember(InstanceSettings settings) : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ManualResetEventSlim _release = new();

    public PostgresInstance Instance { get; } = new(settings);

    public MemberName Name => Instance.Settings.Name;

    /// <summary>The last launched process.</summary>
    public Process? Launched { get; private set; }

    public async Task LaunchAsync()
    {
        var launched = new TaskCompletionSource();
        var own = Instance.Settings;
        var command = ServerCommand.For(own.Binaries, own.Account, own.DataDirectory, own.StartLog);
        new Thread(() =>
        {
            Launched = Process.Start(command)!;
            launched.SetResult();
            _release.Wait();
        }) { IsBackground = true }.Start();
        await launched.Task;
    }

    /// <summary>Ends the thread that launched the server.</summary>
    public void ReleaseLauncher() => _release.Set();

    public async Task StartPrimaryAsync(SynchronousSet? synchronous = null)
    {
        Done(Instance.PreparePrimary(synchronous ?? SynchronousSet.Nobody));
        await LaunchAsync();
        Done(await Instance.WaitUntilServingAsync(Limit, default));
    }

    public async Task StartStandbyAsync(MemberName? upstream)
    {
        Done(Instance.PrepareStandby(upstream));
        await LaunchAsync();
        Done(await Instance.WaitUntilServingAsync(Limit, default));
    }

    public ValueTask<PostgresState> ObserveAsync() => Instance.ObserveAsync(TimeSpan.FromSeconds(2), default);

    public async Task<T> UntilAsync<T>(Func<T, bool> condition) where T : PostgresState
    {
        var watch = Stopwatch.StartNew();
        PostgresState state;
        do
        {
            state = await ObserveAsync();
            if (state is T expected && condition(expected))
                return expected;
            await Task.Delay(5);
        }
        while (watch.Elapsed < Limit);
        throw new TimeoutException($"{Name} never became {typeof(T).Name} as wanted; last seen: {state}");
    }

    public async Task StreamsAsync() => await UntilAsync<PostgresState.Standby>(standby => standby.Streaming);

    /// <summary>Until some backend waits for this event.</summary>
    public async Task WaitsAsync(string waitEvent)
    {
        var watch = Stopwatch.StartNew();
        while (!await QueryAsync<bool>($"SELECT true FROM pg_stat_activity WHERE wait_event = '{waitEvent}'"))
            Assert.True(watch.Elapsed < Limit, $"nothing waits for {waitEvent}");
    }

    public async Task<T?> QueryAsync<T>(string sql)
    {
        var text = new NpgsqlConnectionStringBuilder
        {
            Host = Instance.Settings.SocketDirectory,
            Port = Instance.Settings.Port,
            Username = InstanceSettings.Superuser,
            Password = Instance.Settings.Secrets.SuperuserPassword,
            Database = "postgres",
            Pooling = false,
            CommandTimeout = 30,
        };
        await using var connection = new NpgsqlConnection(text.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    public Task ExecuteAsync(string sql) => QueryAsync<object>(sql);

    public static void Done(Outcome outcome) => Assert.True(outcome is Outcome.Done, outcome.Failure?.ToString());

    public static T Done<T>(Outcome<T> outcome)
    {
        Assert.True(outcome.TryGet(out var value), outcome.Failure?.ToString());
        return value;
    }

    public async ValueTask DisposeAsync()
    {
        await Instance.FenceAsync(Limit);
        await Instance.DisposeAsync();
        ReleaseLauncher();
        Launched?.Dispose();
    }
}
