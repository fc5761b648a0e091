using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Npgsql;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Drills;

/// <summary>
/// Many clients of the proxy, each with short transactions of three statements, one after the other, and a pause
/// between them. They know one address, and nothing of members.
/// </summary>
internal sealed class Crowd(CrowdAddress address, TimeSpan interval, int run) : IDrillWriter
{
    private const int Clients = 50;
    private const string RolledBack = "57P01";
    private const string InDoubt = "08007";

    private const string Insert =
        CanaryTable.Insert + " returning current_setting('cluster_name'), "
        + "substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)";

    private static readonly TimeSpan LastAnswer = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AfterRefusal = TimeSpan.FromMilliseconds(20);

    private readonly long _origin = Stopwatch.GetTimestamp();
    private readonly ConcurrentQueue<Acknowledgement> _acknowledged = new();
    private readonly ConcurrentQueue<CrowdError> _errors = new();
    private readonly ConcurrentQueue<double>[] _commits =
        [.. Enumerable.Range(0, Clients).Select(_ => new ConcurrentQueue<double>())];

    private long _sequence;
    private volatile Acknowledgement? _last;

    public double NowMs => Stopwatch.GetElapsedTime(_origin).TotalMilliseconds;

    public ImmutableArray<Acknowledgement> Acknowledged => [.. _acknowledged];

    public ImmutableArray<double> FailuresMs => [.. _errors.Select(error => error.AtMs)];

    public ImmutableArray<double> FoundMs => [];

    public Acknowledgement? Last => _last;

    CrowdReport? IDrillWriter.Crowd => new(
        Clients, [.. _errors], [.. _commits.Select(commits => commits.ToImmutableArray())]);

    public async Task RunAsync(CancellationToken stopping)
    {
        await using var source = address.Open();
        await Task.WhenAll(Enumerable.Range(0, Clients)
            .Select(client => Task.Run(() => BeAsync(client, source, stopping), CancellationToken.None)));
    }

    public async Task ProbeAsync(CanaryConnection connection, CancellationToken stopping)
    {
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                var sequence = Interlocked.Increment(ref _sequence);
                await connection.InsertAsync(run, sequence, stopping);
                _acknowledged.Enqueue(
                    new Acknowledgement(sequence, NowMs, connection.Member, connection.Timeline!.Value));
                await Task.Delay(interval, stopping);
            }
        }
        catch (Exception failure) when (CanaryConnection.IsExpected(failure))
        {
            // The thawed server was fenced or refused the write: as it should be.
        }
    }

    /// <summary>One client's life; they begin one after the other, so that they do not all write at once.</summary>
    private async Task BeAsync(int client, NpgsqlDataSource source, CancellationToken stopping)
    {
        NpgsqlConnection? connection = null;
        var work = Task.FromResult(connection);
        var next = NowMs + (interval * client).TotalMilliseconds;
        try
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Max(0, next - NowMs)), stopping);
                next = Math.Max(next + (interval * Clients).TotalMilliseconds, NowMs);
                work = TransactAsync(client, connection, source);
                connection = await work.WaitAsync(stopping);
                if (connection is null)
                    await Task.Delay(AfterRefusal, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await LeaveAsync(work);
        }
    }

    // What is under way ends first: closed in the middle of it, a connection would stay in its transaction, and the
    // next change of the leader would wait for that.
    private static async Task LeaveAsync(Task<NpgsqlConnection?> work)
    {
        var closing = CloseAsync(work);
        await Task.WhenAny(closing, Task.Delay(LastAnswer));
    }

    private static async Task CloseAsync(Task<NpgsqlConnection?> work)
    {
        if (await work is { } connection)
            await connection.DisposeAsync();
    }

    /// <summary>One transaction, on a new connection if there is none; null when the connection is lost.</summary>
    private async Task<NpgsqlConnection?> TransactAsync(
        int client, NpgsqlConnection? connection, NpgsqlDataSource source)
    {
        var reached = Reached.Nothing;
        try
        {
            connection ??= await source.OpenConnectionAsync();
            await ExecuteAsync(connection, "begin");
            reached = Reached.Begin;
            var written = await InsertAsync(connection);
            reached = Reached.Commit;
            await ExecuteAsync(connection, "commit");
            _last = written with { AtMs = NowMs };
            _acknowledged.Enqueue(_last);
            _commits[client].Enqueue(_last.AtMs);
            return connection;
        }
        catch (Exception failure) when (CanaryConnection.IsExpected(failure))
        {
            _errors.Enqueue(new CrowdError(NowMs, KindOf(failure, reached), TextOf(failure)));
            _ = connection?.DisposeAsync().AsTask();
            return null;
        }
    }

    private async Task<Acknowledgement> InsertAsync(NpgsqlConnection connection)
    {
        var sequence = Interlocked.Increment(ref _sequence);
        await using var command = new NpgsqlCommand(Insert, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = run });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = sequence });
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        // CLUSTER/MEMBER: behind a proxy no address says whose server it is.
        var member = reader.GetString(0).Split('/')[^1];
        var timeline = uint.Parse(reader.GetString(1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return new Acknowledgement(
            sequence, NowMs, new MemberName(member), new TimelineId(timeline));
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>
    /// A server that died while it had the first statement had a transaction: the proxy says so. Anything else before
    /// that statement was answered hit a client that had none.
    /// </summary>
    private static CrowdErrorKind KindOf(Exception failure, Reached reached) =>
        ((failure as PostgresException)?.SqlState, reached) switch
        {
            (InDoubt, _) or (null, Reached.Commit) => CrowdErrorKind.Doubtful,
            (RolledBack, _) or (_, Reached.Begin or Reached.Commit) => CrowdErrorKind.RolledBack,
            (_, Reached.Nothing) => CrowdErrorKind.Avoidable,
        };

    /// <summary>The last statement of a transaction that was sent.</summary>
    private enum Reached
    {
        Nothing,
        Begin,
        Commit,
    }

    private static string TextOf(Exception failure) => failure is PostgresException said
        ? $"{said.SqlState} {said.MessageText}"
        : failure.InnerException?.Message ?? failure.Message;
}
