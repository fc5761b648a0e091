using System.Collections.Immutable;
using Npgsql;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Probing;
using Xunit;

namespace PgMahout.InstanceTests.Wal;

/// <summary>A server of one version that keeps all its WAL, with what tests do to it.</summary>
internal sealed class WalServer : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ScratchServer _server;

    private WalServer(ScratchServer server, PostgresBinaries binaries)
    {
        _server = server;
        Binaries = binaries;
    }

    public PostgresBinaries Binaries { get; }

    public string DataDirectory => Path.Combine(_server.SocketDirectory, "data");

    public string WalDirectory => Path.Combine(DataDirectory, "pg_wal");

    public static async Task<WalServer> StartAsync(int major, params (string Name, string Value)[] more)
    {
        var binaries = PostgresVersions.Binaries(major);
        var account = TestMember.Done(ServerAccount.Find());
        var server = TestMember.Done(await ScratchServer.CreateAsync(binaries, account, Limit, default));
        var settings = ImmutableSortedDictionary<string, string>.Empty
            .Add("fsync", "off").Add("shared_buffers", "64MB").Add("wal_keep_size", "8GB").Add("max_wal_size", "2GB")
            .Add("max_prepared_transactions", "10").Add("autovacuum", "off").Add("timezone", "UTC")
            .SetItems(more.Select(setting => KeyValuePair.Create(setting.Name, setting.Value)));
        var started = await server.StartAsync(settings, Limit, default);
        Assert.True(started is ScratchStart.Ready, started.ToString());
        return new WalServer(server, binaries);
    }

    public string ConnectionText(string database = "postgres") => new NpgsqlConnectionStringBuilder
    {
        Host = _server.SocketDirectory,
        Port = ScratchServer.Port,
        Username = InstanceSettings.Superuser,
        Database = database,
        Pooling = false,
        CommandTimeout = 60,
    }.ConnectionString;

    public async Task<NpgsqlConnection> ConnectAsync(string database = "postgres")
    {
        var connection = new NpgsqlConnection(ConnectionText(database));
        await connection.OpenAsync();
        return connection;
    }

    public async Task RunAsync(string sql, string database = "postgres")
    {
        await using var connection = await ConnectAsync(database);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ValueAsync<T>(string sql, string database = "postgres")
    {
        await using var connection = await ConnectAsync(database);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task<Lsn> PositionAsync() => Lsn.Parse(await ValueAsync<string>("SELECT pg_current_wal_lsn()::text"));

    public async Task<RelationFile> FileAsync(string relation, string database = "postgres")
    {
        var path = await ValueAsync<string>($"SELECT pg_relation_filepath('{relation}')", database);
        var parts = path.Split('/');
        return new RelationFile(RelationFile.DefaultTablespace, uint.Parse(parts[1]), uint.Parse(parts[2]));
    }

    /// <summary>The segments that are there, in order, up to the one that holds the last record.</summary>
    public async Task<ImmutableArray<(WalSegment Segment, byte[] Content)>> SegmentsAsync()
    {
        var end = await PositionAsync();
        return
        [
            .. Directory.GetFiles(WalDirectory).Order(StringComparer.Ordinal)
                .Select(path => (Ok: WalSegment.TryParse(
                    Path.GetFileName(path), WalSegment.DefaultSize, out var segment), segment, path))
                .Where(file => file.Ok && file.segment.Start < end)
                .Select(file => (file.segment, File.ReadAllBytes(file.path))),
        ];
    }

    public Task StopAsync() => _server.StopCleanlyAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
