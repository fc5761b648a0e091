using System.Collections.Immutable;
using PgMahout.Backup.Archiving;
using PgMahout.Backup.Framing;
using PgMahout.Backup.Indexing;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Undo;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Decoding;
using PgMahout.Core.Wal.Indexing;
using PgMahout.Postgres;

namespace PgMahout.Undo.Finding;

/// <summary>What was lost, and up to where WAL was looked through.</summary>
/// <param name="Losses">In the order of WAL.</param>
/// <param name="From">Nothing before was looked at.</param>
/// <param name="Major">The server's major version; 0 when there is no WAL.</param>
public sealed record ReadLosses(ImmutableArray<Loss> Losses, Lsn From, Lsn To, int Major);

/// <summary>
/// Looks for losses along one line of an archive, the newest WAL first: in the index, and in the WAL itself at its end,
/// where segments are not whole yet and have no index. One call at a time.
/// </summary>
public sealed class LossReader(WalArchive archive, ArchiveMap map, TimelineHistory line)
{
    private const int AtOnce = 64;
    private const int Readers = 4;

    /// <summary>The first version whose COMMITs say by OID what they drop.</summary>
    private const int FirstWithOids = 15;

    private readonly Lsn _end = map.EndOf(line);

    private readonly IndexArchive _index = new(archive.Repository, archive.SystemIdentifier);

    public NameHistory Names { get; } = new(new CatalogArchive(archive.Repository, archive.SystemIdentifier), line);

    /// <summary>All losses from that moment on.</summary>
    public async Task<Outcome<ReadLosses>> SinceAsync(DateTimeOffset since, CancellationToken cancellation)
    {
        // Most losses are recent: their names are read beside the index.
        var naming = Task.Run(() => Names.AroundAsync(_end, after: false, cancellation), cancellation);
        var read = await IndexesAsync(
            index => index.Commits.Latest is { } latest && latest < since, null, cancellation);
        await naming;
        if (!read.TryGet(out var indexes))
            return new Outcome<ReadLosses>.Failed(read.Failure!);
        if (indexes.IsEmpty)
            return new Outcome<ReadLosses>.Done(new ReadLosses([], default, default, 0));
        var major = indexes.Max(index => index.Major);
        ImmutableArray<WalEvent> events =
        [
            .. indexes.SelectMany(index => index.Events).Where(told => TimeOf(told) is not { } time || time >= since),
        ];
        var around = new Dictionary<WalEvent, CatalogsAround>(ReferenceEqualityComparer.Instance);
        foreach (var told in events.Where(told => TimeOf(told) is not null))
        {
            var found = await Names.AroundAsync(told.At, after: major < FirstWithOids, cancellation);
            if (!found.TryGet(out var catalogs))
                return new Outcome<ReadLosses>.Failed(found.Failure!);
            around[told] = catalogs;
        }
        return new Outcome<ReadLosses>.Done(new ReadLosses(
            LossFinder.Find(events, major, told => around[told]),
            indexes[0].Segment.Start, indexes[^1].Segment.End, major));
    }

    /// <summary>Whether a tablespace was made, moved or dropped in a stretch of WAL.</summary>
    public async Task<Outcome<bool>> TouchesTablespacesAsync(Lsn from, Lsn to, CancellationToken cancellation)
    {
        var read = await IndexesAsync(index => index.Segment.End <= from, to, cancellation);
        return read.TryGet(out var indexes)
            ? new Outcome<bool>.Done(indexes.Any(index =>
                index.Managers.Any(share => share.Key == Rmgr.Tablespace && share.Value.Records > 0)))
            : new Outcome<bool>.Failed(read.Failure!);
    }

    private static DateTimeOffset? TimeOf(WalEvent told) => told switch
    {
        WalEvent.FilesLost lost => lost.Time,
        WalEvent.RowsChanged rows => rows.Time,
        WalEvent.DatabaseDropped dropped => dropped.Time,
        _ => null,
    };

    /// <summary>In order, back to the first one of which <paramref name="isBefore"/> holds.</summary>
    private async Task<Outcome<ImmutableArray<SegmentIndex>>> IndexesAsync(
        Func<SegmentIndex, bool> isBefore, Lsn? to, CancellationToken cancellation)
    {
        var found = new List<(WalSegment Segment, SegmentIndex? Index)>();
        var all = Backwards(to).GetEnumerator();
        for (var ended = false; !ended;)
        {
            var batch = new List<WalSegment>();
            while (batch.Count < (found.Count == 0 ? Readers : AtOnce) && all.MoveNext())
                batch.Add(all.Current);
            var read = await ReadAsync(batch, cancellation);
            if (!read.TryGet(out var indexes))
                return new Outcome<ImmutableArray<SegmentIndex>>.Failed(read.Failure!);
            var old = Array.FindIndex(indexes, index => index is not null && isBefore(index));
            ended = old >= 0 || batch.Count == 0;
            // The one before is kept too: what was under way in it goes on in the next.
            found.AddRange(batch.Zip(indexes).Take(old >= 0 ? old + 1 : batch.Count));
        }
        found.Reverse();
        return await CompleteAsync(found, cancellation);
    }

    /// <summary>The segments that the archive has, from the newest back to the first hole.</summary>
    private IEnumerable<WalSegment> Backwards(Lsn? to)
    {
        var end = to is { } last && last < _end ? last : _end;
        for (var at = end; at > Lsn.Zero;)
        {
            var start = new Lsn((at.Value - 1) / map.SegmentSize * map.SegmentSize);
            var segment = map.Files(start, at, line).First();
            if (!map.Stretches.Any(stretch => stretch.Timeline == segment.Timeline
                && stretch.From <= start && stretch.To > start))
                yield break;
            yield return segment;
            at = start;
        }
    }

    private async Task<Outcome<SegmentIndex?[]>> ReadAsync(List<WalSegment> segments, CancellationToken cancellation)
    {
        var indexes = new SegmentIndex?[segments.Count];
        Problem? problem = null;
        var options = new ParallelOptions { MaxDegreeOfParallelism = Readers, CancellationToken = cancellation };
        await Parallel.ForAsync(0, segments.Count, options, async (i, token) =>
        {
            var read = await _index.ReadIndexAsync(segments[i], token);
            if (read.TryGet(out var index))
                indexes[i] = index;
            else if (read.Failure!.Code is not (IndexProblems.DamagedCode or FrameCodec.DamagedCode))
                Interlocked.CompareExchange(ref problem, read.Failure, null);
        });
        return problem is null
            ? new Outcome<SegmentIndex?[]>.Done(indexes)
            : new Outcome<SegmentIndex?[]>.Failed(problem);
    }

    /// <summary>Makes the indexes that are not there, each stretch of them in one go.</summary>
    private async Task<Outcome<ImmutableArray<SegmentIndex>>> CompleteAsync(
        List<(WalSegment Segment, SegmentIndex? Index)> found, CancellationToken cancellation)
    {
        var all = ImmutableArray.CreateBuilder<SegmentIndex>(found.Count);
        for (var i = 0; i < found.Count;)
        {
            if (found[i].Index is { } known)
            {
                all.Add(known);
                i++;
                continue;
            }
            var missing = found.Skip(i).TakeWhile(one => one.Index is null).Select(one => one.Segment).ToList();
            // A record of the last one may end in the segment behind it.
            var behind = i + missing.Count < found.Count ? found[i + missing.Count].Segment : (WalSegment?)null;
            var carried = i > 0 ? found[i - 1].Index!.Carried : CarriedState.Unknown;
            var made = await MakeAsync(missing, behind, carried, cancellation);
            if (!made.TryGet(out var indexes))
                return made;
            all.AddRange(indexes.Take(missing.Count));
            i += missing.Count;
        }
        return new Outcome<ImmutableArray<SegmentIndex>>.Done(all.ToImmutable());
    }

    private async Task<Outcome<ImmutableArray<SegmentIndex>>> MakeAsync(
        List<WalSegment> segments, WalSegment? behind, CarriedState carried, CancellationToken cancellation)
    {
        var indexer = new SegmentIndexer(segments[0], carried, checksums: true);
        var made = ImmutableArray.CreateBuilder<SegmentIndex>();
        foreach (var segment in behind is { } next ? segments.Append(next) : segments)
        {
            // What is missing of a segment that is not whole is zeros, where the records end.
            var content = new byte[segment.Size];
            var read = await archive.ReadAsync(segment, map, content, cancellation);
            if (!read.TryGet(out _))
                return new Outcome<ImmutableArray<SegmentIndex>>.Failed(read.Failure!);
            made.AddRange(indexer.Add(segment, content));
            if (indexer.Fault is not null)
                break;
        }
        while (indexer.Rest() is { } rest)
            made.Add(rest);
        return new Outcome<ImmutableArray<SegmentIndex>>.Done(made.ToImmutable());
    }
}
