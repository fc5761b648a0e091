using System.Globalization;
using System.Net.Sockets;
using Npgsql;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Drills;

/// <summary>
/// One connection of a client that speaks to one server directly. Nothing is pooled, and nothing is asked of the server
/// but what a client would.
/// </summary>
internal sealed class CanaryConnection : IAsyncDisposable
{
    private const string Probe =
        "select case when pg_is_in_recovery() then '' "
        + "else substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) end";

    private readonly NpgsqlConnection _connection;

    internal CanaryConnection(MemberName member, NpgsqlConnection connection)
    {
        Member = member;
        _connection = connection;
    }

    public MemberName Member { get; }

    /// <summary>The server's timeline when it was last seen to be a primary; null before.</summary>
    public TimelineId? Timeline { get; private set; }

    /// <summary>What a client must expect of a server that dies, starts or changes its role.</summary>
    public static bool IsExpected(Exception failure) =>
        failure is NpgsqlException or SocketException or IOException or TimeoutException or OperationCanceledException
            or InvalidOperationException or ObjectDisposedException;

    public async Task<bool> IsPrimaryAsync(CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Probe, _connection);
        var hex = (string?)await command.ExecuteScalarAsync(cancellation);
        Timeline = string.IsNullOrEmpty(hex)
            ? null
            : new TimelineId(uint.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        return Timeline is not null;
    }

    /// <summary>Returns once the server has confirmed the row.</summary>
    public async Task InsertAsync(int run, long sequence, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(CanaryTable.Insert, _connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = run });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = sequence });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    public async Task ExecuteAsync(string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    public async Task<List<long>> ReadSequencesAsync(int run, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(CanaryTable.Select, _connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = run });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var sequences = new List<long>();
        while (await reader.ReadAsync(cancellation))
            sequences.Add(reader.GetInt64(0));
        return sequences;
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
