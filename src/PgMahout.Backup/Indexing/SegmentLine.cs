using PgMahout.Core.Cluster;
using PgMahout.Core.Wal;

namespace PgMahout.Backup.Indexing;

/// <summary>Which timeline's file of a segment belongs to a history.</summary>
internal static class SegmentLine
{
    /// <summary>
    /// The latest timeline that began before the segment's end: its file begins with a copy of what its parent had
    /// there.
    /// </summary>
    public static WalSegment On(TimelineHistory history, ulong number, uint size)
    {
        var timeline = history.Current;
        for (var i = history.Ancestors.Length - 1; i >= 0; i--)
        {
            if (history.Ancestors[i].EndedAt.Value < (number + 1) * size)
                break;
            timeline = history.Ancestors[i].Timeline;
        }
        return new WalSegment(timeline, number, size);
    }
}
