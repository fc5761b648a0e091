using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Drills;

/// <summary>
/// A client that writes one row per transaction at a steady rate, and when its server fails it, finds the next one. A
/// write that is not answered is not given up until a newer primary is found; should the answer still come, it counts.
/// </summary>
internal sealed class CanaryWriter(IReadOnlyCollection<CanaryServer> servers, int run, TimeSpan interval)
    : IDrillWriter
{
    private static readonly TimeSpan LastAnswer = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(30);

    private readonly long _origin = Stopwatch.GetTimestamp();
    private readonly Scout _scout = new(servers);
    private readonly ConcurrentQueue<Acknowledgement> _acknowledged = new();
    private readonly ConcurrentQueue<double> _failures = new();
    private readonly ConcurrentQueue<double> _found = new();
    private long _sequence;

    public double NowMs => Stopwatch.GetElapsedTime(_origin).TotalMilliseconds;

    public ImmutableArray<Acknowledgement> Acknowledged => [.. _acknowledged];

    public ImmutableArray<double> FailuresMs => [.. _failures];

    /// <summary>When a primary was found, each time one was looked for.</summary>
    public ImmutableArray<double> FoundMs => [.. _found];

    /// <summary>A client that knows the members must bear what it finds there.</summary>
    public CrowdReport? Crowd => null;

    public Acknowledgement? Last => _acknowledged.LastOrDefault();

    public async Task RunAsync(CancellationToken stopping)
    {
        CanaryConnection? connection = null;
        try
        {
            connection = await FindAsync(TimelineId.First, stopping);
            var next = NowMs;
            while (true)
            {
                next = Math.Max(next + interval.TotalMilliseconds, NowMs);
                await DelayUntilAsync(next, stopping);
                connection = await WriteAsync(connection, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The run is over.
        }
        finally
        {
            // Not awaited: Npgsql never ends closing a connection that still waits for an answer.
            _ = connection?.DisposeAsync().AsTask();
        }
    }

    /// <summary>
    /// Keeps trying to write on one server, whatever becomes of the others. Ends when that server fails it.
    /// </summary>
    public async Task ProbeAsync(CanaryConnection connection, CancellationToken stopping)
    {
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                await InsertAsync(connection, stopping);
                await Task.Delay(interval, stopping);
            }
        }
        catch (Exception failure) when (CanaryConnection.IsExpected(failure))
        {
            // The thawed server was fenced or refused the write: as it should be.
        }
    }

    /// <summary>One write; the connection to go on with.</summary>
    private async Task<CanaryConnection> WriteAsync(CanaryConnection connection, CancellationToken stopping)
    {
        var write = InsertAsync(connection, CancellationToken.None);
        if (await Task.WhenAny(write, Task.Delay(Patience, stopping)) != write
            && await BetterAsync(write, connection, stopping) is { } better)
        {
            _failures.Enqueue(NowMs);
            _ = AbandonAsync(write, connection);
            return better;
        }
        try
        {
            await write.WaitAsync(stopping);
            return connection;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The answer to the last write still counts, if it comes.
            await Task.WhenAny(write, Task.Delay(LastAnswer, CancellationToken.None));
            throw;
        }
        catch (Exception failure) when (CanaryConnection.IsExpected(failure) && !stopping.IsCancellationRequested)
        {
            _failures.Enqueue(NowMs);
            _ = connection.DisposeAsync().AsTask();
            return await FindAsync(connection.Timeline!.Value, stopping);
        }
    }

    private async Task InsertAsync(CanaryConnection connection, CancellationToken cancellation)
    {
        var sequence = Interlocked.Increment(ref _sequence);
        await connection.InsertAsync(run, sequence, cancellation);
        _acknowledged.Enqueue(new Acknowledgement(sequence, NowMs, connection.Member, connection.Timeline!.Value));
    }

    /// <summary>A newer primary than the one that is slow to answer; null when it has answered after all.</summary>
    private async Task<CanaryConnection?> BetterAsync(
        Task write, CanaryConnection slow, CancellationToken stopping)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var newer = FindAsync(new TimelineId(slow.Timeline!.Value.Value + 1), ended.Token);
        if (await Task.WhenAny(write, newer) == newer && newer.IsCompletedSuccessfully)
            return await newer;
        await ended.CancelAsync();
        try
        {
            await (await newer).DisposeAsync();
        }
        catch (OperationCanceledException)
        {
            // The usual case: nobody newer, and none is needed.
        }
        return null;
    }

    private async Task<CanaryConnection> FindAsync(TimelineId least, CancellationToken cancellation)
    {
        var connection = await _scout.FindAsync(least, cancellation);
        _found.Enqueue(NowMs);
        return connection;
    }

    private static async Task AbandonAsync(Task write, CanaryConnection connection)
    {
        try
        {
            await write;
        }
        catch (Exception failure) when (CanaryConnection.IsExpected(failure))
        {
            // Its server is gone or was not allowed to confirm it.
        }
        await connection.DisposeAsync();
    }

    private async Task DelayUntilAsync(double moment, CancellationToken cancellation)
    {
        var left = moment - NowMs;
        if (left > 0.5)
            await Task.Delay(TimeSpan.FromMilliseconds(left), cancellation);
    }
}
