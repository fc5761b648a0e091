using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Backup;

/// <summary>WAL that the archive will never have: from where it is missing, and where it goes on.</summary>
public readonly record struct WalGap(WalPosition From, WalPosition To);

/// <summary>What an archive has of one timeline.</summary>
/// <param name="History">Null when its history file is not in the archive; always known of the first timeline.</param>
/// <param name="End">Behind the last byte before the first that is missing; null when there is no WAL of it.</param>
public sealed record ArchivedTimeline(TimelineId Timeline, TimelineHistory? History, Lsn? End);

/// <summary>How far an archive got, on each timeline. What an archiver goes on from.</summary>
public sealed record ArchivedWal(ImmutableArray<ArchivedTimeline> Timelines, ImmutableArray<WalGap> Gaps)
{
    public static readonly ArchivedWal Nothing = new([], []);

    public TimelineId? Newest => Timelines.IsEmpty ? null : Timelines.Max(one => one.Timeline);

    public ArchivedTimeline? Find(TimelineId timeline) =>
        Timelines.FirstOrDefault(one => one.Timeline == timeline);

    /// <summary>With all WAL of that timeline up to there.</summary>
    public ArchivedWal Reaching(WalPosition end) =>
        With((Find(end.Timeline) ?? new ArchivedTimeline(end.Timeline, null, null)) with { End = end.Lsn });

    public ArchivedWal Knowing(TimelineHistory history) =>
        With((Find(history.Current) ?? new ArchivedTimeline(history.Current, null, null)) with { History = history });

    public ArchivedWal Missing(WalGap gap) => this with { Gaps = Gaps.Add(gap) };

    /// <summary>
    /// Where the first byte is missing behind whole segments, some of which may have been stored before those in front
    /// of them when an archiver died. Such holes are narrow and among the last segments; others are what retention
    /// made.
    /// </summary>
    /// <param name="whole">Numbers of segments, ascending, at least one.</param>
    /// <param name="atOnce">How many segments an archiver may have under way.</param>
    /// <param name="isGiven">Whether a missing segment is known to be missing for good.</param>
    /// <returns>The number of the first missing segment.</returns>
    public static ulong FirstMissing(ImmutableArray<ulong> whole, int atOnce, Func<ulong, bool> isGiven)
    {
        var from = Math.Max(0, whole.Length - 1 - atOnce);
        for (var i = from; i < whole.Length - 1; i++)
        {
            if (whole[i + 1] - whole[i] > (ulong)atOnce)
                continue;
            for (var missing = whole[i] + 1; missing < whole[i + 1]; missing++)
                if (!isGiven(missing))
                    return missing;
        }
        return whole[^1] + 1;
    }

    private ArchivedWal With(ArchivedTimeline changed) => this with
    {
        Timelines = [.. Timelines.Where(one => one.Timeline != changed.Timeline).Append(changed)],
    };

    public bool Equals(ArchivedWal? other) =>
        other is not null
        && Timelines.AsSpan().SequenceEqual(other.Timelines.AsSpan())
        && Gaps.AsSpan().SequenceEqual(other.Gaps.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Timelines.Length, Gaps.Length);
}
