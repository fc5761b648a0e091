using Npgsql;
using PgMahout.Backup.Archiving;
using PgMahout.CommandLine;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Postgres;

namespace PgMahout.Backups;

/// <summary>Has the primary end a segment of WAL, waits until it is archived, and reads it back.</summary>
internal sealed class WalRoundTrip(string primary, OpenRepository opened, ulong systemIdentifier)
{
    // The control file of a promoted server tells its former timeline until its first checkpoint ends: minutes, maybe.
    private const string Switch = """
        SELECT pg_create_restore_point('pgmahout repo check')::text, pg_switch_wal()::text,
               ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int
        """;

    /// <summary>What was seen, in words.</summary>
    public async Task<Outcome<string>> TryAsync(CancellationToken cancellation)
    {
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            var position = await SwitchAsync(cancellation);
            var waited = await new ArchivedWait(primary, opened.Settings).UntilAsync(position, cancellation);
            if (waited.Failure is { } late)
                return new Outcome<string>.Failed(late);
            var took = TimeProvider.System.GetElapsedTime(started);
            var last = new WalPosition(position.Timeline, new Lsn(position.Lsn.Value - 1));
            var archive = new WalArchive(opened.Repository, systemIdentifier);
            var sized = await archive.SegmentSizeAsync(cancellation);
            if (!sized.TryGet(out var size))
                return new Outcome<string>.Failed(sized.Failure!);
            var segment = WalSegment.At(last, size);
            var read = await archive.ReadAsync(segment, new byte[segment.Size], cancellation);
            return read.TryGet(out _)
                ? new Outcome<string>.Done(
                    $"written, read back and removed; WAL up to {position.Lsn} was archived after "
                    + $"{Durations.Text(took)}, and read back")
                : new Outcome<string>.Failed(read.Failure!);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            return new Outcome<string>.Failed(new Problem(
                "primary-silent", "the primary did not end a segment of WAL", e.Message,
                "the repository itself can be written and read", "pgmahout status"));
        }
    }

    private async Task<WalPosition> SwitchAsync(CancellationToken cancellation)
    {
        await using var connection = new NpgsqlConnection(primary);
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(Switch, connection);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        await row.ReadAsync(cancellation);
        return new WalPosition(new TimelineId((uint)row.GetInt32(2)), Lsn.Parse(row.GetString(1)));
    }
}
