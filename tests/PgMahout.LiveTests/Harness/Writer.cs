using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.Sockets;
using Npgsql;
using Xunit;

namespace PgMahout.LiveTests.Harness;

/// <summary>One row that a server confirmed. Times are since the writer began.</summary>
internal sealed record Confirmed(long Id, int Port, uint Timeline, TimeSpan Sent, TimeSpan At);

/// <summary>
/// A client for every member: each writes 100 rows a second while its member is a primary, and asks again and again
/// while it is not. So a write that hangs on one server keeps nobody from writing on another, and two primaries at
/// once show.
/// </summary>
internal sealed class Writer : IAsyncDisposable
{
    private const string Table =
        "create table if not exists live (id bigint primary key, port int); alter table live owner to postgres";

    private const string TimelineOfPrimary =
        "select case when pg_is_in_recovery() then '' "
        + "else substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) end";

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(5);

    private readonly long _origin = Stopwatch.GetTimestamp();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<Confirmed> _confirmed = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly Task[] _clients;
    private long _id;

    private Writer(LiveCluster cluster, IEnumerable<int> ports, long firstId)
    {
        _id = firstId;
        _clients = [.. ports.Select(port => ServeAsync(cluster.ConnectionText(port), port))];
    }

    public TimeSpan Now => Stopwatch.GetElapsedTime(_origin);

    public ImmutableArray<Confirmed> Rows => [.. _confirmed];

    /// <summary>Writes that were sent to a primary and ended in an error.</summary>
    public ImmutableArray<string> Failures => [.. _failures];

    /// <summary>Ends when the first rows are confirmed.</summary>
    /// <param name="alsoAt">Servers that may be the primary besides those of this cluster.</param>
    public static async Task<Writer> StartAsync(LiveCluster cluster, Status status, params IEnumerable<int> alsoAt)
    {
        var port = status.Primary.Port;
        await cluster.AskAsync<long>(port, $"{Table}; select 0::bigint");
        var last = await cluster.AskAsync<long>(port, "select coalesce(max(id), 0) from live");
        // Ids that an earlier writer sent and nobody confirmed may still exist; leave room for them.
        var ports = status.Members.Select(member => member.Port).Concat(alsoAt);
        var writer = new Writer(cluster, ports, last + 1000);
        await writer.ReachesAsync(20, LiveCluster.Limit);
        return writer;
    }

    /// <summary>Waits until so many more rows are confirmed.</summary>
    public Task ReachesAsync(int more, TimeSpan bound)
    {
        var enough = _confirmed.Count + more;
        return Eventually.HoldsAsync($"{more} more rows are confirmed", bound, () => _confirmed.Count >= enough);
    }

    /// <summary>The first row that a later timeline than this confirmed.</summary>
    public async Task<Confirmed> SuccessorAsync(uint timeline, TimeSpan bound)
    {
        await Eventually.HoldsAsync($"a primary after timeline {timeline} confirms a row", bound,
            () => _confirmed.Any(row => row.Timeline > timeline));
        return _confirmed.First(row => row.Timeline > timeline);
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAny(Task.WhenAll(_clients), Task.Delay(LastAnswers));
    }

    /// <summary>Every confirmed row is there, and no older timeline confirmed after a newer one had begun.</summary>
    public async Task NothingIsLostAsync(LiveCluster cluster, Status status)
    {
        var present = await cluster.ColumnAsync<long>(status.Primary.Port, "select id from live");
        var rows = Rows;
        var lost = rows.Where(row => !present.Contains(row.Id)).ToList();
        Assert.True(lost.Count == 0, $"{lost.Count} confirmed rows are lost, such as {lost.FirstOrDefault()}");
        // Sent after a newer primary's answer and confirmed all the same: an order that no delay can feign.
        var begins = rows
            .GroupBy(row => row.Timeline, (timeline, of) => (timeline, At: of.Min(row => row.At)))
            .ToList();
        var dual = rows.FirstOrDefault(
            old => begins.Any(begin => begin.timeline > old.Timeline && begin.At < old.Sent));
        Assert.True(dual is null, $"an older primary confirmed after its successor: {dual}");
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private async Task ServeAsync(string connectionText, int port)
    {
        while (!_stopping.IsCancellationRequested)
        {
            var connection = new NpgsqlConnection(connectionText);
            try
            {
                await connection.OpenAsync(_stopping.Token);
                await WriteWhilePrimaryAsync(connection, port);
            }
            catch (Exception failure) when (IsExpected(failure))
            {
                await Task.Delay(Pace);
            }
            // Not awaited: closing a connection that still waits for an answer may never end.
            _ = connection.DisposeAsync().AsTask();
        }
    }

    private async Task WriteWhilePrimaryAsync(NpgsqlConnection connection, int port)
    {
        while (!_stopping.IsCancellationRequested)
        {
            var next = Now + Pace;
            if (await TimelineAsync(connection) is { } timeline)
                await WriteAsync(connection, port, timeline);
            var left = next - Now;
            if (left > TimeSpan.Zero)
                await Task.Delay(left);
        }
    }

    private async Task<uint?> TimelineAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(TimelineOfPrimary, connection);
        var hex = (string)(await command.ExecuteScalarAsync(_stopping.Token))!;
        return hex.Length == 0 ? null : Convert.ToUInt32(hex, 16);
    }

    private async Task WriteAsync(NpgsqlConnection connection, int port, uint timeline)
    {
        var id = Interlocked.Increment(ref _id);
        var sent = Now;
        await using var command = new NpgsqlCommand("insert into live (id, port) values ($1, $2)", connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = port });
        try
        {
            await command.ExecuteNonQueryAsync(CancellationToken.None);
            _confirmed.Enqueue(new Confirmed(id, port, timeline, sent, Now));
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            _failures.Enqueue(failure.Message);
            throw;
        }
    }

    private static bool IsExpected(Exception failure) =>
        failure is NpgsqlException or SocketException or IOException or TimeoutException or OperationCanceledException
            or InvalidOperationException;
}
