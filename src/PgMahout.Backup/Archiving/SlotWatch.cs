using System.Net.Sockets;
using Npgsql;

namespace PgMahout.Backup.Archiving;

/// <summary>
/// Asks the primary whether somebody else streams through a slot. To try and be refused would write into its log each
/// time; a question by one session that stays writes nothing. For one caller at a time.
/// </summary>
/// <param name="primary">How to log in to the primary as it is known now; null while there is none.</param>
public sealed class SlotWatch(string slot, Func<string?> primary) : IAsyncDisposable
{
    /// <summary>Silence may be the end of a primary: then its successor is waiting.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    // A server that writes down every statement shall not write down this one each second.
    private const string Quiet =
        "-c log_statement=none -c log_min_duration_statement=-1 -c statement_timeout=0 -c idle_session_timeout=0";

    private NpgsqlConnection? _connection;
    private string? _asked;

    /// <returns>False also when the server does not say it: then trying tells more.</returns>
    public async ValueTask<bool> IsTakenAsync(CancellationToken cancellation)
    {
        if (primary() is not { } text)
            return false;
        var asking = AskAsync(text, cancellation);
        try
        {
            // Bounded here, too: a question to a host that is gone is given up only after telling that host so.
            return await asking.WaitAsync(Limit, cancellation);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or SocketException or TimeoutException
            || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            Abandon(asking);
            return false;
        }
    }

    /// <summary>There is nobody to wait for any more.</summary>
    public async ValueTask CloseAsync()
    {
        if (_connection is { } connection)
            await connection.DisposeAsync();
        _connection = null;
    }

    public ValueTask DisposeAsync() => CloseAsync();

    private async Task<bool> AskAsync(string text, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(Limit);
        var connection = await ToAsync(text, bound.Token);
        await using var question = new NpgsqlCommand(
            "SELECT true FROM pg_replication_slots WHERE slot_name = $1 AND active", connection)
        {
            Parameters = { new NpgsqlParameter { Value = slot } },
        };
        return await question.ExecuteScalarAsync(bound.Token) is true;
    }

    private async Task<NpgsqlConnection> ToAsync(string text, CancellationToken cancellation)
    {
        if (_connection is { } same && _asked == text)
            return same;
        await CloseAsync();
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(text)
        {
            ApplicationName = "pgmahout archiver",
            Options = Quiet,
            Pooling = false,
            Timeout = (int)Limit.TotalSeconds,
            CommandTimeout = 0,
            CancellationTimeout = -1,
        }.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellation);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
        // Not before: one that never opened must not be asked again.
        (_connection, _asked) = (connection, text);
        return connection;
    }

    /// <summary>The connection goes when the question has ended, for which nobody waits.</summary>
    private void Abandon(Task asking)
    {
        var left = _connection;
        _connection = null;
        _ = asking.ContinueWith(
            ended =>
            {
                _ = ended.Exception;
                left?.Dispose();
            },
            TaskScheduler.Default);
    }
}
