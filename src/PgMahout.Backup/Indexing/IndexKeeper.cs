using PgMahout.Backup.Archiving;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Indexing;
using PgMahout.Postgres;

namespace PgMahout.Backup.Indexing;

/// <summary>
/// Makes the index of each archived segment, and of those that were archived while nobody did. What goes wrong stops
/// no archiving: <see cref="LastProblem"/> tells it, and the next segment begins again from what the repository has.
/// One call at a time.
/// </summary>
public sealed class IndexKeeper(IndexArchive archive) : ISegmentSink
{
    /// <summary>So many segments before a new one are read back, for what was under way: 1 GB, in seconds.</summary>
    private const int MostReadBack = 64;

    private SegmentIndexer? _indexer;

    /// <summary>Null while all is well.</summary>
    public Problem? LastProblem { get; private set; }

    /// <summary>How many indexes this one has made.</summary>
    public long Made { get; private set; }

    public async ValueTask ArchivedAsync(
        WalSegment segment, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        LastProblem = null;
        if (_indexer is not { } known || !Follows(known.Next, segment))
            _indexer = await StartAsync(segment, cancellation);
        if (_indexer is not null)
            await AddAsync(segment, content, cancellation);
    }

    /// <summary>
    /// Indexes archived segments that have none, the oldest first, at most so many: how many it made. A segment of
    /// which the following one is needed and is not there does not count as missing.
    /// </summary>
    public async Task<Outcome<int>> CatchUpAsync(uint segmentSize, int most, CancellationToken cancellation)
    {
        var archived = await archive.ArchivedAsync(segmentSize, cancellation);
        var indexed = await archive.IndexedAsync(segmentSize, cancellation);
        if (!archived.TryGet(out var segments))
            return new Outcome<int>.Failed(archived.Failure!);
        if (!indexed.TryGet(out var done))
            return new Outcome<int>.Failed(indexed.Failure!);
        var made = 0;
        var has = done.ToHashSet();
        foreach (var segment in segments.Where(segment => !has.Contains(segment)))
        {
            if (made >= most)
                break;
            var index = await MakeAsync(segment, cancellation);
            if (index.Failure is { } problem)
                return new Outcome<int>.Failed(problem);
            made += index.TryGet(out var one) && one ? 1 : 0;
        }
        return new Outcome<int>.Done(made);
    }

    private async Task<Outcome<bool>> MakeAsync(WalSegment segment, CancellationToken cancellation)
    {
        var carried = await CarriedIntoAsync(segment, cancellation);
        var made = await SegmentMaking.MakeAsync(segment, carried, archive, cancellation);
        if (!made.TryGet(out var index))
            return new Outcome<bool>.Failed(made.Failure!);
        if (index is null)
            return new Outcome<bool>.Done(false);
        var put = await archive.PutIndexAsync(index, cancellation);
        Made += put.Failure is null ? 1 : 0;
        return put.Failure is { } problem ? new Outcome<bool>.Failed(problem) : new Outcome<bool>.Done(true);
    }

    private static bool Follows(WalSegment awaited, WalSegment segment) =>
        segment.Number == awaited.Number && segment.Size == awaited.Size && segment.Timeline >= awaited.Timeline;

    /// <summary>
    /// An indexer that waits for the segment: it begins behind the newest index before it, and has read what lies
    /// between. Null when that failed.
    /// </summary>
    private async Task<SegmentIndexer?> StartAsync(WalSegment segment, CancellationToken cancellation)
    {
        var line = await LineAsync(segment.Timeline, cancellation);
        var (first, carried) = (segment, CarriedState.Unknown);
        for (var back = 1; back <= MostReadBack && (ulong)back <= segment.Number; back++)
        {
            var before = SegmentLine.On(line, segment.Number - (ulong)back, segment.Size);
            var read = await archive.ReadIndexAsync(before, cancellation);
            if (read.TryGet(out var index) && index is not null)
            {
                carried = index.Carried;
                break;
            }
            if (!await IsThereAsync(before, cancellation))
                break;
            first = before;
        }
        _indexer = new SegmentIndexer(first, carried, checksums: true);
        while (_indexer is { } indexer && indexer.Next.Number < segment.Number)
        {
            var next = SegmentLine.On(line, indexer.Next.Number, segment.Size);
            var read = await archive.ReadAsync(next, cancellation);
            if (!read.TryGet(out var content) || content is null)
                return Stop(read.Failure ?? IndexProblems.Missing(next));
            await AddAsync(next, content, cancellation);
        }
        return _indexer;
    }

    private async Task AddAsync(WalSegment segment, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        foreach (var index in _indexer!.Add(segment, content))
        {
            var put = await archive.PutIndexAsync(index, cancellation);
            if (put.Failure is { } problem)
            {
                Stop(problem);
                return;
            }
            Made++;
        }
        if (_indexer.Fault is { } why)
            Stop(IndexProblems.Unreadable(segment, why));
    }

    private SegmentIndexer? Stop(Problem problem)
    {
        LastProblem = problem;
        _indexer = null;
        return null;
    }

    private async Task<bool> IsThereAsync(WalSegment segment, CancellationToken cancellation) =>
        (await archive.HasAsync(segment, cancellation)).TryGet(out var there) && there;

    private async Task<CarriedState> CarriedIntoAsync(WalSegment segment, CancellationToken cancellation)
    {
        if (segment.Number == 0)
            return CarriedState.Unknown;
        var line = await LineAsync(segment.Timeline, cancellation);
        var before = SegmentLine.On(line, segment.Number - 1, segment.Size);
        var read = await archive.ReadIndexAsync(before, cancellation);
        return read.TryGet(out var index) && index is not null ? index.Carried : CarriedState.Unknown;
    }

    /// <summary>Without its history file a timeline stands alone: what came before it is not known.</summary>
    private async Task<TimelineHistory> LineAsync(TimelineId timeline, CancellationToken cancellation)
    {
        var read = await archive.HistoryAsync(timeline, cancellation);
        return read.TryGet(out var history) && history is not null ? history : new TimelineHistory([], timeline);
    }
}
