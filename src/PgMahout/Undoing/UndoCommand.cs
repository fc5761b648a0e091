using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Errors;
using PgMahout.Hosts;
using PgMahout.Output;
using PgMahout.Starting;
using PgMahout.Undo.Past;
using PgMahout.Undo.Returning;

namespace PgMahout.Undoing;

/// <summary>
/// Brings something lost back into the running cluster: finds it, makes a server of just before, and takes it from
/// there. Whatever goes wrong, the cluster is as it was and the server of the past is removed.
/// </summary>
internal sealed class UndoCommand(Invocation invocation, BackupAccess access)
{
    private Screen Screen => invocation.Screen;

    private CancellationToken Cancellation => invocation.Cancellation;

    public async Task<Ending> RunAsync(UndoOrder order)
    {
        var clock = new UndoClock();
        if ((HostHome.WhyNotLetIn(invocation.Home, access.Spec, "undo") ?? WhyNot(order)) is { } cannot)
            return cannot;
        if (!Preflight.FindHost().TryGet(out var host, out var failure))
            return await HostHome.WhereInstead(failure, invocation, "undo");
        if (!access.Primary(invocation.Home).TryGet(out var primary, out failure))
            return failure;
        var opened = await UndoSession.OpenAsync(invocation, access, order.Repository, fresh: true);
        if (!opened.TryGet(out var session, out failure))
            return failure;
        await using var closing = session;
        if (!(await new UndoPlanning(session, order).PlanAsync(Cancellation)).TryGet(out var plans, out failure))
            return failure;
        clock.Found();
        var run = new PastRun(invocation, session, host);
        foreach (var (number, plan) in plans.Index())
        {
            using var place = UndoPlace.Take(invocation.Home, host.Account);
            var request = run.Request(plan.Restore, plan.Needs, place);
            if (!(await run.CostAsync(request)).TryGet(out var cost, out failure))
                return failure;
            if (number == 0)
                Screen.Note(UndoText.Plan(plans[^1], cost, order, plans.Length - 1));
            if (order.DryRun)
                return Say(plans[^1], cost, null, session, (null, clock));
            if (number == 0 && Confirmation.YesUnlessAgreed(invocation, "Bring it back?") is { } declined)
                return declined;
            if (!(await run.StartAsync(request with { Backup = cost.Backup })).TryGet(out var past, out failure))
                return failure;
            await using var running = past;
            clock.Ready(past.Measure);
            var returning = new UndoReturning(invocation, order, primary, access.Spec.Members);
            if (!(await returning.FindAsync(past, plan)).TryGet(out var wanted, out failure))
                return failure;
            if (wanted.IsEmpty && order.Kind != UndoKind.Database)
                continue;
            if (!(await returning.ReturnAsync(past, plan, wanted, place)).TryGet(out var returned, out failure))
                return failure;
            clock.Returned();
            return Say(plan, cost, returned, session, (place, clock));
        }
        return new Failure(ErrorCatalogue.NotLost, $"no loss of '{order.Name.Text}' was found")
            .Because($"the catalogs as of just before {string.Join(", ", plans.Select(plan => plan.Loss.At))} were "
                + "looked into, where it might have been")
            .Try("pgmahout undo list --all");
    }

    private static Failure? WhyNot(UndoOrder order) => order switch
    {
        { Kind: UndoKind.Database, ToFile: not null } =>
            new Failure(ErrorCatalogue.Usage, "a whole database is not written to a file")
                .Try("pgmahout at TIME psql -d DB"),
        _ => null,
    };

    private Ending Say(
        UndoPlan plan, PastCost cost, Returned? returned, UndoSession session, (UndoPlace? Place, UndoClock Clock) at)
    {
        if (Screen.IsJson)
            Screen.Data(DocumentJson.Text(
                Document(plan, cost, returned, session, at), DocumentJson.Types.UndoDocument));
        else
            Screen.Data(returned is null ? "nothing was changed: --dry-run" : UndoText.Of(returned, at.Clock.Total));
        return Ending.Ok;
    }

    private static UndoDocument Document(
        UndoPlan plan, PastCost cost, Returned? returned, UndoSession session,
        (UndoPlace? Place, UndoClock Clock) at) => new(
            DocumentJson.Schema,
            at.Place?.Id,
            UndoListCommand.Document(plan.Loss, session),
            [.. plan.Relations.Select(one => one.Text)],
            plan.Restore.Backup.Id.Text,
            cost.Replay,
            cost.Files,
            cost.Space,
            [.. (returned?.Tables ?? []).Select(table =>
                new UndoneTableDocument(table.Name, table.Rows, table.Bytes, table.Checksum))],
            returned?.Objects ?? [],
            [.. (returned?.Unproven ?? []).Select(key =>
                new UnprovenDocument(key.Table, key.Constraint, key.Rows, key.Examples))],
            returned?.Warnings ?? [],
            returned is null ? null : at.Clock.Document);
}
