using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Tests.Cluster;

/// <summary>Every synchronous set over a few members.</summary>
internal static class Sets
{
    public static MemberName[] Members(int count) =>
        [.. Enumerable.Range(0, count).Select(index => new MemberName($"m{index}"))];

    /// <summary>Nobody, and any 1 to all of every subset that is not empty.</summary>
    public static IEnumerable<SynchronousSet> Over(int count) =>
        Subsets(Members(count))
            .SelectMany(voters => Enumerable.Range(1, voters.Count).Select(quorum => SynchronousSet.Of(quorum, voters)))
            .Prepend(SynchronousSet.Nobody);

    public static IEnumerable<HashSet<MemberName>> Subsets(IReadOnlyList<MemberName> members) =>
        Enumerable.Range(0, 1 << members.Count).Select(mask =>
            members.Where((_, index) => (mask >> index & 1) == 1).ToHashSet());
}
