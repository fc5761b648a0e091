using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Cluster;

/// <summary>
/// The members through which WAL comes to their sites, one for a site: the others there stream from it, and it streams
/// from the leader. Advice and no promise: nothing that is safe rests on it.
/// </summary>
/// <param name="Names">Sorted, without repetition.</param>
public sealed record SiteHeads(ImmutableArray<MemberName> Names)
{
    /// <summary>Everybody streams from the leader.</summary>
    public static readonly SiteHeads None = new([]);

    /// <summary>Normalised: sorted, without repetition.</summary>
    public static SiteHeads Of(IEnumerable<MemberName> names) => new([.. names.Distinct().Order()]);

    public bool Contains(MemberName name) => Names.Contains(name);

    public bool Equals(SiteHeads? other) => other is not null && Names.AsSpan().SequenceEqual(other.Names.AsSpan());

    public override int GetHashCode() => Names.Aggregate(0, HashCode.Combine);

    public override string ToString() => Names.IsEmpty ? "nobody" : string.Join(", ", Names);
}
