using System.Collections.Immutable;
using PgMahout.Core.Catalog;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Decoding;
using PgMahout.Core.Wal.Indexing;
using PgMahout.Postgres;
using PgMahout.Postgres.Wal;

namespace PgMahout.Backup.Indexing;

/// <summary>WAL to look into, along one line of timelines: of an archive, or of a directory of plain files.</summary>
public sealed class WalPlace
{
    private readonly ISegmentFiles _files;
    private readonly IndexArchive? _archive;
    private readonly CatalogArchive? _catalogs;
    private readonly SortedDictionary<WalPosition, CatalogNames?> _names = [];
    private bool _listed;

    private WalPlace(
        ImmutableArray<WalSegment> segments, ISegmentFiles files, IndexArchive? archive, CatalogArchive? catalogs)
    {
        Segments = segments;
        _files = files;
        _archive = archive;
        _catalogs = catalogs;
    }

    /// <summary>In the order of WAL; some may be missing between two.</summary>
    public ImmutableArray<WalSegment> Segments { get; }

    /// <summary>Without names: a directory of WAL has no catalogs.</summary>
    public static WalPlace OfDirectory(string path)
    {
        var directory = new WalDirectory(path);
        var all = directory.Segments();
        if (all.IsEmpty)
            return new WalPlace([], directory, null, null);
        var newest = all.Max(segment => segment.Timeline);
        // As a data directory has it, where its pg_wal is called so.
        var history = HistoryFile.Read(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(path)) ?? path, newest);
        return new WalPlace(OnLine(all, history ?? new TimelineHistory([], newest)), directory, null, null);
    }

    public static async Task<Outcome<WalPlace>> OfArchiveAsync(
        IndexArchive archive, CatalogArchive catalogs, uint segmentSize, CancellationToken cancellation)
    {
        var listed = await archive.ArchivedAsync(segmentSize, cancellation);
        if (!listed.TryGet(out var all))
            return new Outcome<WalPlace>.Failed(listed.Failure!);
        if (all.IsEmpty)
            return new Outcome<WalPlace>.Done(new WalPlace([], archive, archive, catalogs));
        var newest = all.Max(segment => segment.Timeline);
        var read = await archive.HistoryAsync(newest, cancellation);
        if (!read.TryGet(out var history))
            return new Outcome<WalPlace>.Failed(read.Failure!);
        return new Outcome<WalPlace>.Done(new WalPlace(
            OnLine(all, history ?? new TimelineHistory([], newest)), archive, archive, catalogs));
    }

    /// <summary>
    /// Indexes of the last <paramref name="most"/> segments that are finished, in order, without their changed blocks.
    /// Of plain files also the last one, up to where its WAL ends.
    /// </summary>
    public async Task<Outcome<ImmutableArray<SegmentIndex>>> IndexesAsync(int most, CancellationToken cancellation)
    {
        var wanted = Segments.TakeLast(most).ToImmutableArray();
        return _archive is null
            ? await MadeAsync(wanted, cancellation)
            : await ReadAsync(_archive, wanted, cancellation);
    }

    /// <summary>The first commit, in the order of WAL, that is later than the time; null when none is.</summary>
    public Task<Outcome<FoundEnd?>> FirstCommitAfterAsync(
        DateTimeOffset time, IEnumerable<SegmentIndex> indexes, CancellationToken cancellation) => FirstAsync(
            indexes.Where(index => index.Commits.FirstAfter(time) is not null),
            (segment, contents) => TransactionSearch.FirstCommitAfter(time, segment, contents),
            cancellation);

    /// <summary>
    /// Where a transaction, or the one that it is a part of, ended; null when it did not. Segments whose range of
    /// numbers has it are looked into first.
    /// </summary>
    public Task<Outcome<FoundEnd?>> EndOfAsync(
        uint xid, IEnumerable<SegmentIndex> indexes, CancellationToken cancellation) => FirstAsync(
            indexes.Where(index => index.LastXid != 0).OrderBy(index => Covers(index, xid) ? 0 : 1),
            (segment, contents) => TransactionSearch.EndOf(xid, segment, contents),
            cancellation);

    /// <summary>
    /// What relations were called at a position: by the last snapshot before it, or the first one after. Null where
    /// there is none that can be read.
    /// </summary>
    public async Task<CatalogNames?> NamesAtAsync(Lsn lsn, CancellationToken cancellation)
    {
        if (_catalogs is null)
            return null;
        if (!_listed && (await _catalogs.ListAsync(cancellation)).TryGet(out var positions))
            foreach (var position in positions)
                _names[position] = null;
        _listed = true;
        if (_names.Count == 0)
            return null;
        var before = _names.Keys.Where(position => position.Lsn <= lsn).ToArray();
        var nearest = before.Length > 0 ? before.MaxBy(position => position.Lsn) : _names.Keys.First();
        if (_names[nearest] is { } known)
            return known;
        return (await _catalogs.ReadAsync(nearest, cancellation)).TryGet(out var snapshot) && snapshot is not null
            ? _names[nearest] = new CatalogNames(snapshot)
            : null;
    }

    private static bool Covers(SegmentIndex index, uint xid) =>
        (int)(xid - index.FirstXid) >= 0 && (int)(index.LastXid - xid) >= 0;

    private static ImmutableArray<WalSegment> OnLine(ImmutableArray<WalSegment> all, TimelineHistory history) =>
    [
        .. all.Where(segment => SegmentLine.On(history, segment.Number, segment.Size) == segment)
            .OrderBy(segment => segment.Number),
    ];

    private static async Task<Outcome<ImmutableArray<SegmentIndex>>> ReadAsync(
        IndexArchive archive, ImmutableArray<WalSegment> wanted, CancellationToken cancellation)
    {
        var indexes = ImmutableArray.CreateBuilder<SegmentIndex>();
        foreach (var segment in wanted)
        {
            var read = await archive.ReadOrMakeAsync(segment, cancellation);
            if (!read.TryGet(out var index))
                return new Outcome<ImmutableArray<SegmentIndex>>.Failed(read.Failure!);
            if (index is not null)
                indexes.Add(index with { Changed = ChangedBlockSet.Empty });
        }
        return new Outcome<ImmutableArray<SegmentIndex>>.Done(indexes.ToImmutable());
    }

    private async Task<Outcome<ImmutableArray<SegmentIndex>>> MadeAsync(
        ImmutableArray<WalSegment> wanted, CancellationToken cancellation)
    {
        var indexes = ImmutableArray.CreateBuilder<SegmentIndex>();
        SegmentIndexer? indexer = null;
        foreach (var segment in wanted)
        {
            var read = await _files.ReadAsync(segment, cancellation);
            if (!read.TryGet(out var content))
                return new Outcome<ImmutableArray<SegmentIndex>>.Failed(read.Failure!);
            if (content is null)
                continue;
            if (indexer is null || indexer.Fault is not null || indexer.Next.Number != segment.Number)
            {
                AddRest(indexer, indexes);
                indexer = new SegmentIndexer(segment, CarriedState.Unknown, checksums: true);
            }
            foreach (var index in indexer.Add(segment, content))
                indexes.Add(index with { Changed = ChangedBlockSet.Empty });
        }
        AddRest(indexer, indexes);
        return new Outcome<ImmutableArray<SegmentIndex>>.Done(indexes.ToImmutable());
    }

    private static void AddRest(SegmentIndexer? indexer, ImmutableArray<SegmentIndex>.Builder indexes)
    {
        while (indexer?.Rest() is { } rest)
            indexes.Add(rest with { Changed = ChangedBlockSet.Empty });
    }

    private async Task<Outcome<FoundEnd?>> FirstAsync(
        IEnumerable<SegmentIndex> indexes,
        Func<WalSegment, IEnumerable<ReadOnlyMemory<byte>>, FoundEnd?> search,
        CancellationToken cancellation)
    {
        foreach (var index in indexes)
        {
            var own = await _files.ReadAsync(index.Segment, cancellation);
            if (!own.TryGet(out var content))
                return new Outcome<FoundEnd?>.Failed(own.Failure!);
            if (content is null)
                continue;
            List<ReadOnlyMemory<byte>> contents = [content];
            // Its last record may end in the one behind it.
            var next = Segments.FirstOrDefault(segment => segment.Number == index.Segment.Number + 1);
            if (next.Size != 0 && (await _files.ReadAsync(next, cancellation)).TryGet(out var more) && more is not null)
                contents.Add(more);
            if (search(index.Segment, contents) is { } found)
                return new Outcome<FoundEnd?>.Done(found);
        }
        return new Outcome<FoundEnd?>.Done(null);
    }
}
