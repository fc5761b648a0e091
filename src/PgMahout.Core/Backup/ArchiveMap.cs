using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;

namespace PgMahout.Core.Backup;

/// <summary>WAL of one timeline that an archive holds without a hole.</summary>
/// <param name="From">The first byte: the beginning of a segment.</param>
/// <param name="To">Behind the last byte; inside a segment where only a part of it has arrived.</param>
public readonly record struct WalStretch(TimelineId Timeline, Lsn From, Lsn To);

/// <summary>
/// An object with a part of a segment that cannot be read: cut off, or changed. Whole segments are not looked into.
/// </summary>
/// <param name="At">Behind the last byte in front of it; what follows may be in that object.</param>
/// <param name="Object">Its name in the repository.</param>
public readonly record struct DamagedWal(WalPosition At, string Object);

/// <summary>What WAL an archive holds of one system identifier.</summary>
/// <param name="Histories">Of every timeline in it; the first timeline may be left out.</param>
/// <param name="Stretches">In any order, none of them touching another of its timeline.</param>
/// <param name="SegmentSize">In bytes.</param>
public sealed record ArchiveMap(
    ImmutableArray<TimelineHistory> Histories, ImmutableArray<WalStretch> Stretches, uint SegmentSize)
{
    /// <summary>What may have been WAL, and is in no stretch.</summary>
    public ImmutableArray<DamagedWal> Damaged { get; init; } = [];

    /// <summary>Null for a timeline whose history file is not in the archive.</summary>
    public TimelineHistory? HistoryOf(TimelineId timeline) =>
        Histories.FirstOrDefault(history => history.Current == timeline)
        ?? (timeline == TimelineId.First ? TimelineHistory.Initial : null);

    /// <summary>
    /// The newest timeline whose history is known and of which there is WAL, be it damaged: the one the cluster is on,
    /// for all that the archive knows.
    /// </summary>
    public TimelineHistory? Newest => Stretches
        .Select(stretch => stretch.Timeline)
        .Concat(Damaged.Select(damaged => damaged.At.Timeline))
        .OrderDescending()
        .Select(HistoryOf)
        .FirstOrDefault(history => history is not null);

    /// <summary>
    /// How far replay gets from <paramref name="from"/> along <paramref name="line"/> before a byte is missing;
    /// <paramref name="from"/> itself when that is missing already.
    /// </summary>
    public Lsn ReachedFrom(Lsn from, TimelineHistory line)
    {
        var reached = from;
        while (Further(reached, line) is { } next)
            reached = next;
        return reached;
    }

    /// <summary>
    /// What cannot be read and may have the byte at which replay along <paramref name="line"/> ended; null: nothing.
    /// </summary>
    public DamagedWal? DamagedAt(Lsn reached, TimelineHistory line) => Damaged
        .Where(damaged => IsOn(line, damaged.At.Timeline, reached))
        .Where(damaged => damaged.At.Lsn <= reached && SegmentOf(damaged.At.Lsn) == SegmentOf(reached))
        .Select(damaged => (DamagedWal?)damaged)
        .FirstOrDefault();

    /// <summary>Behind all WAL of the last timeline of a line; where that began, when there is none of it.</summary>
    public Lsn EndOf(TimelineHistory line) => Stretches
        .Where(stretch => stretch.Timeline == line.Current)
        .Select(stretch => stretch.To)
        .Append(line.Ancestors is [.., var parent] ? parent.EndedAt : Lsn.Zero)
        .Max();

    /// <summary>Behind what there is of a segment from its beginning on; that itself, when there is nothing.</summary>
    public Lsn EndIn(WalSegment segment) => Stretches
        .Where(stretch => stretch.Timeline == segment.Timeline)
        .Where(stretch => stretch.From <= segment.Start && stretch.To > segment.Start)
        .Select(stretch => Lsn.Min(stretch.To, segment.End))
        .FirstOrDefault(segment.Start);

    /// <summary>
    /// The files that replay along <paramref name="line"/> reads, in order: of a segment that several timelines have,
    /// the youngest one's that is on the line, as PostgreSQL chooses.
    /// </summary>
    /// <param name="to">Behind the last byte that is wanted.</param>
    public IEnumerable<WalSegment> Files(Lsn from, Lsn to, TimelineHistory line)
    {
        for (var number = SegmentOf(from); number * SegmentSize < to.Value; number++)
        {
            var at = Lsn.Max(from, new Lsn(number * SegmentSize));
            // The end of the segment decides which timeline is the youngest in it.
            var last = new Lsn(Math.Min(to.Value, (number + 1) * SegmentSize) - 1);
            var timeline = line.Ancestors.Select(ancestor => ancestor.Timeline).Append(line.Current).Reverse()
                .Where(timeline => IsOn(line, timeline, last) || IsOn(line, timeline, at))
                .FirstOrDefault(timeline => Has(timeline, number), TimelineId.First);
            yield return new WalSegment(timeline, number, SegmentSize);
        }
    }

    private bool Has(TimelineId timeline, ulong number) => Stretches.Any(stretch =>
        stretch.Timeline == timeline
        && SegmentOf(stretch.From) <= number
        && stretch.To.Value > number * SegmentSize);

    /// <summary>
    /// A segment in which a timeline began holds a copy of what its parent had there, so a timeline counts from the
    /// beginning of that segment on. That is also how PostgreSQL chooses among files.
    /// </summary>
    private Lsn? Further(Lsn at, TimelineHistory line)
    {
        Lsn? best = null;
        foreach (var stretch in Stretches)
        {
            if (!IsOn(line, stretch.Timeline, at) || stretch.From > at || stretch.To <= at)
                continue;
            var end = line.LeftAt(stretch.Timeline) is { } left ? Lsn.Min(left, stretch.To) : stretch.To;
            if (end > at && (best is null || end > best))
                best = end;
        }
        return best;
    }

    private bool IsOn(TimelineHistory line, TimelineId timeline, Lsn at)
    {
        var began = Lsn.Zero;
        foreach (var ancestor in line.Ancestors)
        {
            if (ancestor.Timeline == timeline)
                return SegmentOf(began) <= SegmentOf(at) && at < ancestor.EndedAt;
            began = ancestor.EndedAt;
        }
        return timeline == line.Current && SegmentOf(began) <= SegmentOf(at);
    }

    private ulong SegmentOf(Lsn lsn) => lsn.Value / SegmentSize;
}
