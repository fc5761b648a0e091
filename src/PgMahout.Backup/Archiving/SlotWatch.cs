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
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(Limit);
        try
        {
            var connection = await ToAsync(text, bound.Token);
            await using var question = new NpgsqlCommand(
                "SELECT true FROM pg_replication_slots WHERE slot_name = $1 AND active", connection)
            {
                Parameters = { new NpgsqlParameter { Value = slot } },
            };
            return await question.ExecuteScalarAsync(bound.Token) is true;
        }
        catch (Exception e) when (e is NpgsqlException or IOException or SocketException or TimeoutException
            || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            await CloseAsync();
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

    private async Task<NpgsqlConnection> ToAsync(string text, CancellationToken cancellation)
    {
        if (_connection is { } same && _asked == text)
            return same;
        await CloseAsync();
        _asked = text;
        _connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(text)
        {
            ApplicationName = "pgmahout archiver",
            Options = Quiet,
            Pooling = false,
            Timeout = 0,
            CommandTimeout = 0,
            CancellationTimeout = -1,
        }.ConnectionString);
        await _connection.OpenAsync(cancellation);
        return _connection;
    }
}
