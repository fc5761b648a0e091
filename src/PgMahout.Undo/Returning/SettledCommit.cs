using System.Net.Sockets;
using Npgsql;
using PgMahout.Backup.Working;

namespace PgMahout.Undo.Returning;

/// <summary>
/// The COMMIT after which everything is back. Where its answer does not come, the server is asked what became of it: a
/// connection that breaks says nothing about that.
/// </summary>
internal sealed class SettledCommit(Func<CancellationToken, Task<NpgsqlConnection>> connect, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// It is committed when this returns. What went wrong is thrown again when it is not, and a problem of its own when
    /// nobody could be asked within 30 s.
    /// </summary>
    /// <param name="live">In the transaction, which has changed something; closed when anything goes wrong.</param>
    public async Task RunAsync(NpgsqlConnection live, CancellationToken cancellation)
    {
        var xid = await live.ValueAsync<string>("SELECT pg_current_xact_id()::text", cancellation);
        try
        {
            await live.RunAsync("COMMIT", cancellation);
        }
        catch (Exception e) when (IsBroken(e) || e is OperationCanceledException)
        {
            // With it ends a transaction that is still open.
            await live.DisposeAsync();
            if (!await IsCommittedAsync(xid))
                throw;
        }
    }

    private async Task<bool> IsCommittedAsync(string xid)
    {
        using var bound = new CancellationTokenSource(Limit, time);
        try
        {
            while (true)
            {
                if (await StatusAsync(xid, bound.Token) is { } status and not "in progress")
                    return status == "committed";
                await Task.Delay(Pace, time, bound.Token);
            }
        }
        catch (OperationCanceledException)
        {
            throw new WorkFailedException(ReturnProblems.Unsettled(xid));
        }
    }

    /// <summary>Null while the server does not answer.</summary>
    private async Task<string?> StatusAsync(string xid, CancellationToken cancellation)
    {
        try
        {
            await using var asking = await connect(cancellation);
            return await asking.ValueAsync<string>(
                new Query("SELECT pg_xact_status($1::text::xid8)", xid), cancellation);
        }
        catch (Exception e) when (IsBroken(e))
        {
            return null;
        }
    }

    private static bool IsBroken(Exception e) =>
        e is NpgsqlException or IOException or SocketException or TimeoutException;
}
