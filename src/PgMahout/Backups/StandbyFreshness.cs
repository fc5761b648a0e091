using Npgsql;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;

namespace PgMahout.Backups;

/// <summary>
/// A backup of a standby begins at its last restartpoint, and that may be older than the archive. Then the primary
/// makes a checkpoint first, so that the standby can make a restartpoint of it.
/// </summary>
internal sealed class StandbyFreshness(string source, string primary)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <param name="isEnough">Whether the archive has all WAL from there on.</param>
    public async Task<Problem?> EnsureAsync(Func<Lsn, bool> isEnough, CancellationToken cancellation)
    {
        try
        {
            await using var standby = new NpgsqlConnection(source);
            await standby.OpenAsync(cancellation);
            if (await IsPrimaryAsync(standby, cancellation))
                return null;
            var redo = await LsnAsync(standby, "SELECT redo_lsn::text FROM pg_control_checkpoint()", cancellation);
            if (redo is { } start && isEnough(start))
                return null;
            await using var leader = new NpgsqlConnection(primary);
            await leader.OpenAsync(cancellation);
            await using (var checkpoint = new NpgsqlCommand("CHECKPOINT", leader))
                await checkpoint.ExecuteNonQueryAsync(cancellation);
            var made = await LsnAsync(leader, "SELECT checkpoint_lsn::text FROM pg_control_checkpoint()", cancellation);
            return await HasReplayedAsync(standby, made ?? Lsn.Zero, cancellation) ? null : Late();
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            return new Problem(
                "backup-source", "the server to be backed up does not do what is needed", e.Message,
                "nothing was copied", "pgmahout status");
        }
    }

    private static async Task<bool> HasReplayedAsync(
        NpgsqlConnection standby, Lsn checkpoint, CancellationToken cancellation)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < Limit)
        {
            if (await LsnAsync(standby, "SELECT pg_last_wal_replay_lsn()::text", cancellation) > checkpoint)
                return true;
            await Task.Delay(Pace, cancellation);
        }
        return false;
    }

    private static async Task<bool> IsPrimaryAsync(NpgsqlConnection server, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("SELECT NOT pg_is_in_recovery()", server);
        return await command.ExecuteScalarAsync(cancellation) is true;
    }

    private static async Task<Lsn?> LsnAsync(NpgsqlConnection server, string query, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(query, server);
        return Lsn.TryParse(await command.ExecuteScalarAsync(cancellation) as string, out var lsn) ? lsn : null;
    }

    private static Problem Late() => new(
        "backup-source",
        "the standby did not replay the primary's checkpoint in time",
        $"{Limit.TotalSeconds} s were waited",
        "nothing was copied",
        "back up the leader instead: pgmahout backup now --member NAME");
}
