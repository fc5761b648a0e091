using System.Collections.Concurrent;
using System.Net.Sockets;
using Npgsql;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests.Harness;

/// <summary>
/// A program that knows the servers only by their addresses and its own login: it writes to whichever is the primary,
/// and goes to the next when a connection fails.
/// </summary>
internal sealed class AppClient : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<long> _confirmed = new();
    private readonly string[] _addresses;
    private readonly Task _writing;

    public AppClient(Lab lab, IEnumerable<string> hosts)
    {
        _addresses = [.. hosts.Select(lab.Address)];
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>How often it had to connect.</summary>
    public int Connections { get; private set; }

    public Task ReachesAsync(int more)
    {
        var enough = _confirmed.Count + more;
        return Eventually.HoldsAsync($"{more} more rows are confirmed", Lab.Limit, () => _confirmed.Count >= enough);
    }

    /// <summary>Ends it; every row that was confirmed must be there.</summary>
    public async Task NothingIsLostAsync(string address)
    {
        await _stopping.CancelAsync();
        await _writing;
        await using var connection = await OpenAsync(address);
        await using var command = new NpgsqlCommand("select array_agg(id) from rows", connection);
        var present = ((long[])(await command.ExecuteScalarAsync())!).ToHashSet();
        Assert.DoesNotContain(_confirmed, id => !present.Contains(id));
    }

    public static async Task<NpgsqlConnection> OpenAsync(string address)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder
        {
            Host = address,
            Username = "app",
            Password = FormerServers.Password,
            Database = "postgres",
            Pooling = false,
            Timeout = 2,
            CommandTimeout = 10,
        }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _writing;
        _stopping.Dispose();
    }

    private async Task WriteAsync()
    {
        long id = 0;
        for (var turn = 0; !_stopping.IsCancellationRequested; turn++)
        {
            try
            {
                await using var connection = await OpenAsync(_addresses[turn % _addresses.Length]);
                Connections++;
                while (!_stopping.IsCancellationRequested)
                {
                    await using var command = new NpgsqlCommand("insert into rows values ($1)", connection);
                    command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = ++id });
                    await command.ExecuteNonQueryAsync();
                    _confirmed.Enqueue(id);
                    await Task.Delay(Pace);
                }
            }
            catch (Exception e) when (e is NpgsqlException or SocketException or IOException or TimeoutException)
            {
                await Task.Delay(Pace);
            }
        }
    }
}
