using System.Collections.Immutable;
using Npgsql;
using NpgsqlTypes;

namespace PgMahout.Undo.Returning;

internal static class Sql
{
    public static async Task<NpgsqlConnection> OpenAsync(
        Func<NpgsqlConnection> make, string settings, CancellationToken cancellation)
    {
        var connection = make();
        try
        {
            await connection.OpenAsync(cancellation);
            await connection.RunAsync(settings, cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public static async Task RunAsync(this NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Each as it is, in one go: nothing looks for semicolons in them.</summary>
    public static async Task RunAllAsync(
        this NpgsqlConnection connection, IReadOnlyCollection<string> statements, CancellationToken cancellation)
    {
        if (statements.Count == 0)
            return;
        await using var batch = new NpgsqlBatch(connection) { Timeout = 0 };
        foreach (var statement in statements)
            batch.BatchCommands.Add(new NpgsqlBatchCommand(statement));
        await batch.ExecuteNonQueryAsync(cancellation);
    }

    public static async Task<ImmutableArray<T>> RowsAsync<T>(
        this NpgsqlConnection connection, Query query, Func<NpgsqlDataReader, T> read, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(query.Text, connection) { CommandTimeout = 0 };
        foreach (var argument in query.Arguments)
            command.Parameters.Add(Parameter(argument));
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var rows = ImmutableArray.CreateBuilder<T>();
        while (await reader.ReadAsync(cancellation))
            rows.Add(read(reader));
        return rows.ToImmutable();
    }

    public static async Task<T> ValueAsync<T>(
        this NpgsqlConnection connection, Query query, CancellationToken cancellation) =>
        (await connection.RowsAsync(query, row => row.GetFieldValue<T>(0), cancellation))[0];

    public static ImmutableArray<string> Texts(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? [] : [.. row.GetFieldValue<string[]>(column)];

    public static string? TextOrNull(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);

    private static NpgsqlParameter Parameter(object argument) => argument is uint[]
        ? new NpgsqlParameter { Value = argument, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Oid }
        : new NpgsqlParameter { Value = argument };
}

/// <param name="Arguments">For $1, $2, …</param>
internal sealed record Query(string Text, params object[] Arguments)
{
    public static implicit operator Query(string text) => new(text);
}
