using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Simulation.World;

/// <summary>
/// One stretch of history, written by one server from the moment it was promoted. Two servers can give the same number
/// to different stretches; they are never the same object. Addresses are plain numbers: bytes.
/// </summary>
internal sealed class WalTimeline(TimelineId id, WalTimeline? parent, long forkAt)
{
    public TimelineId Id { get; } = id;
    public WalTimeline? Parent { get; } = parent;
    public long ForkAt { get; } = forkAt;

    public TimelineHistory History { get; } = parent is null
        ? new TimelineHistory([], id)
        : parent.History.Extended(id, new Lsn((ulong)forkAt));

    /// <summary>Every commit that ends at or before this was confirmed to a client.</summary>
    public long AcknowledgedEnd { get; set; }

    /// <summary>
    /// Loss up to here was accepted: by an operator's force, within the bound of asynchronous mode, or destroyed by a
    /// fault.
    /// </summary>
    public long WrittenOffEnd { get; set; }

    public WalPosition At(long end) => new(Id, new Lsn((ulong)end));

    /// <summary>
    /// How far WAL that is on this timeline and ends at <paramref name="end"/> has the bytes of <paramref
    /// name="other"/>; -1 when it has none.
    /// </summary>
    public long ReachOn(WalTimeline other, long end)
    {
        for (var timeline = this; timeline is not null; timeline = timeline.Parent)
        {
            if (ReferenceEquals(timeline, other))
                return end;
            end = Math.Min(end, timeline.ForkAt);
        }
        return -1;
    }

    /// <summary>
    /// Up to where WAL that is on this timeline and ends at <paramref name="end"/> is the same as the line that led to
    /// <paramref name="other"/>.
    /// </summary>
    public long SharedWith(WalTimeline other, long end)
    {
        var left = long.MaxValue;
        for (WalTimeline? timeline = other; timeline is not null; timeline = timeline.Parent)
        {
            if (ReachOn(timeline, end) is >= 0 and var reach)
                return Math.Min(reach, left);
            left = Math.Min(left, timeline.ForkAt);
        }
        return 0;
    }

    /// <summary>
    /// Whether following a server on this timeline, flushed to <paramref name="end"/>, only ever appends.
    /// </summary>
    public bool Extends(WalTimeline other, long otherEnd, long end) => ReachOn(other, end) >= otherEnd;
}
