using System.Collections.Concurrent;
using Npgsql;
using PgMahout.LiveTests.Harness;

namespace PgMahout.HostTests.Harness;

/// <summary>One client of all proxies that inserts numbers into a table, and knows which were confirmed.</summary>
internal sealed class RowWriter : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<long> _confirmed = new();
    private readonly DeployedCluster _cluster;
    private readonly string _table;
    private readonly Task _writing;

    private RowWriter(DeployedCluster cluster, string table)
    {
        (_cluster, _table) = (cluster, table);
        _writing = Task.Run(WriteAsync);
    }

    public IReadOnlyCollection<long> Confirmed => _confirmed;

    public static async Task<RowWriter> StartAsync(DeployedCluster cluster, string table)
    {
        await cluster.DoAsync($"create table if not exists {table} (id bigint primary key)");
        var writer = new RowWriter(cluster, table);
        await writer.ReachesAsync(20);
        return writer;
    }

    public Task ReachesAsync(int more)
    {
        var enough = _confirmed.Count + more;
        return Eventually.HoldsAsync($"{more} more rows are confirmed", Lab.Limit, () => _confirmed.Count >= enough);
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _writing;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private async Task WriteAsync()
    {
        var id = 0L;
        while (!_stopping.IsCancellationRequested)
            foreach (var host in _cluster.Lab.Hosts)
                id = await WriteThroughAsync(host, id);
    }

    /// <summary>Until it fails.</summary>
    private async Task<long> WriteThroughAsync(string host, long id)
    {
        try
        {
            await using var connection = new NpgsqlConnection(_cluster.ConnectionText(host));
            await connection.OpenAsync();
            while (!_stopping.IsCancellationRequested)
            {
                await using var command = new NpgsqlCommand($"insert into {_table} values ({++id})", connection);
                await command.ExecuteNonQueryAsync();
                _confirmed.Enqueue(id);
                await Task.Delay(Pace);
            }
        }
        catch (Exception failure) when (DeployedCluster.IsExpected(failure))
        {
            await Task.Delay(Pace);
        }
        return id;
    }
}
