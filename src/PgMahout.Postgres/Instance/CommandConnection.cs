using System.Net.Sockets;
using Npgsql;

namespace PgMahout.Postgres.Instance;

/// <summary>
/// A kept connection for short commands, one at a time, so that a moment that counts need not begin with a login. It is
/// opened when first used, and anew after any failure.
/// </summary>
internal sealed class CommandConnection(string connectionText) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private NpgsqlConnection? _connection;

    /// <param name="what">For the problem: "promoting", "creating slot x".</param>
    public async Task<Outcome<T>> RunAsync<T>(
        string what,
        Func<NpgsqlConnection, CancellationToken, Task<T>> command,
        TimeSpan limit,
        CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(limit);
        try
        {
            await _turn.WaitAsync(bound.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Outcome<T>.Failed(Problems.OutOfTime(what, limit, "an earlier command has not ended"));
        }
        // It ends by itself when its time is up, but cancelling a statement asks the server, which may be frozen: then
        // the turn is given back late, and the caller goes on.
        var run = RunInTurnAsync(what, command, limit, bound.Token);
        try
        {
            return await run.WaitAsync(limit + limit / 4, cancellation);
        }
        catch (TimeoutException)
        {
            return new Outcome<T>.Failed(Problems.OutOfTime(what, limit));
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
            await connection.DisposeAsync();
    }

    private async Task<Outcome<T>> RunInTurnAsync<T>(
        string what,
        Func<NpgsqlConnection, CancellationToken, Task<T>> command,
        TimeSpan limit,
        CancellationToken bound)
    {
        try
        {
            var kept = _connection is not null;
            var outcome = await TryAsync(what, command, bound);
            // A kept connection may be one to a server that was stopped since: try once more with a new one.
            return kept && _connection is null ? await TryAsync(what, command, bound) : outcome;
        }
        catch (OperationCanceledException)
        {
            await DropAsync();
            return new Outcome<T>.Failed(Problems.OutOfTime(what, limit));
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<Outcome<T>> TryAsync<T>(
        string what, Func<NpgsqlConnection, CancellationToken, Task<T>> command, CancellationToken bound)
    {
        try
        {
            if (_connection is null)
            {
                var connection = new NpgsqlConnection(connectionText);
                _connection = connection;
                await connection.OpenAsync(bound);
            }
            return new Outcome<T>.Done(await command(_connection, bound));
        }
        catch (PostgresException e) when (!e.SqlState.StartsWith("57", StringComparison.Ordinal))
        {
            return new Outcome<T>.Failed(Problems.Query(what, e.MessageText));
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or IOException or InvalidOperationException)
        {
            await DropAsync();
            bound.ThrowIfCancellationRequested();
            return new Outcome<T>.Failed(Problems.Query(what, e.Message));
        }
    }

    private async ValueTask DropAsync()
    {
        var connection = _connection;
        _connection = null;
        if (connection is not null)
            await connection.DisposeAsync();
    }
}

/// <summary>The few shapes in which statements are run.</summary>
internal static class Statements
{
    public static async Task<bool> ExecuteAsync(
        this NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
        return true;
    }

    /// <summary>The first column of the first row; null for NULL or no row.</summary>
    public static async Task<T?> ScalarAsync<T>(
        this NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellation) is T value ? value : default;
    }

    /// <summary>A string as a literal of SQL.</summary>
    public static string Literal(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";
}
