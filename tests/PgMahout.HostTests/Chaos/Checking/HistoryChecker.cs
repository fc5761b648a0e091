using System.Collections.Immutable;
using System.Globalization;

namespace PgMahout.HostTests.Chaos.Checking;

internal enum Breach
{
    /// <summary>Confirmed, and not there.</summary>
    Lost,

    /// <summary>The client was told that it did not happen, and it is there.</summary>
    Happened,

    /// <summary>There, and nobody asked for it; or there twice.</summary>
    Invented,

    /// <summary>Two orders of one list were confirmed: two primaries.</summary>
    Fork,

    /// <summary>A read did not see what had been confirmed before it was sent (a standby's: so long before).</summary>
    Stale,

    /// <summary>A read saw what was never confirmed, and it is not there.</summary>
    Dirty,
}

/// <summary>One promise that was not kept, and by which operation it shows.</summary>
internal sealed record Violation(Breach Breach, string What);

/// <summary>What the primary has at the end, when nothing is under way any more.</summary>
/// <param name="Rows">Ids of all rows.</param>
/// <param name="Lists">By key.</param>
internal sealed record FinalState(
    ImmutableHashSet<long> Rows, ImmutableDictionary<long, ImmutableArray<long>> Lists);

/// <summary>
/// Judges what clients were told against what is there. Lists make it strong: each answer shows the whole list, so that
/// every confirmed answer must be a beginning of the last state, in the order of real time.
/// </summary>
internal static class HistoryChecker
{
    /// <param name="standbyLag">A standby that is read from may be so far behind.</param>
    public static ImmutableArray<Violation> Check(
        IReadOnlyCollection<Operation> history, FinalState final, TimeSpan standbyLag) =>
    [
        .. Rows([.. history.Where(one => one.Work == Work.Insert)], final.Rows),
        .. history.Where(one => one.Work != Work.Insert).GroupBy(one => one.Key).OrderBy(list => list.Key)
            .SelectMany(list => new ListChecker(
                [.. list], final.Lists.GetValueOrDefault(list.Key, []), standbyLag).Check()),
        .. final.Lists.Keys.Except(history.Where(one => one.Work == Work.Append).Select(one => one.Key))
            .Select(key => new Violation(Breach.Invented, $"list {key}")),
    ];

    private static IEnumerable<Violation> Rows(ImmutableArray<Operation> inserts, ImmutableHashSet<long> rows) =>
    [
        .. inserts.Where(one => one.Answer == Answer.Confirmed && !rows.Contains(one.Value))
            .Select(one => new Violation(Breach.Lost, one.ToString())),
        .. inserts.Where(one => one.Answer == Answer.Refused && rows.Contains(one.Value))
            .Select(one => new Violation(Breach.Happened, one.ToString())),
        .. rows.Except(inserts.Select(one => one.Value))
            .Select(id => new Violation(Breach.Invented, string.Create(CultureInfo.InvariantCulture, $"row {id}"))),
    ];
}
