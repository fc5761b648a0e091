using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Undo;

/// <summary>Which of several losses is meant; what is null is not said.</summary>
/// <param name="Since">The first one at or after this moment: things as they were then.</param>
/// <param name="At">The one whose COMMIT is here.</param>
public sealed record LossPick(DateTimeOffset? Since, Lsn? At)
{
    public static readonly LossPick Latest = new(null, null);
}

/// <summary>What a name stands for.</summary>
public abstract record LossChoice
{
    private LossChoice() { }

    /// <param name="Relations">Of the loss, those that are meant.</param>
    /// <param name="Others">Losses of the same name that were not chosen, the newest first.</param>
    /// <param name="Nearer">
    /// Losses that would be meant instead if the name were in them, which is not known: the nearest one first.
    /// </param>
    public sealed record Found(
        Loss Loss, ImmutableArray<LostRelation> Relations, ImmutableArray<Loss> Others, ImmutableArray<Loss> Nearer)
        : LossChoice;

    /// <summary>Different things fit the name: which is meant is for the user to say.</summary>
    /// <param name="Names">Full ones.</param>
    public sealed record Several(ImmutableArray<string> Names) : LossChoice;

    /// <param name="Unnamed">Losses, the newest first, of which something has no known name: it may be in them.</param>
    /// <param name="Named">
    /// The others, the newest first: what was renamed after the last snapshot is known by its old name.
    /// </param>
    public sealed record NotFound(ImmutableArray<Loss> Unnamed, ImmutableArray<Loss> Named) : LossChoice;
}

/// <summary>From a name to one loss. What is ambiguous is listed, never guessed.</summary>
public static class LossChoosing
{
    /// <summary>A table, a partition, a view or a sequence.</summary>
    public static LossChoice Table(
        IEnumerable<Loss> losses, WantedName name, LossPick pick, params ReadOnlySpan<LossCause> causes)
    {
        var possible = Possible(losses, causes, pick);
        return Choose(
            possible, pick,
            loss => [.. loss.Relations.Where(one => one.Named?.Relation.Kind is 'r' or 'p' or 'm' or 'v' or 'f' or 'S')
                .Where(one => one.Fits(name))],
            one => one.Text);
    }

    /// <summary>
    /// Every table that went with one transaction and was in the schema: <c>schema</c> or <c>db.schema</c>.
    /// </summary>
    public static LossChoice Schema(IEnumerable<Loss> losses, WantedName name, LossPick pick)
    {
        if (name.Parts.Length > 2)
            return new LossChoice.NotFound([], []);
        return Choose(
            Possible(losses, [LossCause.Dropped], pick), pick,
            loss => [.. loss.Relations.Where(one => one.Named is { Database.Name: var database, Relation: var relation }
                && relation.Kind is 'r' or 'p' or 'm' or 'v' or 'f' or 'S' && name.Fits(database, relation.Schema))],
            one => $"{one.Named!.Database.Name}.{one.Named.Relation.Schema}");
    }

    public static LossChoice Database(IEnumerable<Loss> losses, string name, LossPick pick)
    {
        var all = Possible(losses, [LossCause.DatabaseDropped], pick);
        var fitting = Ordered(all.Where(loss => loss.Database.Name == name), pick);
        return fitting.IsEmpty
            ? new LossChoice.NotFound([.. all.Where(loss => loss.Database.Name is null).Reverse()], [])
            : new LossChoice.Found(fitting[0], [], fitting[1..], []);
    }

    private static LossChoice Choose(
        ImmutableArray<Loss> possible, LossPick pick, Func<Loss, ImmutableArray<LostRelation>> relations,
        Func<LostRelation, string> nameOf)
    {
        var fitting = Ordered(possible.Where(loss => !relations(loss).IsEmpty), pick);
        if (fitting.IsEmpty)
            return new LossChoice.NotFound(
                [.. possible.Where(loss => !loss.Unnamed.IsEmpty).Reverse()],
                [.. possible.Where(loss => loss.Unnamed.IsEmpty).Reverse()]);
        ImmutableArray<string> names =
            [.. fitting.SelectMany(loss => relations(loss)).Select(nameOf).Distinct().Order(StringComparer.Ordinal)];
        return names.Length > 1
            ? new LossChoice.Several(names)
            : new LossChoice.Found(
                fitting[0], relations(fitting[0]), fitting[1..],
                [
                    .. Ordered(possible.Where(loss => !loss.Unnamed.IsEmpty), pick)
                        .TakeWhile(loss => loss != fitting[0]
                            && (pick.Since is null ? loss.At > fitting[0].At : loss.At < fitting[0].At)),
                ]);
    }

    private static ImmutableArray<Loss> Possible(
        IEnumerable<Loss> losses, ReadOnlySpan<LossCause> causes, LossPick pick)
    {
        var wanted = causes.ToArray();
        return
        [
            .. losses
                .Where(loss => wanted.Contains(loss.Cause))
                .Where(loss => pick.At is not { } at || loss.At == at)
                .Where(loss => pick.Since is not { } since || loss.Time >= since)
                .OrderBy(loss => loss.At),
        ];
    }

    /// <summary>The chosen one first: the latest, or after a given moment the earliest.</summary>
    private static ImmutableArray<Loss> Ordered(IEnumerable<Loss> losses, LossPick pick) =>
        pick.Since is null
            ? [.. losses.OrderByDescending(loss => loss.At)]
            : [.. losses.OrderBy(loss => loss.At)];
}
