using System.Collections.Immutable;
using PgMahout.Backups;
using PgMahout.Core.Undo;
using PgMahout.Errors;
using PgMahout.Restoring;
using PgMahout.Undo.Finding;

namespace PgMahout.Undoing;

/// <summary>From what was asked for to one loss and the way back to before it. Changes nothing.</summary>
internal sealed class UndoPlanning(UndoSession session, UndoOrder order)
{
    /// <summary>
    /// A name that no snapshot knows is looked for in so many of the newest drops of things without a name, and in as
    /// many of others, which may have been renamed.
    /// </summary>
    private const int MostLookedInto = 3;

    /// <summary>
    /// One plan, or where the name is not known yet, several: the first in which the name turns out to be is meant.
    /// </summary>
    public async Task<Attempt<ImmutableArray<UndoPlan>>> PlanAsync(CancellationToken cancellation)
    {
        var since = TimeProvider.System.GetUtcNow() - order.Since;
        var read = await session.Reader.SinceAsync(since, cancellation);
        if (!read.TryGet(out var found))
            return RepositoryOpening.Translate(ErrorCatalogue.WalUnreadable, read.Failure!);
        switch (Choose(found.Losses))
        {
            case LossChoice.Several several:
                return new Failure(ErrorCatalogue.LossAmbiguous, $"'{order.Name.Text}' fits different things")
                    .Because(string.Join(", ", several.Names))
                    .Try([.. several.Names.Select(name => $"pgmahout undo {Word} {name}")]);
            case LossChoice.Found one:
                var (nearer, _) = await PlanUnnamedAsync(one.Nearer.Take(MostLookedInto), cancellation);
                return (await PlanAsync(one.Loss, one.Relations, one.Others, cancellation))
                    .TryGet(out var plan, out var failure) ? nearer.Add(plan) : failure;
            case LossChoice.NotFound none:
                var (plans, why) = await PlanUnnamedAsync(
                    none.Unnamed.Take(MostLookedInto).Concat(none.Named.Take(MostLookedInto))
                        .OrderByDescending(loss => loss.At),
                    cancellation);
                return plans.IsEmpty ? why ?? NotFound(found) : plans;
            case var other:
                throw new InvalidOperationException($"unknown choice {other}");
        }
    }

    private string Word => order.Kind switch
    {
        UndoKind.Drop => "drop",
        UndoKind.Truncate => "truncate",
        UndoKind.Schema => "schema",
        UndoKind.Database => "database",
    };

    private LossChoice Choose(ImmutableArray<Loss> losses) => order.Kind switch
    {
        UndoKind.Drop => LossChoosing.Table(losses, order.Name, order.Pick, LossCause.Dropped),
        // Version 14 does not tell TRUNCATE from what else writes a table anew; the user does.
        UndoKind.Truncate => LossChoosing.Table(
            losses, order.Name, order.Pick, LossCause.Truncated, LossCause.Rewritten),
        UndoKind.Schema => LossChoosing.Schema(losses, order.Name, order.Pick),
        UndoKind.Database => LossChoosing.Database(losses, order.Name.Text, order.Pick),
    };

    private Failure NotFound(ReadLosses found) =>
        new Failure(ErrorCatalogue.NotLost, $"no loss of '{order.Name.Text}' was found")
            .Because($"WAL from {found.From} to {found.To} was looked through, which has {found.Losses.Length} losses "
                + "of other things")
            .Try("pgmahout undo list --all", $"pgmahout undo {Word} {order.Name.Text} --since 30d");

    /// <summary>Those that can be looked into, and why the nearest of the others cannot.</summary>
    private async Task<(ImmutableArray<UndoPlan> Plans, Failure? Why)> PlanUnnamedAsync(
        IEnumerable<Loss> unnamed, CancellationToken cancellation)
    {
        var plans = ImmutableArray.CreateBuilder<UndoPlan>();
        Failure? why = null;
        foreach (var loss in unnamed)
        {
            if ((await PlanAsync(loss, [], [], cancellation)).TryGet(out var plan, out var failure))
                plans.Add(plan);
            else
                why ??= failure;
        }
        return (plans.ToImmutable(), why);
    }

    private async Task<Attempt<UndoPlan>> PlanAsync(
        Loss loss, ImmutableArray<LostRelation> relations, ImmutableArray<Loss> others,
        CancellationToken cancellation)
    {
        if (session.PlanFor(loss) is not { } restore)
            return new Failure(ErrorCatalogue.UndoRefused, $"nothing reaches {loss.StopBefore}, just before the loss")
                .Because(session.Seen.Windows.IsEmpty
                    ? "no backup in the repository can be restored"
                    : "any commit of these can be reached: "
                        + string.Join("; ", session.Seen.Windows.Select(RestoreText.Of)))
                .Try("pgmahout backup list");
        if (relations.Any(one => one.Named?.Relation.Persistence == 'u')
            && relations.All(one => one.Named?.Relation.Persistence is 'u'))
            return new Failure(ErrorCatalogue.UndoRefused, $"{relations[0].Text} was UNLOGGED: its rows are nowhere")
                .Because("what is written to an unlogged table is not in WAL, and no backup has it")
                .Try("pgmahout at TIME psql    (shows how it was defined)");
        if (await session.RefuseTablespacesAsync(restore, cancellation) is { } moved)
            return moved;
        var around = await session.Reader.Names.AroundAsync(loss.StopBefore, after: false, cancellation);
        if (!around.TryGet(out var names))
            return RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, around.Failure!);
        // What depended on a table comes with it, so all that this transaction took is at hand.
        var tables = order.Kind == UndoKind.Database
            ? null
            : loss.Relations.Where(one => one.Oid != 0).Select(one => one.Oid).ToImmutableSortedSet();
        return new UndoPlan(
            loss, relations, others, restore, new NeededFiles(names.Before, loss.Database.Oid, tables));
    }
}
