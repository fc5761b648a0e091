using System.Globalization;
using System.Text;
using Npgsql;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Wal;

namespace PgMahout.Postgres.Observation;

/// <summary>
/// Asks a server of the other region for what its agent knows of it: both keep the same roles and passwords, because
/// one is a copy of the other, so nothing but PostgreSQL itself has to be reachable across regions.
/// </summary>
internal static class RegionQuery
{
    /// <summary>A setting of our own in pgmahout.conf; PostgreSQL keeps it and gives it no meaning.</summary>
    public const string TermSetting = "pgmahout.region_term";

    private const string Itself = $"""
        SELECT (SELECT system_identifier FROM pg_control_system()),
               CASE WHEN NOT recovering THEN (pg_current_wal_flush_lsn() - '0/0')::int8 END,
               CASE WHEN NOT recovering THEN pg_walfile_name(pg_current_wal_flush_lsn()) END,
               current_setting('{TermSetting}', true),
               slot.slot_name::text, (slot.restart_lsn - '0/0')::int8, COALESCE(slot.wal_status = 'lost', false)
          FROM (SELECT pg_is_in_recovery() AS recovering OFFSET 0) AS server
          LEFT JOIN pg_replication_slots AS slot ON slot.slot_name = '{Region.SlotName}'
        """;

    /// <summary>Null when it is in recovery.</summary>
    public static async Task<RegionWord?> AskAsync(
        NpgsqlConnection connection, RegionServer server, CancellationToken bound)
    {
        ulong identifier;
        WalPosition written;
        long term;
        Slot? slot = null;
        await using (var command = new NpgsqlCommand(Itself, connection))
        await using (var reader = await command.ExecuteReaderAsync(bound))
        {
            await reader.ReadAsync(bound);
            if (await reader.IsDBNullAsync(1, bound))
                return null;
            identifier = (ulong)reader.GetInt64(0);
            var timeline = new TimelineId(Convert.ToUInt32(reader.GetString(2)[..8], 16));
            written = new WalPosition(timeline, new Lsn((ulong)reader.GetInt64(1)));
            term = await reader.IsDBNullAsync(3, bound) ? 0 : Number(reader.GetString(3));
            if (!await reader.IsDBNullAsync(4, bound))
            {
                Lsn? restart = await reader.IsDBNullAsync(5, bound) ? null : new Lsn((ulong)reader.GetInt64(5));
                slot = new Slot(reader.GetString(4), restart, reader.GetBoolean(6));
            }
        }
        var history = await HistoryAsync(connection, written.Timeline, bound);
        return new RegionWord(term, server, new PostgresState.Primary(
            identifier, written, history, [], SynchronousSet.Nobody, null, slot is null ? [] : [slot]));
    }

    /// <summary>What cannot be read is no answer: a history that seems to lack us would have us rewound.</summary>
    private static async Task<TimelineHistory> HistoryAsync(
        NpgsqlConnection connection, TimelineId timeline, CancellationToken bound)
    {
        if (timeline == TimelineId.First)
            return TimelineHistory.Initial;
        var read = $"SELECT pg_read_binary_file('pg_wal/{timeline.Value:X8}.history')";
        await using var command = new NpgsqlCommand(read, connection);
        return await command.ExecuteScalarAsync(bound) is byte[] text
            && HistoryFile.Parse(Encoding.UTF8.GetString(text), timeline) is { } history
            ? history
            : throw new IOException($"the history of timeline {timeline} is not readable");
    }

    private static long Number(string text) =>
        long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
