using System.Collections.Concurrent;
using System.Collections.Immutable;
using PgMahout.Backup.Archiving;
using PgMahout.Backup.Framing;
using PgMahout.Backup.Indexing;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Decoding;
using PgMahout.Postgres;

namespace PgMahout.Backup.Recovering;

/// <summary>
/// The tablespaces that were made between a backup and a point. PostgreSQL takes their directories from WAL, and no
/// setting sends their replay elsewhere.
/// </summary>
public sealed class TablespacesOnTheWay(WalArchive archive)
{
    private const int AtOnce = 8;

    private readonly IndexArchive _index = new(archive.Repository, archive.SystemIdentifier);

    /// <summary>Those with a directory of their own, in the order of WAL.</summary>
    public async Task<Outcome<ImmutableArray<MadeTablespace>>> FindAsync(
        RestorePlan plan, ArchiveMap map, CancellationToken cancellation)
    {
        var end = plan.Target.Stop is { } stop ? Lsn.Min(stop, plan.Reach) : plan.Reach;
        var segments = map.Files(plan.Backup.Start, end, plan.Line).ToList();
        var found = new ConcurrentBag<MadeTablespace>();
        Problem? first = null;
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation };
        await Parallel.ForAsync(0, segments.Count, options, async (i, token) =>
        {
            var looked = await LookAsync(segments[i], segments.Skip(i + 1).Take(1), map, token);
            if (looked.TryGet(out var made))
                foreach (var one in made)
                    found.Add(one);
            else
                Interlocked.CompareExchange(ref first, looked.Failure, null);
        });
        if (first is not null)
            return new Outcome<ImmutableArray<MadeTablespace>>.Failed(first);
        return new Outcome<ImmutableArray<MadeTablespace>>.Done(
        [
            .. found.Where(one => one.At >= plan.Backup.Start && one.At < end && one.Location.Length > 0)
                .DistinctBy(one => one.At).OrderBy(one => one.At.Value),
        ]);
    }

    private async Task<Outcome<ImmutableArray<MadeTablespace>>> LookAsync(
        WalSegment segment, IEnumerable<WalSegment> next, ArchiveMap map, CancellationToken cancellation)
    {
        var read = await _index.ReadIndexAsync(segment, cancellation);
        if (read.Failure is { Code: not (IndexProblems.DamagedCode or FrameCodec.DamagedCode) } unread)
            return new Outcome<ImmutableArray<MadeTablespace>>.Failed(unread);
        if (read.TryGet(out var index) && index is not null
            && !index.Managers.Any(share => share.Key == Rmgr.Tablespace && share.Value.Records > 0))
            return new Outcome<ImmutableArray<MadeTablespace>>.Done([]);
        var contents = new List<ReadOnlyMemory<byte>>();
        // A record may begin in one segment and end in the next.
        foreach (var one in next.Prepend(segment))
        {
            var buffer = new byte[one.Size];
            var got = await archive.ReadAsync(one, map, buffer, cancellation);
            if (got.TryGet(out var prefix))
                contents.Add(buffer.AsMemory(0, prefix.Length));
            else if (contents.Count == 0 || got.Failure!.Code != IObjectStore.Missing)
                return new Outcome<ImmutableArray<MadeTablespace>>.Failed(got.Failure!);
        }
        try
        {
            return new Outcome<ImmutableArray<MadeTablespace>>.Done([.. TablespaceSearch.In(segment, contents)]);
        }
        catch (InvalidDataException e)
        {
            return new Outcome<ImmutableArray<MadeTablespace>>.Failed(IndexProblems.Unreadable(segment, e.Message));
        }
    }
}
