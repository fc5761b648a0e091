using System.Collections.Immutable;

namespace PgMahout.HostTests.Chaos.Checking;

/// <summary>One list: what was asked of it, and what it is at the end.</summary>
internal sealed class ListChecker
{
    private readonly ImmutableArray<Operation> _history;
    private readonly ImmutableArray<long> _final;
    private readonly TimeSpan _standbyLag;
    private readonly ImmutableDictionary<long, int> _places;

    public ListChecker(ImmutableArray<Operation> history, ImmutableArray<long> final, TimeSpan standbyLag)
    {
        _history = history;
        _final = final;
        _standbyLag = standbyLag;
        _places = final.Distinct().ToImmutableDictionary(value => value, value => final.IndexOf(value));
    }

    public IEnumerable<Violation> Check() => [.. Values(), .. Orders(), .. Ages()];

    private ImmutableArray<Operation> Appends => [.. _history.Where(one => one.Work == Work.Append)];

    private ImmutableArray<Operation> Shown => [.. _history.Where(one => one.Answer == Answer.Confirmed)];

    private IEnumerable<Violation> Values()
    {
        foreach (var one in Appends)
        {
            if (one.Answer == Answer.Confirmed && !_places.ContainsKey(one.Value))
                yield return new Violation(Breach.Lost, one.ToString());
            if (one.Answer == Answer.Refused && _places.ContainsKey(one.Value))
                yield return new Violation(Breach.Happened, one.ToString());
        }
        var asked = Appends.Select(one => one.Value).ToHashSet();
        foreach (var same in _final.GroupBy(value => value))
            if (same.Count() > 1 || !asked.Contains(same.Key))
                yield return new Violation(Breach.Invented, $"value {same.Key}, {same.Count()} times");
    }

    /// <summary>What is shown is a beginning of the last state, and an append stands where it says it does.</summary>
    private IEnumerable<Violation> Orders()
    {
        foreach (var one in Shown)
        {
            if (one.Work == Work.Append && (one.Seen.IsEmpty || one.Seen[^1] != one.Value))
                yield return new Violation(Breach.Fork, $"not at the end of its own list: {one}");
            if (one.Seen.Length <= _final.Length && one.Seen.SequenceEqual(_final[..one.Seen.Length]))
                continue;
            var apart = one.Seen.Zip(_final).TakeWhile(pair => pair.First == pair.Second).Count();
            var breach = one.Work == Work.Append || one.Seen.Skip(apart).Any(WasConfirmed) ? Breach.Fork : Breach.Dirty;
            yield return new Violation(
                breach, $"from place {apart} on another list ({string.Join(' ', one.Seen.Skip(apart))}): {one}");
        }
    }

    private bool WasConfirmed(long value) =>
        Appends.Any(one => one.Value == value && one.Answer == Answer.Confirmed);

    /// <summary>What had been confirmed before it was asked is in every answer.</summary>
    private IEnumerable<Violation> Ages()
    {
        var confirmed = Shown.Where(one => one.Work == Work.Append && _places.ContainsKey(one.Value))
            .OrderBy(one => one.Answered).ToImmutableArray();
        var at = 0;
        Operation? newest = null;
        foreach (var (one, since) in Shown.Select(one => (one, Since(one))).OrderBy(pair => pair.Item2))
        {
            for (; at < confirmed.Length && confirmed[at].Answered < since; at++)
                if (newest is null || _places[confirmed[at].Value] > _places[newest.Value])
                    newest = confirmed[at];
            if (newest is not null && !one.Seen.Contains(newest.Value))
                yield return new Violation(
                    one.Work == Work.Append ? Breach.Fork : Breach.Stale, $"{one} does not see {newest}");
        }
    }

    private TimeSpan Since(Operation one) => one.Work == Work.ReadStandby ? one.Sent - _standbyLag : one.Sent;
}
