using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Cluster;

/// <summary>Where a timeline ended and the next one in the history began.</summary>
public readonly record struct TimelineSwitch(TimelineId Timeline, Lsn EndedAt);

/// <summary>
/// The ancestry of a server's WAL: the timelines it came through, oldest first, and the one it is on.
/// </summary>
public sealed record TimelineHistory(ImmutableArray<TimelineSwitch> Ancestors, TimelineId Current)
{
    public static readonly TimelineHistory Initial = new([], TimelineId.First);

    /// <summary>
    /// Whether a server whose WAL ends at <paramref name="end"/> has nothing that this history lacks, so that it can
    /// follow without rewinding. WAL that ends exactly where its timeline was left is still common history.
    /// </summary>
    public bool Contains(WalPosition end)
    {
        if (end.Timeline == Current)
            return true;
        foreach (var ancestor in Ancestors)
            if (ancestor.Timeline == end.Timeline)
                return end.Lsn <= ancestor.EndedAt;
        return false;
    }

    /// <summary>
    /// Where WAL of <paramref name="timeline"/> leaves this history; null when it does not, or is unknown to it.
    /// </summary>
    public Lsn? LeftAt(TimelineId timeline)
    {
        foreach (var ancestor in Ancestors)
            if (ancestor.Timeline == timeline)
                return ancestor.EndedAt;
        return null;
    }

    /// <summary>
    /// How much of this history a server has whose WAL ends at <paramref name="end"/>: what it wrote beyond the point
    /// where its timeline was left does not count. Zero for a timeline that this history does not know.
    /// </summary>
    public Lsn SharedWith(WalPosition end) =>
        end.Timeline == Current ? end.Lsn : Lsn.Min(end.Lsn, LeftAt(end.Timeline) ?? Lsn.Zero);

    /// <summary>The youngest part of it: the last <paramref name="ancestors"/> timelines and the present one.</summary>
    public TimelineHistory Latest(int ancestors) =>
        Ancestors.Length <= ancestors ? this : this with { Ancestors = Ancestors[^ancestors..] };

    /// <summary>The history as it was when the record that begins at <paramref name="lsn"/> was written.</summary>
    public TimelineHistory At(Lsn lsn)
    {
        for (var place = 0; place < Ancestors.Length; place++)
            if (lsn < Ancestors[place].EndedAt)
                return new TimelineHistory(Ancestors[..place], Ancestors[place].Timeline);
        return this;
    }

    public TimelineHistory Extended(TimelineId next, Lsn at) =>
        new(Ancestors.Add(new TimelineSwitch(Current, at)), next);

    public bool Equals(TimelineHistory? other) =>
        other is not null && Current == other.Current && Ancestors.AsSpan().SequenceEqual(other.Ancestors.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Current, Ancestors.Length);
}
