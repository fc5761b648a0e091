using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using Npgsql;
using PgMahout.HostTests.Chaos.Checking;
using PgMahout.HostTests.Harness;
using PgMahout.LiveTests.Harness;

namespace PgMahout.HostTests.Chaos;

/// <summary>
/// Clients of each proxy: one that inserts, one that appends, one that reads. Each does one thing at a time, and
/// connects anew when it was cut off. Whatever was asked is in the history, with what was answered.
/// </summary>
internal sealed class ChaosClients : IAsyncDisposable
{
    private const int LengthOfLists = 64;
    private const string Tables = "create table if not exists rows (id bigint primary key); "
        + "create table if not exists lists (key bigint primary key, value bigint[] not null)";
    private const string Append = "insert into lists (key, value) values ($1, array[$2]::bigint[]) "
        + "on conflict (key) do update set value = lists.value || $2 returning value";
    private const string Read = "select value from lists where key = $1";

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(10);

    private readonly long _origin = Stopwatch.GetTimestamp();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<Operation> _history = new();
    private readonly DeployedCluster _cluster;
    private Task[] _clients = [];
    private long _id;
    private long _confirmedWrites;

    private ChaosClients(DeployedCluster cluster) => _cluster = cluster;

    public TimeSpan Now => Stopwatch.GetElapsedTime(_origin);

    public ImmutableArray<Operation> History => [.. _history];

    public long ConfirmedWrites => Interlocked.Read(ref _confirmedWrites);

    /// <summary>Ends when the first writes are confirmed.</summary>
    public static async Task<ChaosClients> StartAsync(DeployedCluster cluster)
    {
        var clients = new ChaosClients(cluster);
        await using (var connection = new NpgsqlConnection(cluster.ConnectionText(cluster.Data[0])))
        {
            await connection.OpenAsync();
            await using var tables = new NpgsqlCommand(Tables, connection);
            await tables.ExecuteNonQueryAsync();
        }
        clients._clients =
        [
            .. cluster.Lab.Hosts.SelectMany(host => new[]
            {
                clients.ServeAsync(host, DeployedCluster.WritePort, clients.InsertAsync),
                clients.ServeAsync(host, DeployedCluster.WritePort, clients.AppendAsync),
                clients.ServeAsync(host, DeployedCluster.WritePort, clients.ReadAsync),
                clients.ServeAsync(host, DeployedCluster.ReadPort, clients.ReadStandbyAsync),
            }),
        ];
        await clients.ReachesAsync(20, Lab.Limit);
        return clients;
    }

    /// <summary>Waits until so many more writes are confirmed.</summary>
    public Task ReachesAsync(int more, TimeSpan limit)
    {
        var enough = ConfirmedWrites + more;
        return Eventually.HoldsAsync($"{more} more writes are confirmed", limit, () => ConfirmedWrites >= enough);
    }

    /// <summary>No client asks anything any more, and what was under way is answered or given up.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAny(Task.WhenAll(_clients), Task.Delay(LastAnswers));
    }

    /// <summary>
    /// What the primary has, by whichever proxy answers; null when none does. What nobody answered for has ended now.
    /// </summary>
    public async Task<FinalState?> FinalAsync()
    {
        var until = Now + Lab.Limit;
        while (Now < until)
        {
            foreach (var host in _cluster.Lab.Hosts)
                if (await FinalAsync(host) is { } final)
                    return final;
            await Task.Delay(Pace);
        }
        return null;
    }

    private async Task<FinalState?> FinalAsync(string host)
    {
        try
        {
            return await ReadFinalAsync(host);
        }
        catch (Exception failure) when (DeployedCluster.IsExpected(failure))
        {
            return null;
        }
    }

    private async Task<FinalState> ReadFinalAsync(string host)
    {
        await using var connection = new NpgsqlConnection(_cluster.ConnectionText(host));
        await connection.OpenAsync();
        var rows = ImmutableHashSet.CreateBuilder<long>();
        await using (var command = new NpgsqlCommand("select id from rows", connection))
        await using (var reader = await command.ExecuteReaderAsync())
            while (await reader.ReadAsync())
                rows.Add(reader.GetInt64(0));
        var lists = ImmutableDictionary.CreateBuilder<long, ImmutableArray<long>>();
        await using (var command = new NpgsqlCommand("select key, value from lists", connection))
        await using (var reader = await command.ExecuteReaderAsync())
            while (await reader.ReadAsync())
                lists[reader.GetInt64(0)] = [.. reader.GetFieldValue<long[]>(1)];
        return new FinalState(rows.ToImmutable(), lists.ToImmutable());
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private async Task ServeAsync(string host, int port, Func<NpgsqlConnection, string, Task<bool>> once)
    {
        while (!_stopping.IsCancellationRequested)
        {
            var connection = new NpgsqlConnection(_cluster.ConnectionText(host, port));
            try
            {
                await connection.OpenAsync(_stopping.Token);
                while (!_stopping.IsCancellationRequested && await once(connection, host))
                    await Task.Delay(Pace, _stopping.Token);
            }
            catch (Exception failure) when (DeployedCluster.IsExpected(failure))
            {
                await Task.Delay(Pace);
            }
            // Not awaited: closing a connection that still waits for an answer may never end.
            _ = connection.DisposeAsync().AsTask();
        }
    }

    private Task<bool> InsertAsync(NpgsqlConnection connection, string host)
    {
        var asked = new Operation(Work.Insert, 0, Interlocked.Increment(ref _id), Now, default, default, []);
        return DoAsync(connection, asked with { Via = host }, "insert into rows (id) values ($1)", asked.Value);
    }

    private Task<bool> AppendAsync(NpgsqlConnection connection, string host)
    {
        var value = Interlocked.Increment(ref _id);
        var asked = new Operation(Work.Append, value / LengthOfLists, value, Now, default, default, []);
        return DoAsync(connection, asked with { Via = host }, Append, asked.Key, value);
    }

    private Task<bool> ReadAsync(NpgsqlConnection connection, string host) =>
        DoAsync(connection, Reading(Work.Read, host), Read, Interlocked.Read(ref _id) / LengthOfLists);

    private Task<bool> ReadStandbyAsync(NpgsqlConnection connection, string host) =>
        DoAsync(connection, Reading(Work.ReadStandby, host), Read, Interlocked.Read(ref _id) / LengthOfLists);

    private Operation Reading(Work work, string host) =>
        new(work, Interlocked.Read(ref _id) / LengthOfLists, 0, Now, default, default, []) { Via = host };

    /// <summary>False when the connection is of no use any more.</summary>
    private async Task<bool> DoAsync(
        NpgsqlConnection connection, Operation asked, string sql, params long[] values)
    {
        try
        {
            await using var command = new NpgsqlCommand(sql, connection);
            foreach (var value in asked.IsWrite ? values : [asked.Key])
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = value });
            var said = await command.ExecuteScalarAsync(CancellationToken.None);
            Note(asked with { Answered = Now, Answer = Answer.Confirmed, Seen = [.. said as long[] ?? []] });
            return true;
        }
        catch (Exception failure) when (DeployedCluster.IsExpected(failure))
        {
            Note(asked with { Answered = Now, Answer = AnswerOf(failure), Said = Words(failure) });
            return connection.State == System.Data.ConnectionState.Open;
        }
    }

    private void Note(Operation done)
    {
        _history.Enqueue(done);
        if (done is { IsWrite: true, Answer: Answer.Confirmed })
            Interlocked.Increment(ref _confirmedWrites);
    }

    /// <summary>A statement that failed has no effect; of what is fatal, only what the proxy is sure of.</summary>
    private static Answer AnswerOf(Exception failure) => failure is PostgresException said
        && (said.InvariantSeverity == "ERROR" || said.SqlState is "57P01" or "57P03")
        ? Answer.Refused
        : Answer.Unknown;

    private static string Words(Exception failure) =>
        failure is PostgresException said ? $"{said.Severity} {said.SqlState} {said.MessageText}" : failure.Message;
}
