using System.Collections.Immutable;
using Npgsql;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Undo;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Hosts;
using PgMahout.Output;
using PgMahout.Starting;
using PgMahout.Undo.Past;
using PgMahout.Undo.Returning;

namespace PgMahout.Undoing;

/// <summary>
/// <c>undo rows</c>: puts a table as of then beside the one of now, says how their rows differ, and makes chosen ones
/// what they were.
/// </summary>
internal sealed class RowsCommand(Invocation invocation, BackupAccess access, RowsOrder order)
{
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(10);

    private readonly long _started = TimeProvider.System.GetTimestamp();

    private Screen Screen => invocation.Screen;

    private CancellationToken Cancellation => invocation.Cancellation;

    public async Task<Ending> RunAsync()
    {
        if (order.As is { } name && WantedName.Parse(name) is not { Parts.Length: < 3 })
            return new Failure(ErrorCatalogue.Usage, $"'{name}' is no name for a table").Try("--as schema.name");
        if (HostHome.WhyNotLetIn(invocation.Home, access.Spec, "undo rows") is { } elsewhere)
            return elsewhere;
        if (!Preflight.FindHost().TryGet(out var host, out var failure))
            return await HostHome.WhereInstead(failure, invocation, "undo rows");
        if (!access.Primary(invocation.Home).TryGet(out var primary, out failure))
            return failure;
        if (!(await LiveTable.FindAsync(primary, order.Name, Cancellation)).TryGet(out var table, out failure))
            return failure;
        if (table.Persistence == 'u')
            return new Failure(ErrorCatalogue.UndoRefused, $"{table.Text} is UNLOGGED: rows of the past are nowhere")
                .Because("what is written to an unlogged table is not in WAL, and no backup has it");
        var opened = await UndoSession.OpenAsync(invocation, access, order.Repository, fresh: true);
        if (!opened.TryGet(out var session, out failure))
            return failure;
        await using var closing = session;
        var planned = await session.Source.PlanAsync(
            order.Target, (null, null), TimeProvider.System.GetUtcNow(), Cancellation);
        if (!planned.TryGet(out var plan, out failure))
            return failure;
        var found = new RowsCase(table, plan, order.Copy(table, plan), LiveDatabases.Into(primary, table.Database));
        return await RunAsync(session, host, found);
    }

    private async Task<Ending> RunAsync(UndoSession session, Host host, RowsCase at)
    {
        var copy = new RowsCopy(at.Connect, at.Table.Oid, at.Point, at.Copy);
        if (!Answer(await copy.ExistsAsync(Cancellation)).TryGet(out var exists, out var failure))
            return failure;
        if (exists)
            Screen.Note($"{at.CopyText} stands there already, as of {at.Point.Lsn}");
        else if (await MakeAsync(session, host, at) is { } ended)
            return ended;
        if (order.DryRun && !exists)
            return Say(at, null, null, stays: false);
        if (!exists && !Answer(await copy.MarkAsync(Cancellation)).TryGet(out _, out failure))
            return failure;
        var rows = new RowsRun(at.Connect, (at.Table.Schema, at.Table.Name), at.Copy);
        if (!Answer(await rows.CompareAsync(Cancellation)).TryGet(out var diff, out failure))
            return failure.Leaving(Kept(at));
        if (!Screen.IsJson)
            Screen.Data(RowsText.Diff(diff));
        var (applied, refused) = await ApplyAsync(rows, diff);
        if (refused is not null)
            return refused.Leaving(Kept(at));
        var drops = order is { DropCopy: true, DryRun: false };
        if (drops && !Answer(await copy.DropAsync(Cancellation)).TryGet(out _, out failure))
            return failure.Leaving(Kept(at));
        return Say(at, diff, applied, stays: !drops);
    }

    private static string Kept(RowsCase at) => $"{at.CopyText} stands beside the table, which is as it was";

    /// <returns>Null when the copy stands there, or, with --dry-run, was planned.</returns>
    private async Task<Ending?> MakeAsync(UndoSession session, Host host, RowsCase at)
    {
        if (await session.RefuseTablespacesAsync(at.Plan, Cancellation) is { } moved)
            return moved;
        var around = await session.Reader.Names.AroundAsync(at.Point.Lsn, after: false, Cancellation);
        if (!around.TryGet(out var names))
            return RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, around.Failure!);
        var run = new PastRun(invocation, session, host);
        using var place = UndoPlace.Take(invocation.Home, host.Account);
        var needs = new NeededFiles(names.Before, at.Table.DatabaseOid, Family(names.Before, at.Table));
        var request = run.Request(at.Plan, needs, place);
        if (!(await run.CostAsync(request)).TryGet(out var cost, out var failure))
            return failure;
        Screen.Note(RowsText.Plan(at.Plan, order.Target, cost, (at.Table.Text, at.CopyText)));
        if (order.DryRun)
            return null;
        if (Confirmation.YesUnlessAgreed(invocation, "Make it?") is { } declined)
            return declined;
        if (!(await run.StartAsync(request with { Backup = cost.Backup })).TryGet(out var past, out failure))
            return failure;
        await using var running = past;
        var database = names.Before?.Database(at.Table.DatabaseOid)?.Name ?? at.Table.Database;
        var returning = new ReturnRun(Request(past, database, at, place), TimeProvider.System);
        var ended = await ProgressLine.ShowAsync(Screen, returning.Progress, returning.RunAsync(Cancellation));
        if (!ended.TryGet(out var returned))
            return UndoReturning.Translate(ended.Failure!);
        foreach (var warning in returned.Warnings)
            Screen.Note($"note: {warning}");
        return null;
    }

    private ReturnRequest Request(PastServer past, string database, RowsCase at, UndoPlace place) => new()
    {
        Id = place.Id,
        Source = new ReturnSource(
            past.Server, database, past.Request.Programs, past.Request.Account, past.Request.Place.Workspace),
        Live = at.Connect,
        Disks = new LiveDisks(invocation.Home, access.Spec.Members).ReadAsync,
        Relations = [at.Table.Oid],
        As = at.CopyText,
        Apart = true,
        Jobs = order.Jobs ?? Math.Clamp(Environment.ProcessorCount, 1, 8),
    };

    /// <summary>The table, and the partitions that it had.</summary>
    private static ImmutableSortedSet<uint> Family(Core.Catalog.CatalogNames? names, LiveTable table)
    {
        var all = new SortedSet<uint> { table.Oid };
        if (names?.Database(table.DatabaseOid) is { } database)
            while (database.Relations.Any(one => all.Contains(one.PartitionOf) && all.Add(one.Oid)))
            {
                // Each turn finds one more.
            }
        return [.. all];
    }

    private async Task<(RowsApplied? Applied, Failure? Refused)> ApplyAsync(RowsRun rows, RowsDiff diff)
    {
        if (order.Apply == RowClasses.None)
            return (null, null);
        if (diff.Of(order.Apply) == 0)
            return (new RowsApplied(0, 0, 0), null);
        Screen.Note(RowsText.Intention(diff, order.Apply));
        if (order.DryRun)
            return (null, null);
        if (Confirmation.YesUnlessAgreed(invocation, "Apply it?") is { } declined)
            return (null, declined);
        return Answer(await rows.ApplyAsync(order.Apply, LockLimit, Cancellation)).TryGet(out var applied, out var why)
            ? (applied, null)
            : (null, why);
    }

    private Ending Say(RowsCase at, RowsDiff? diff, RowsApplied? applied, bool stays)
    {
        var took = TimeProvider.System.GetElapsedTime(_started);
        if (!Screen.IsJson)
            Screen.Data(diff is null
                ? "nothing was changed: --dry-run"
                : RowsText.End(applied, at.Copy, stays, took));
        else
            Screen.Data(DocumentJson.Text(
                new RowsDocument(
                    DocumentJson.Schema, at.Table.Text, at.CopyText, stays, at.Point.Lsn.ToString(),
                    at.Plan.Backup.Id.Text,
                    diff is null ? null : new RowClassDocument(diff.Missing, diff.Examples.Missing),
                    diff is null ? null : new RowClassDocument(diff.Changed, diff.Examples.Changed),
                    diff is null ? null : new RowClassDocument(diff.New, diff.Examples.New),
                    diff?.Same, diff?.Reaches ?? [],
                    applied is null
                        ? null
                        : new RowsAppliedDocument(applied.Inserted, applied.Updated, applied.Deleted),
                    Math.Round(took.TotalSeconds, 3)),
                DocumentJson.Types.RowsDocument));
        return Ending.Ok;
    }

    private static Attempt<T> Answer<T>(Postgres.Outcome<T> outcome) =>
        outcome.TryGet(out var value) ? value : UndoReturning.Translate(outcome.Failure!);

    /// <param name="Copy">Where the table as of then stands.</param>
    private sealed record RowsCase(
        LiveTable Table, RestorePlan Plan, (string Schema, string Name) Copy, string Connection)
    {
        public string CopyText => $"{Core.Undo.Returning.SqlName.Plain(Copy.Schema)}."
            + Core.Undo.Returning.SqlName.Plain(Copy.Name);

        public WalPosition Point => new(Plan.Line.Current, Plan.Target.Stop ?? Plan.Reach);

        public NpgsqlConnection Connect() => new(Connection);
    }
}
