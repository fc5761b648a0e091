using Npgsql;

namespace PgMahout.Undoing;

/// <summary>
/// A table of a drill, and the one who writes to it: rows 1, 2, 3 …, each in a transaction of its own, with a content
/// that follows from the number.
/// </summary>
internal sealed class DrillTable(string primary, string name, int rows)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(2);

    private long _acknowledged;
    private long _tried;

    public string Name => name;

    /// <summary>All rows up to this one were confirmed.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    public async Task CreateAsync(CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(
            $"CREATE TABLE {name} (id bigint PRIMARY KEY, note text NOT NULL); "
            + $"INSERT INTO {name} SELECT i, md5(i::text) FROM generate_series(1, {rows}) AS i", connection);
        await command.ExecuteNonQueryAsync(cancellation);
        _acknowledged = _tried = rows;
    }

    /// <summary>Until it is cancelled, or the table is gone.</summary>
    public async Task WriteAsync(CancellationToken cancellation)
    {
        try
        {
            await using var connection = await OpenAsync(cancellation);
            await using var command = new NpgsqlCommand(
                $"INSERT INTO {name} VALUES ($1, md5($1::text))", connection);
            var id = command.Parameters.Add(new NpgsqlParameter<long>());
            while (!cancellation.IsCancellationRequested)
            {
                id.Value = Interlocked.Increment(ref _tried);
                await command.ExecuteNonQueryAsync(CancellationToken.None);
                Interlocked.Increment(ref _acknowledged);
                await Task.Delay(Pace, cancellation);
            }
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            // It was dropped.
        }
        catch (OperationCanceledException)
        {
            // It is enough.
        }
    }

    public async Task ReachesAsync(long wanted, CancellationToken cancellation)
    {
        while (Acknowledged < wanted)
            await Task.Delay(Pace, cancellation);
    }

    /// <summary>Acknowledged rows that are missing, and rows that nobody wrote like this.</summary>
    public async Task<(long Missing, long Wrong)> CompareAsync(CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(
            $"SELECT count(*) FILTER (WHERE id <= $1), count(*) FILTER (WHERE id > $2 OR note <> md5(id::text)) "
            + $"FROM {name}", connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Acknowledged });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Interlocked.Read(ref _tried) });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        await row.ReadAsync(cancellation);
        return (Acknowledged - row.GetInt64(0), row.GetInt64(1));
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellation)
    {
        var connection = new NpgsqlConnection(primary);
        await connection.OpenAsync(cancellation);
        return connection;
    }
}
