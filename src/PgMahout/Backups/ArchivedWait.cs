using Npgsql;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;

namespace PgMahout.Backups;

/// <summary>
/// Waits until the archive has confirmed WAL up to a position. The primary knows that of the slot through which the
/// archiver reads.
/// </summary>
internal sealed class ArchivedWait(string primary, RepositorySettings repository)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    public async Task<Outcome> UntilAsync(WalPosition position, CancellationToken cancellation)
    {
        var started = TimeProvider.System.GetTimestamp();
        var why = "";
        while (TimeProvider.System.GetElapsedTime(started) < Limit)
        {
            try
            {
                await using var connection = new NpgsqlConnection(primary);
                await connection.OpenAsync(cancellation);
                if (await WatchAsync(connection, position.Lsn, started, cancellation))
                    return Outcome.Success;
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
            {
                why = e.Message;
            }
            await Task.Delay(Pace, cancellation);
        }
        return new Outcome.Failed(new Problem(
            "wal-not-archived",
            $"WAL up to {position} did not arrive in repository {repository.Name} within {Limit.TotalMinutes} min",
            why.Length > 0 ? why : $"slot {repository.SlotName} of the primary has not got there",
            "the copied files stay, and the next backup uses them",
            "see what the archiver says: pgmahout status"));
    }

    /// <summary>Until it has everything that is written now: from here on nothing can be missing.</summary>
    public async Task<Outcome> UntilNowAsync(CancellationToken cancellation)
    {
        var read = await WrittenWal.ReadAsync(primary, cancellation);
        return read.TryGet(out var written)
            ? await UntilAsync(written, cancellation)
            : new Outcome.Failed(read.Failure!);
    }

    private async Task<bool> WatchAsync(
        NpgsqlConnection connection, Lsn wanted, long started, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            "SELECT restart_lsn::text FROM pg_replication_slots WHERE slot_name = $1", connection)
        {
            Parameters = { new NpgsqlParameter { Value = repository.SlotName } },
        };
        while (TimeProvider.System.GetElapsedTime(started) < Limit)
        {
            if (Lsn.TryParse(await command.ExecuteScalarAsync(cancellation) as string, out var confirmed)
                && confirmed >= wanted)
                return true;
            await Task.Delay(Pace, cancellation);
        }
        return false;
    }
}
