using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Rejoin;

/// <summary>Where two histories part.</summary>
internal static class TimelineFork
{
    /// <summary>
    /// The last point that a server with this history and end has in common with <paramref name="source"/>, on the
    /// timeline where they part. A timeline is the same one only if it also began at the same place: two servers
    /// promoted without knowing of each other give the same number to different histories.
    /// </summary>
    public static WalPosition? Between(TimelineHistory own, Lsn ownEnd, TimelineHistory source)
    {
        WalPosition? common = null;
        for (var place = 0; place <= own.Ancestors.Length && place <= source.Ancestors.Length; place++)
        {
            var (ownTimeline, ownLeft) = At(own, place, ownEnd);
            var (sourceTimeline, sourceLeft) = At(source, place, null);
            if (ownTimeline != sourceTimeline)
                break;
            var left = sourceLeft is { } limit && limit < ownLeft ? limit : ownLeft!.Value;
            common = new WalPosition(ownTimeline, left);
            if (sourceLeft != ownLeft)
                break;
        }
        return common;
    }

    private static (TimelineId Timeline, Lsn? Left) At(TimelineHistory history, int place, Lsn? end) =>
        place < history.Ancestors.Length
            ? (history.Ancestors[place].Timeline, history.Ancestors[place].EndedAt)
            : (history.Current, end);
}
