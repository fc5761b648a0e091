using System.Collections.Immutable;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;

namespace PgMahout.Backup.Archiving;

/// <summary>All that an archive holds of one system identifier's WAL.</summary>
/// <param name="Whole">Numbers of the whole segments of each timeline, ascending.</param>
/// <param name="Partial">How many bytes there are of segments that are not whole.</param>
/// <param name="Superseded">Parts of segments that are whole by now.</param>
public sealed record WalSurvey(
    uint SegmentSize,
    ImmutableArray<TimelineHistory> Histories,
    ImmutableSortedDictionary<TimelineId, ImmutableArray<ulong>> Whole,
    ImmutableArray<(WalSegment Segment, int Length)> Partial,
    ImmutableArray<GapRecord> Gaps,
    ImmutableArray<string> Superseded)
{
    /// <summary>Parts of segments that are not whole. An archiver that goes on archives again what was there.</summary>
    public ImmutableArray<DamagedWal> Damaged { get; init; } = [];

    /// <summary>For an archiver that goes on.</summary>
    /// <param name="atOnce">How many segments an archiver may have had under way.</param>
    public ArchivedWal Archived(int atOnce)
    {
        var timelines = Whole.Keys
            .Union(Partial.Select(one => one.Segment.Timeline))
            .Union(Histories.Select(history => history.Current))
            .Order()
            .Select(timeline => new ArchivedTimeline(
                timeline, Histories.FirstOrDefault(history => history.Current == timeline), End(timeline, atOnce)));
        return new ArchivedWal([.. timelines], [.. Gaps.Select(record => record.Gap)]);
    }

    /// <summary>Where there is WAL of that timeline again behind a position that is missing.</summary>
    public Lsn? NextAfter(WalPosition missing) =>
        Whole.GetValueOrDefault(missing.Timeline, [])
            .Select(number => new WalSegment(missing.Timeline, number, SegmentSize).Start)
            .Where(start => start > missing.Lsn)
            .Select(start => (Lsn?)start)
            .Min();

    public ArchiveMap Map()
    {
        var stretches = ImmutableArray.CreateBuilder<WalStretch>();
        foreach (var timeline in Whole.Keys.Union(Partial.Select(one => one.Segment.Timeline)).Order())
            foreach (var (from, to) in Pieces(timeline))
                if (stretches.Count > 0 && stretches[^1].Timeline == timeline && stretches[^1].To == from)
                    stretches[^1] = stretches[^1] with { To = to };
                else
                    stretches.Add(new WalStretch(timeline, from, to));
        return new ArchiveMap(Histories, stretches.ToImmutable(), SegmentSize) { Damaged = Damaged };
    }

    private IEnumerable<(Lsn From, Lsn To)> Pieces(TimelineId timeline) =>
        Whole.GetValueOrDefault(timeline, [])
            .Select(number => new WalSegment(timeline, number, SegmentSize))
            .Select(segment => (segment.Start, segment.End))
            .Concat(Partial
                .Where(one => one.Segment.Timeline == timeline && one.Length > 0)
                .Select(one => (one.Segment.Start, new Lsn(one.Segment.Start.Value + (ulong)one.Length))))
            .OrderBy(piece => piece.Item1);

    private Lsn? End(TimelineId timeline, int atOnce)
    {
        var whole = Whole.GetValueOrDefault(timeline, []);
        var partial = Partial.Where(one => one.Segment.Timeline == timeline && one.Length > 0).ToList();
        if (whole.IsEmpty)
            return partial.Count == 0 ? null : EndOf(partial.MaxBy(one => one.Segment.Number));
        var missing = ArchivedWal.FirstMissing(whole, atOnce, number => Gaps.Any(record =>
            record.Gap.From.Timeline == timeline
            && record.Gap.From.Lsn.Value / SegmentSize <= number
            && (record.Gap.To.Timeline > timeline || record.Gap.To.Lsn.Value > number * SegmentSize)));
        return partial.Where(one => one.Segment.Number == missing).Select(one => (Lsn?)EndOf(one)).FirstOrDefault()
            ?? new WalSegment(timeline, missing, SegmentSize).Start;
    }

    private static Lsn EndOf((WalSegment Segment, int Length) partial) =>
        new(partial.Segment.Start.Value + (ulong)partial.Length);

    /// <summary>Collects what the listing of a repository shows.</summary>
    internal sealed class Builder(uint segmentSize)
    {
        private readonly SortedDictionary<TimelineId, SortedSet<ulong>> _whole = [];

        public uint SegmentSize => segmentSize;

        public List<TimelineHistory> Histories { get; } = [];

        public Dictionary<WalSegment, int> Partial { get; } = [];

        public List<GapRecord> Gaps { get; } = [];

        public List<string> Superseded { get; } = [];

        public List<DamagedWal> Damaged { get; } = [];

        public bool IsEmpty => _whole.Count == 0 && Histories.Count == 0 && Gaps.Count == 0;

        /// <summary>Of which there are whole segments, or a history.</summary>
        public IEnumerable<TimelineId> Timelines => _whole.Keys.Union(Histories.Select(history => history.Current));

        public IEnumerable<ulong> Numbers(TimelineId timeline) =>
            _whole.TryGetValue(timeline, out var numbers) ? numbers : [];

        public void AddWhole(WalSegment segment)
        {
            if (!_whole.TryGetValue(segment.Timeline, out var numbers))
                _whole[segment.Timeline] = numbers = [];
            numbers.Add(segment.Number);
        }

        public bool IsWhole(WalSegment segment) =>
            _whole.TryGetValue(segment.Timeline, out var numbers) && numbers.Contains(segment.Number);

        public WalSurvey Build() => new(
            segmentSize,
            [.. Histories],
            _whole.ToImmutableSortedDictionary(one => one.Key, one => one.Value.ToImmutableArray()),
            [.. Partial.Select(one => (one.Key, one.Value)).OrderBy(one => one.Key.Name, StringComparer.Ordinal)],
            [.. Gaps],
            [.. Superseded])
        {
            Damaged = [.. Damaged.OrderBy(one => one.Object, StringComparer.Ordinal)],
        };
    }
}
