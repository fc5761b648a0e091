using System.Collections.Immutable;
using Npgsql;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Undo;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Undoing;

/// <summary>What <c>undo guard</c> was told to do.</summary>
internal abstract record GuardOrder
{
    private GuardOrder() { }

    public sealed record Look : GuardOrder;

    /// <param name="Above">Null: only who drops is written.</param>
    public sealed record On(ByteSize? Above) : GuardOrder;

    public sealed record Off : GuardOrder;
}

/// <summary>
/// <c>undo guard</c>: puts the drop guard into databases, takes it away, and says where it is. New databases get what
/// <c>template1</c> has.
/// </summary>
internal sealed class GuardCommand(Invocation invocation, BackupAccess access)
{
    // The triggers that are put there must not look at how they are put there.
    private const string Session =
        "SET session_replication_role = replica; SET client_min_messages = error; SET lock_timeout = '10s'; ";

    private Screen Screen => invocation.Screen;

    /// <param name="database">Null: all of them.</param>
    public async Task<Ending> RunAsync(GuardOrder order, string? database)
    {
        if (!access.Primary(invocation.Home).TryGet(out var primary, out var failure))
            return failure;
        var done = new List<string>();
        try
        {
            var all = await LiveDatabases.AllAsync(primary, invocation.Cancellation);
            var names = all.Select(one => one.Name).Where(name => database is null || name == database).ToList();
            if (names.Count == 0)
                return new Failure(ErrorCatalogue.Usage, $"there is no database '{database}'")
                    .Because($"the databases are {string.Join(", ", all.Select(one => one.Name))}");
            var found = ImmutableArray.CreateBuilder<GuardedDatabaseDocument>();
            foreach (var name in names)
            {
                found.Add(await DoAsync(order, LiveDatabases.Into(primary, name), name));
                done.Add(name);
            }
            Say(found.ToImmutable());
            return Ending.Ok;
        }
        catch (NpgsqlException e)
        {
            return new Failure(ErrorCatalogue.UndoFailed, "the drop guard could not be asked or changed")
                .Because(e.Message)
                .Leaving(done.Count == 0 ? "nothing was changed" : $"done in {string.Join(", ", done)}")
                .Try("pgmahout undo guard status");
        }
    }

    private async Task<GuardedDatabaseDocument> DoAsync(GuardOrder order, string connectionText, string name)
    {
        await using var connection = new NpgsqlConnection(connectionText);
        await connection.OpenAsync(invocation.Cancellation);
        var script = order switch
        {
            GuardOrder.On on => DropGuard.On(on.Above),
            GuardOrder.Off => DropGuard.Off,
            GuardOrder.Look => null,
            _ => throw new InvalidOperationException($"unknown order {order}"),
        };
        if (script is not null)
        {
            // One script is one transaction.
            await using var change = new NpgsqlCommand(Session + script, connection);
            await change.ExecuteNonQueryAsync(invocation.Cancellation);
        }
        await using var command = new NpgsqlCommand(DropGuard.Status, connection);
        await using var row = await command.ExecuteReaderAsync(invocation.Cancellation);
        if (!await row.ReadAsync(invocation.Cancellation))
            return new GuardedDatabaseDocument(name, "off", null);
        return row.IsDBNull(0)
            ? new GuardedDatabaseDocument(name, "who", null)
            : new GuardedDatabaseDocument(name, "keep", row.GetInt64(0));
    }

    private void Say(ImmutableArray<GuardedDatabaseDocument> databases)
    {
        string[] Row(GuardedDatabaseDocument one) =>
            [one.Name, one.Guard, one.AboveBytes is { } bytes ? new ByteSize(bytes).ToString() : "-"];
        switch (Screen.Format)
        {
            case OutputFormat.Json:
                Screen.Data(DocumentJson.Text(
                    new GuardDocument(DocumentJson.Schema, databases), DocumentJson.Types.GuardDocument));
                break;
            case OutputFormat.Plain:
                foreach (var one in databases)
                    Screen.Data(Columns.Tabbed(Row(one)));
                break;
            case OutputFormat.Human:
                Screen.Data(Columns.Align([["DATABASE", "GUARD", "KEEPS FROM"], .. databases.Select(Row)]));
                break;
        }
    }
}
