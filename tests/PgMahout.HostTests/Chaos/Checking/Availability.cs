using System.Collections.Immutable;
using System.Globalization;

namespace PgMahout.HostTests.Chaos.Checking;

/// <summary>What one kind of fault cost.</summary>
internal sealed record Cost(string Kind, int Times, TimeSpan Median, TimeSpan Longest);

/// <summary>How long nobody was confirmed a write.</summary>
internal sealed record Availability(double Share, TimeSpan Span, ImmutableArray<Cost> Costs)
{
    /// <summary>What a quiet cluster takes between two writes of any client at the very most.</summary>
    public static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(250);

    /// <param name="confirmed">When writes were confirmed.</param>
    /// <param name="faults">When each kind began, in that order. A gap belongs to the last that began before.</param>
    public static Availability Of(
        IEnumerable<TimeSpan> confirmed, ImmutableArray<(string Kind, TimeSpan Began)> faults)
    {
        var times = confirmed.Order().ToImmutableArray();
        if (times.Length < 2)
            return new Availability(0, TimeSpan.Zero, []);
        var gaps = times.Zip(times.Skip(1)).Select(pair => (Begins: pair.First, Lasts: pair.Second - pair.First))
            .Where(gap => gap.Lasts > Usual).ToImmutableArray();
        var span = times[^1] - times[0];
        var away = gaps.Aggregate(TimeSpan.Zero, (sum, gap) => sum + gap.Lasts);
        var worst = faults.Select((fault, i) => (
            fault.Kind,
            Longest: Longest(gaps, fault.Began, i + 1 < faults.Length ? faults[i + 1].Began : TimeSpan.MaxValue)));
        var costs = worst.GroupBy(fault => fault.Kind, fault => fault.Longest)
            .Select(of => new Cost(of.Key, of.Count(), Median(of), of.Max()));
        return new Availability(1 - away / span, span, [.. costs.OrderBy(cost => cost.Kind, StringComparer.Ordinal)]);
    }

    /// <summary>Of those without a confirmed write that end after a moment.</summary>
    public static TimeSpan LongestGap(IEnumerable<Operation> history, TimeSpan after)
    {
        var times = Confirmed(history).Order().ToImmutableArray();
        return times.Zip(times.Skip(1)).Where(pair => pair.Second >= after)
            .Select(pair => pair.Second - pair.First).DefaultIfEmpty().Max();
    }

    /// <summary>When writes were confirmed.</summary>
    public static IEnumerable<TimeSpan> Confirmed(IEnumerable<Operation> history) =>
        history.Where(one => one is { IsWrite: true, Answer: Answer.Confirmed }).Select(one => one.Answered);

    /// <summary>Lines of a table in Markdown.</summary>
    public IEnumerable<string> Table()
    {
        yield return "| fault | times | longest gap, median | longest gap |";
        yield return "|---|---|---|---|";
        foreach (var cost in Costs)
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"| {cost.Kind} | {cost.Times} | {cost.Median.TotalSeconds:F2} s | {cost.Longest.TotalSeconds:F2} s |");
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"writes were confirmed for {Share:P1} of {Span.TotalMinutes:F1} minutes");
    }

    // A write that was confirmed just before the fault may be the beginning of its gap, but not one long before.
    private static TimeSpan Longest(
        ImmutableArray<(TimeSpan Begins, TimeSpan Lasts)> gaps, TimeSpan from, TimeSpan until) =>
        gaps.Where(gap => gap.Begins >= from - Usual && gap.Begins < until - Usual)
            .Select(gap => gap.Lasts).DefaultIfEmpty().Max();

    private static TimeSpan Median(IEnumerable<TimeSpan> values)
    {
        var ordered = values.Order().ToImmutableArray();
        return (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;
    }
}
