using Npgsql;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Undo.Returning;

namespace PgMahout.Undoing;

/// <summary>
/// <c>undo clean</c>: removes what killed runs left, in the home and in the databases of the primary. Every other run
/// does that too, in the database that it works in.
/// </summary>
internal sealed class CleanCommand(Invocation invocation, BackupAccess access)
{
    public async Task<Ending> RunAsync()
    {
        var cleared = UndoPlace.ClearLeftovers(invocation.Home).ToList();
        if (!access.Primary(invocation.Home).TryGet(out var primary, out var failure))
            return failure;
        try
        {
            foreach (var database in await DatabasesAsync(primary))
            {
                var text = new NpgsqlConnectionStringBuilder(primary) { Database = database }.ConnectionString;
                var dropped = await ReturnLeftovers.ClearAsync(
                    () => new NpgsqlConnection(text), invocation.Cancellation);
                if (!dropped.TryGet(out var names))
                    return RepositoryOpening.Translate(ErrorCatalogue.UndoFailed, dropped.Failure!);
                cleared.AddRange(names.Select(name => $"{name} in {database}"));
            }
        }
        catch (NpgsqlException e)
        {
            return new Failure(ErrorCatalogue.NoLeader, "the primary did not answer").Because(e.Message)
                .Leaving("what killed runs left in the home was removed").Try("pgmahout status");
        }
        invocation.Screen.Data(invocation.Screen.IsJson
            ? DocumentJson.Text(
                new UndoCleanDocument(DocumentJson.Schema, [.. cleared]), DocumentJson.Types.UndoCleanDocument)
            : cleared.Count == 0 ? "nothing was left" : $"removed {string.Join(", ", cleared)}");
        return Ending.Ok;
    }

    private async Task<List<string>> DatabasesAsync(string primary)
    {
        await using var connection = new NpgsqlConnection(primary);
        await connection.OpenAsync(invocation.Cancellation);
        await using var command = new NpgsqlCommand(
            "SELECT datname FROM pg_database WHERE datallowconn AND datconnlimit <> -2", connection);
        await using var rows = await command.ExecuteReaderAsync(invocation.Cancellation);
        var names = new List<string>();
        while (await rows.ReadAsync(invocation.Cancellation))
            names.Add(rows.GetString(0));
        return names;
    }
}
