using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.Sockets;
using Npgsql;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests.Harness;

/// <summary>One row that a server confirmed. Times are since the writer began.</summary>
internal sealed record Confirmed(long Id, string Host, uint Timeline, TimeSpan Sent, TimeSpan At);

/// <summary>
/// A client for every host, from outside: each writes while its server is a primary, and asks again and again while it
/// is not. So two primaries at once would show, and a write that hangs on one keeps nobody from writing on another.
/// </summary>
internal sealed class HostWriter : IAsyncDisposable
{
    private const string Table = "create table if not exists live (id bigint primary key, host text)";

    private const string TimelineOfPrimary =
        "select case when pg_is_in_recovery() then '' "
        + "else substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) end";

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(5);

    private readonly long _origin = Stopwatch.GetTimestamp();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<Confirmed> _confirmed = new();
    private readonly IHostServers _servers;
    private readonly Task[] _clients;
    private long _id;

    private HostWriter(IHostServers servers, long firstId)
    {
        _servers = servers;
        _id = firstId;
        _clients = [.. servers.Lab.Hosts.Select(ServeAsync)];
    }

    public TimeSpan Now => Stopwatch.GetElapsedTime(_origin);

    public IReadOnlyCollection<Confirmed> Rows => _confirmed;

    /// <summary>Ends when the first rows are confirmed.</summary>
    public static async Task<HostWriter> StartAsync(IHostServers servers, string primary)
    {
        await using (var connection = new NpgsqlConnection(servers.ConnectionText(primary)))
        {
            await connection.OpenAsync();
            await using var table = new NpgsqlCommand(Table, connection);
            await table.ExecuteNonQueryAsync();
        }
        var known = await servers.ColumnAsync(primary, "select coalesce(max(id), 0) from live");
        // Ids that an earlier writer sent and nobody confirmed may still exist; leave room for them.
        var writer = new HostWriter(servers, known.Single() + 1000);
        await writer.ReachesAsync(20);
        return writer;
    }

    /// <summary>Waits until so many more rows are confirmed.</summary>
    public Task ReachesAsync(int more)
    {
        var enough = _confirmed.Count + more;
        return Eventually.HoldsAsync($"{more} more rows are confirmed", Lab.Limit, () => _confirmed.Count >= enough);
    }

    /// <summary>The longest time without a confirmed row that begins or ends after that moment.</summary>
    public TimeSpan OutageSince(TimeSpan moment)
    {
        var times = _confirmed.Select(row => row.At).Order().ToArray();
        return times.Zip(times.Skip(1)).Where(pair => pair.Second >= moment)
            .Select(pair => pair.Second - pair.First).DefaultIfEmpty().Max();
    }

    /// <summary>When the host confirmed its last row.</summary>
    public TimeSpan LastOf(string host) => _confirmed.Where(row => row.Host == host).Max(row => row.At);

    /// <summary>Every confirmed row is there, and no older timeline confirmed after a newer one had begun.</summary>
    public async Task NothingIsLostAsync(string primary)
    {
        await StopAsync();
        var present = await _servers.ColumnAsync(primary, "select id from live");
        var rows = _confirmed.ToImmutableArray();
        var lost = rows.Where(row => !present.Contains(row.Id)).ToList();
        Assert.True(lost.Count == 0, $"{lost.Count} confirmed rows are lost, such as {lost.FirstOrDefault()}");
        var begins = rows
            .GroupBy(row => row.Timeline, (timeline, of) => (timeline, At: of.Min(row => row.At)))
            .ToList();
        var dual = rows.FirstOrDefault(
            old => begins.Any(begin => begin.timeline > old.Timeline && begin.At < old.Sent));
        Assert.True(dual is null, $"an older primary confirmed after its successor: {dual}");
    }

    /// <summary>Nothing is written any more.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAny(Task.WhenAll(_clients), Task.Delay(LastAnswers));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private async Task ServeAsync(string host)
    {
        while (!_stopping.IsCancellationRequested)
        {
            var connection = new NpgsqlConnection(_servers.ConnectionText(host));
            try
            {
                await connection.OpenAsync(_stopping.Token);
                await WriteWhilePrimaryAsync(connection, host);
            }
            catch (Exception failure) when (IsExpected(failure))
            {
                await Task.Delay(Pace);
            }
            // Not awaited: closing a connection that still waits for an answer may never end.
            _ = connection.DisposeAsync().AsTask();
        }
    }

    private async Task WriteWhilePrimaryAsync(NpgsqlConnection connection, string host)
    {
        while (!_stopping.IsCancellationRequested)
        {
            await using var asked = new NpgsqlCommand(TimelineOfPrimary, connection);
            var hex = (string)(await asked.ExecuteScalarAsync(_stopping.Token))!;
            if (hex.Length > 0)
                await WriteAsync(connection, host, Convert.ToUInt32(hex, 16));
            await Task.Delay(Pace, _stopping.Token);
        }
    }

    private async Task WriteAsync(NpgsqlConnection connection, string host, uint timeline)
    {
        var id = Interlocked.Increment(ref _id);
        var sent = Now;
        await using var command = new NpgsqlCommand("insert into live (id, host) values ($1, $2)", connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = host });
        await command.ExecuteNonQueryAsync(CancellationToken.None);
        _confirmed.Enqueue(new Confirmed(id, host, timeline, sent, Now));
    }

    private static bool IsExpected(Exception failure) =>
        failure is NpgsqlException or SocketException or IOException or TimeoutException or OperationCanceledException
            or InvalidOperationException;
}
