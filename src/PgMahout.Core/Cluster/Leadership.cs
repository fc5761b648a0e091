using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Cluster;

/// <summary>
/// The one record in the store that decides who may be primary: the lease and the synchronous set in a single value,
/// under a single revision, so that one compare-and-swap covers both. Whoever takes the lease has read, in that very
/// record, which members are known to hold every confirmed commit.
/// </summary>
/// <param name="Holder">The member that holds the lease, or, once released, the last one that did.</param>
/// <param name="Released">Set when the holder gave the lease up, with nothing of its PostgreSQL left running.</param>
/// <param name="Synchronous">Who must be asked before anybody but the holder may be promoted.</param>
/// <param name="Written">How far the holder's primary had written when it renewed; null before it had one.</param>
/// <param name="History">
/// The ancestry of <paramref name="Written"/>, the youngest part of it: how much of it a member has that missed a
/// promotion cannot be told from two addresses.
/// </param>
public sealed record Leadership(
    Epoch Epoch,
    MemberName Holder,
    Handover? Released,
    SynchronousSet Synchronous,
    WalPosition? Written = null,
    TimelineHistory? History = null)
{
    /// <summary>Through whom WAL comes to other sites; chosen anew in each reign.</summary>
    public SiteHeads Heads { get; init; } = SiteHeads.None;

    public bool IsHeld => Released is null;

    /// <summary>
    /// The record by which <paramref name="taker"/> begins the next reign. Nobody else is known to have everything yet.
    /// </summary>
    public static Leadership TakenBy(MemberName taker, Leadership? previous) =>
        new((previous?.Epoch ?? Epoch.Zero).Next, taker, null, SynchronousSet.Nobody, previous?.Written,
            previous?.History);

    public Leadership ReleasedTo(MemberName heir, WalPosition? at) =>
        this with { Released = new Handover(heir, at), Heads = SiteHeads.None };
}

/// <summary>Who should take a released lease at once, and how far its holder had written when it stopped.</summary>
public sealed record Handover(MemberName Heir, WalPosition? At);

/// <summary>
/// A quorum over members. In PostgreSQL it is <c>synchronous_standby_names = 'ANY Quorum (Voters)'</c>: a commit is
/// confirmed once <paramref name="Quorum"/> of the voters have flushed it. In the leadership record it says who holds
/// confirmed commits: any <see cref="PromotionQuorum"/> of the voters together are certain to have them all.
/// </summary>
/// <param name="Voters">Sorted by name, without repetition.</param>
public sealed record SynchronousSet(int Quorum, ImmutableArray<MemberName> Voters)
{
    /// <summary>Commits wait for nobody; nobody but the holder is known to have them all.</summary>
    public static readonly SynchronousSet Nobody = new(0, []);

    /// <summary>Normalised: sorted, without repetition, and <see cref="Nobody"/> when the quorum is 0.</summary>
    public static SynchronousSet Of(int quorum, IEnumerable<MemberName> voters) =>
        quorum == 0 ? Nobody : new(quorum, [.. voters.Distinct().Order()]);

    public bool Contains(MemberName name) => Voters.Contains(name);

    /// <summary>
    /// How many voters must be heard so that one of them has every confirmed commit; more than there are when the
    /// quorum is 0.
    /// </summary>
    public int PromotionQuorum => Voters.Length - Quorum + 1;

    /// <summary>
    /// Whether every commit that this set confirms is known to every promotion that <paramref name="recorded"/> allows.
    /// In the worst case a commit is confirmed by all voters that the record does not know, and by the rest only inside
    /// it; those few and any promotion quorum of the record must still have a member in common.
    /// </summary>
    public bool Meets(SynchronousSet recorded)
    {
        if (recorded.Quorum == 0)
            return true;
        var outside = Voters.Count(voter => !recorded.Contains(voter));
        return Quorum - outside >= recorded.Quorum;
    }

    public bool Equals(SynchronousSet? other) =>
        other is not null && Quorum == other.Quorum && Voters.AsSpan().SequenceEqual(other.Voters.AsSpan());

    public override int GetHashCode() => Voters.Aggregate(Quorum, HashCode.Combine);

    public override string ToString() => Voters.IsEmpty ? "nobody" : $"any {Quorum} of {string.Join(", ", Voters)}";
}
