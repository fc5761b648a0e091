using System.Collections.Immutable;
using System.Net.Sockets;
using Npgsql;
using Npgsql.Replication;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Instance;

namespace PgMahout.Postgres.Observation;

/// <summary>
/// Asks a running server everything that an observation needs, in one round trip of prepared statements; a standby is
/// asked once more when it is not known, by a replication command, which timeline it has replayed to: nothing else
/// tells. The connections stay open. Ended questions are never cancelled: a stuck one is awaited again, or dropped with
/// its server.
/// </summary>
internal sealed class ServerQuery(InstanceSettings settings) : IAsyncDisposable
{
    /// <summary>
    /// What a running server holds against its files. A value that waits for a restart is listed with an error too, and
    /// is none; what has no file is a line that is there no more.
    /// </summary>
    public const string FileErrors = """
        SELECT concat(files.sourcefile, ' line ', files.sourceline, ': ' || files.name, ': ', error) AS complaint
          FROM pg_file_settings AS files LEFT JOIN pg_settings AS settings ON lower(files.name) = lower(settings.name)
         WHERE error IS NOT NULL AND files.sourcefile IS NOT NULL AND settings.pending_restart IS NOT TRUE
        """;

    // In recovery or not is evaluated once (OFFSET 0 keeps the planner from repeating it), because some functions
    // refuse to answer on the other side of a promotion.
    private const string Itself = """
        SELECT recovering,
               (SELECT system_identifier FROM pg_control_system()),
               (CASE WHEN recovering THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_flush_lsn() END - '0/0')::int8,
               (pg_last_wal_replay_lsn() - '0/0')::int8,
               CASE WHEN NOT recovering THEN pg_walfile_name(pg_current_wal_flush_lsn()) END,
               current_setting('synchronous_standby_names'),
               current_setting('primary_conninfo'),
               receiver.status = 'streaming',
               receiver.received_tli,
               receiver.sender_host,
               receiver.sender_port
          FROM (SELECT pg_is_in_recovery() AS recovering OFFSET 0) AS server
          LEFT JOIN pg_stat_wal_receiver AS receiver ON true
        """;

    private const string Senders = """
        SELECT application_name, state = 'streaming',
               (COALESCE(flush_lsn, '0/0') - '0/0')::int8, (COALESCE(replay_lsn, '0/0') - '0/0')::int8
          FROM pg_stat_replication
        """;

    private const string Slots = """
        SELECT slot_name::text, (restart_lsn - '0/0')::int8, COALESCE(wal_status = 'lost', false)
          FROM pg_replication_slots
         WHERE slot_type = 'physical' AND slot_name ~ '^pgmahout(archive|region)?_'
         ORDER BY slot_name
        """;

    private NpgsqlConnection? _connection;
    private NpgsqlBatch? _batch;
    private PhysicalReplicationConnection? _replication;
    private TimelineId? _replaying;

    /// <summary>Never throws for what a server may answer or how it may fail.</summary>
    public async Task<ServerAnswer> AskAsync()
    {
        var fresh = _connection is null;
        var answer = await TryAskAsync();
        // A kept connection may have been cut for reasons of its own; only a new one tells how the server is.
        return answer is ServerAnswer.Broken && !fresh ? await TryAskAsync() : answer;
    }

    public async ValueTask DisposeAsync()
    {
        var (connection, batch, replication) = (_connection, _batch, _replication);
        (_connection, _batch, _replication) = (null, null, null);
        if (batch is not null)
            await batch.DisposeAsync();
        if (connection is not null)
            await connection.DisposeAsync();
        if (replication is not null)
            await replication.DisposeAsync();
    }

    private async Task<ServerAnswer> TryAskAsync()
    {
        try
        {
            await ConnectAsync();
            return await ReadAsync();
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or IOException or ObjectDisposedException
            or InvalidOperationException or OperationCanceledException)
        {
            await DisposeAsync();
            return IsRefusal(e) ? new ServerAnswer.Refuses() : new ServerAnswer.Broken(e.Message);
        }
    }

    /// <summary>Starting up, shutting down, recovering; or the socket is not there yet.</summary>
    internal static bool IsRefusal(Exception e) => e switch
    {
        PostgresException postgres => postgres.SqlState == PostgresErrorCodes.CannotConnectNow,
        NpgsqlException { InnerException: { } inner } => IsRefusal(inner),
        SocketException socket =>
            socket.SocketErrorCode is SocketError.ConnectionRefused or SocketError.AddressNotAvailable,
        _ => false,
    };

    private async Task ConnectAsync()
    {
        if (_connection is not null)
            return;
        var connection = new NpgsqlConnection(ConnectionText.Local(settings));
        _connection = connection;
        await connection.OpenAsync();
        var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { new(Itself), new(Senders), new(Slots) },
        };
        _batch = batch;
        await batch.PrepareAsync();
    }

    private async Task<ServerAnswer> ReadAsync()
    {
        await using var reader = await _batch!.ExecuteReaderAsync();
        await reader.ReadAsync();
        if (!reader.GetBoolean(0))
            return await ReadPrimaryAsync(reader);
        var identifier = (ulong)reader.GetInt64(1);
        var received = Position(reader, 2);
        var replayed = Position(reader, 3) ?? Lsn.Zero;
        var (names, target) = (reader.GetString(5), reader.GetString(6));
        ReceiverRow? receiver = await reader.IsDBNullAsync(7) ? null : Receiver(reader);
        await reader.NextResultAsync();
        await reader.NextResultAsync();
        var slots = await ReadSlotsAsync(reader);
        var identified = await ReplayedOnAsync(replayed, received, receiver);
        return new ServerAnswer.Standby(identifier, replayed, received, identified, receiver, names, target, slots);
    }

    private static async Task<ServerAnswer> ReadPrimaryAsync(NpgsqlDataReader reader)
    {
        var identifier = (ulong)reader.GetInt64(1);
        var timeline = new TimelineId(Convert.ToUInt32(reader.GetString(4)[..8], 16));
        var written = new WalPosition(timeline, Position(reader, 2) ?? Lsn.Zero);
        var names = reader.GetString(5);
        await reader.NextResultAsync();
        var senders = ImmutableArray.CreateBuilder<SenderRow>();
        while (await reader.ReadAsync())
            senders.Add(new SenderRow(
                reader.GetString(0),
                reader.GetBoolean(1),
                Position(reader, 2) ?? Lsn.Zero,
                Position(reader, 3) ?? Lsn.Zero));
        await reader.NextResultAsync();
        var slots = await ReadSlotsAsync(reader);
        return new ServerAnswer.Primary(identifier, written, names, senders.ToImmutable(), slots);
    }

    private static async Task<ImmutableArray<Slot>> ReadSlotsAsync(NpgsqlDataReader reader)
    {
        var slots = ImmutableArray.CreateBuilder<Slot>();
        while (await reader.ReadAsync())
            slots.Add(new Slot(reader.GetString(0), Position(reader, 1), reader.GetBoolean(2)));
        return slots.ToImmutable();
    }

    /// <summary>
    /// Once replay has reached the timeline that is being received, it stays on it for as long as that one is received:
    /// then there is nothing to ask.
    /// </summary>
    private async Task<WalPosition> ReplayedOnAsync(Lsn replayed, Lsn? received, ReceiverRow? receiver)
    {
        if (receiver is { Streaming: true } streaming && streaming.Timeline == _replaying)
            return new WalPosition(streaming.Timeline, Lsn.Max(replayed, received ?? Lsn.Zero));
        var identified = await IdentifyAsync();
        _replaying = identified.Timeline;
        return identified;
    }

    private async Task<WalPosition> IdentifyAsync()
    {
        if (_replication is null)
        {
            var replication = new PhysicalReplicationConnection(ConnectionText.LocalReplication(settings));
            _replication = replication;
            await replication.Open();
        }
        var identity = await _replication.IdentifySystem();
        return new WalPosition(new TimelineId(identity.Timeline), new Lsn((ulong)identity.XLogPos));
    }

    private static ReceiverRow Receiver(NpgsqlDataReader reader) =>
        new(reader.GetBoolean(7),
            new TimelineId(reader.IsDBNull(8) ? 0 : (uint)reader.GetInt32(8)),
            reader.IsDBNull(9) ? "" : reader.GetString(9),
            reader.IsDBNull(10) ? 0 : reader.GetInt32(10));

    private static Lsn? Position(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : new Lsn((ulong)reader.GetInt64(column));
}
