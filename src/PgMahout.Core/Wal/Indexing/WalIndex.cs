using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>What a stretch of WAL did, of any length.</summary>
/// <param name="From">Where it begins, and <paramref name="To"/> behind it; equal when there is nothing.</param>
/// <param name="First">Time of its first commit; null when nothing committed.</param>
/// <param name="Latest">The latest time of a commit.</param>
/// <param name="Events">In the order of WAL.</param>
/// <param name="Managers">By resource manager, ascending.</param>
/// <param name="Relations">By file, ascending.</param>
public sealed record WalIndex(
    Lsn From,
    Lsn To,
    long Commits,
    long Aborts,
    DateTimeOffset? First,
    DateTimeOffset? Latest,
    ImmutableArray<WalEvent> Events,
    ImmutableArray<KeyValuePair<byte, WalShare>> Managers,
    ImmutableArray<KeyValuePair<RelationFile, WalShare>> Relations)
{
    /// <summary>Of segments in the order of WAL that are one stretch.</summary>
    public static WalIndex Merge(IReadOnlyCollection<SegmentIndex> segments)
    {
        if (segments.Count == 0)
            return new WalIndex(default, default, 0, 0, null, null, [], [], []);
        var managers = new SortedDictionary<byte, WalShare>();
        var relations = new Dictionary<RelationFile, WalShare>();
        foreach (var segment in segments)
        {
            foreach (var (manager, share) in segment.Managers)
                managers[manager] = managers.GetValueOrDefault(manager) + share;
            foreach (var (relation, share) in segment.Relations)
                relations[relation] = relations.GetValueOrDefault(relation) + share;
        }
        return new WalIndex(
            segments.First().Segment.Start,
            segments.Last().Segment.End,
            segments.Sum(segment => segment.Commits.Commits),
            segments.Sum(segment => segment.Commits.Aborts),
            segments.Select(segment => segment.Commits.First).FirstOrDefault(time => time is not null),
            segments.Max(segment => segment.Commits.Latest),
            [.. segments.SelectMany(segment => segment.Events)],
            [.. managers],
            [.. relations.OrderBy(relation => relation.Key)]);
    }
}
