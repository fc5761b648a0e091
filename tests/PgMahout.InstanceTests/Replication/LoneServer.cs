using System.Collections.Immutable;
using Npgsql;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Probing;
using PgMahout.Postgres.Replication;
using Xunit;

namespace PgMahout.InstanceTests.Replication;

/// <summary>A server of a chosen version, reached by its unix socket; it can begin new timelines alone.</summary>
internal sealed class LoneServer : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ScratchServer _server;
    private readonly ServerAccount _account;
    private ImmutableSortedDictionary<string, string> _settings;

    private LoneServer(
        ScratchServer server, ServerAccount account, ImmutableSortedDictionary<string, string> settings)
    {
        _server = server;
        _account = account;
        _settings = settings;
    }

    public static TheoryData<int> Versions { get; } = new(14, 15, 16, 17, 18);

    public string DataDirectory => _server.DataDirectory;

    public string WalFile(string name) => Path.Combine(DataDirectory, "pg_wal", name);

    public ReplicationTarget Target =>
        new(_server.SocketDirectory, ScratchServer.Port, InstanceSettings.Superuser, null);

    public static async Task<LoneServer> StartAsync(int major, params (string Name, string Value)[] settings)
    {
        var account = TestMember.Done(ServerAccount.Find());
        var server = TestMember.Done(await ScratchServer.CreateAsync(Binaries(major), account, Limit, default));
        var all = ImmutableSortedDictionary<string, string>.Empty
            .Add("shared_buffers", "32MB").Add("fsync", "off").Add("wal_keep_size", "512MB")
            .Add("autovacuum", "off").Add("max_connections", "20")
            .SetItems(settings.Select(one => KeyValuePair.Create(one.Name, one.Value)));
        var lone = new LoneServer(server, account, all);
        await lone.StartAsync();
        return lone;
    }

    public static PostgresBinaries Binaries(int major)
    {
        var at = AppContext.BaseDirectory;
        while (Path.GetFileName(at) != "artifacts" && Path.GetDirectoryName(at) is { } above)
            at = above;
        string[] places = [Path.Combine(at, "postgres", $"{major}", "bin"), $"/usr/lib/postgresql/{major}/bin"];
        var place = places.FirstOrDefault(directory => File.Exists(Path.Combine(directory, "postgres")));
        Assert.SkipWhen(
            place is null, $"there is no PostgreSQL {major} here: scripts/fetch-postgres-versions says why not");
        return new PostgresBinaries(place, major, $"{major}");
    }

    public async Task StartAsync()
    {
        var start = await _server.StartAsync(_settings, Limit, default);
        Assert.True(start is ScratchStart.Ready, start.ToString());
    }

    public Task StopCleanlyAsync() => _server.StopCleanlyAsync();

    public Task StopAsync() => _server.StopAsync();

    /// <summary>Ends recovery that never began: the server goes on where it was, on a new timeline.</summary>
    public async Task BeginTimelineAsync()
    {
        await StopCleanlyAsync();
        var signal = Path.Combine(DataDirectory, "recovery.signal");
        await File.WriteAllTextAsync(signal, "");
        _account.TakeOwnership(signal);
        _settings = _settings.SetItem("restore_command", "false");
        await StartAsync();
    }

    public async Task<T?> QueryAsync<T>(string sql)
    {
        var text = new NpgsqlConnectionStringBuilder
        {
            Host = Target.Host,
            Port = Target.Port,
            Username = Target.User,
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

    public async Task<Lsn> FlushedAsync() =>
        Lsn.Parse((await QueryAsync<string>("SELECT pg_current_wal_flush_lsn()::text"))!);

    public ReplicationConnection Connect() =>
        TestMember.Done(ReplicationConnection.Open(Target, Limit, CancellationToken.None));

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
