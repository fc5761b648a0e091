using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Ha;

/// <summary>A member considered for the leadership.</summary>
/// <param name="Position">How far its WAL is flushed; null when it did not say.</param>
/// <param name="Disqualified">Why it cannot be chosen, as a clause for people; null when it can.</param>
public sealed record Candidate(MemberName Name, WalPosition? Position, int Priority, string? Disqualified)
{
    /// <summary>Its disk is nearly full.</summary>
    public bool IsFilling { get; init; }

    public bool Eligible => Disqualified is null;

    /// <summary>Higher is better: more WAL, then room for more, then priority, then the earlier name.</summary>
    public bool Beats(Candidate other)
    {
        var byPosition = Nullable.Compare(Position, other.Position);
        if (byPosition != 0)
            return byPosition > 0;
        if (IsFilling != other.IsFilling)
            return other.IsFilling;
        if (Priority != other.Priority)
            return Priority > other.Priority;
        return Name < other.Name;
    }

    public static Candidate? Best(IEnumerable<Candidate> candidates)
    {
        Candidate? best = null;
        foreach (var candidate in candidates)
            if (candidate.Eligible && (best is null || candidate.Beats(best)))
                best = candidate;
        return best;
    }
}
