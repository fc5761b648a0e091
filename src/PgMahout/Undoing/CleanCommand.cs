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
            foreach (var (_, database) in await LiveDatabases.AllAsync(primary, invocation.Cancellation))
            {
                var text = LiveDatabases.Into(primary, database);
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
}
