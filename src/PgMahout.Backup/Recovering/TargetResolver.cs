using PgMahout.Backup.Archiving;
using PgMahout.Backup.Indexing;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Decoding;
using PgMahout.Core.Wal.Indexing;
using PgMahout.Postgres;

namespace PgMahout.Backup.Recovering;

/// <summary>Where to look for a point: along a history, between two addresses of its WAL.</summary>
public sealed record SearchedWal(ArchiveMap Map, TimelineHistory Line, Lsn From, Lsn To);

/// <summary>
/// Finds the address that a time, a transaction or a name means, in the index of archived WAL; and in WAL itself where
/// the index does not keep every commit, and in the last segment, which is not whole.
/// </summary>
public sealed class TargetResolver(WalArchive archive)
{
    private readonly IndexArchive _index = new(archive.Repository, archive.SystemIdentifier);

    /// <summary>A target that WAL does not have is a failure with this code.</summary>
    public const string NotFoundCode = "recovery-target-not-found";

    public Task<Outcome<ResolvedTarget>> ResolveAsync(
        RecoveryTarget target, SearchedWal wal, CancellationToken cancellation) => target switch
    {
        RecoveryTarget.Latest => Found(new ResolvedTarget(null, false, null)),
        RecoveryTarget.AtLsn at => Found(new ResolvedTarget(at.Lsn, false, null)),
        RecoveryTarget.AtTime at => FindAsync(wal, new TimeSearch(at.Time), cancellation),
        RecoveryTarget.AtTransaction at => FindAsync(wal, new TransactionEndSearch(at.Xid, at.Before), cancellation),
        RecoveryTarget.AtName at => FindAsync(wal, new NameSearch(at.Name), cancellation),
        _ => throw new InvalidOperationException($"unknown target {target}"),
    };

    private static Task<Outcome<ResolvedTarget>> Found(ResolvedTarget target) =>
        Task.FromResult<Outcome<ResolvedTarget>>(new Outcome<ResolvedTarget>.Done(target));

    private async Task<Outcome<ResolvedTarget>> FindAsync(
        SearchedWal wal, Search search, CancellationToken cancellation)
    {
        DateTimeOffset? last = null;
        var segments = wal.Map.Files(wal.From, wal.To, wal.Line).ToList();
        for (var place = 0; place < segments.Count; place++)
        {
            var next = place + 1 < segments.Count ? segments[place + 1] : (WalSegment?)null;
            var looked = await LookAsync(segments[place], next, (wal, search), cancellation);
            if (!looked.TryGet(out var look))
                return new Outcome<ResolvedTarget>.Failed(looked.Failure!);
            last = Later(last, look.LastCommit);
            if (look.Found is { } found)
                return new Outcome<ResolvedTarget>.Done(found with { LastCommit = found.LastCommit ?? last });
        }
        return search.AtEnd(last) is { } atEnd
            ? new Outcome<ResolvedTarget>.Done(atEnd)
            : new Outcome<ResolvedTarget>.Failed(new Problem(
                NotFoundCode,
                $"{search.Wanted} is not in the WAL from {wal.From} to {wal.To} of timeline {wal.Line.Current}",
                "every archived segment in between was looked through" + (
                    wal.Map.DamagedAt(wal.To, wal.Line) is { } damaged
                        ? $"; what follows may be in {damaged.Object}, which is damaged"
                        : ""),
                "nothing was changed",
                "pgmahout backup list shows what can be restored; pgmahout wal find looks for more"));
    }

    private async Task<Outcome<Look>> LookAsync(
        WalSegment segment, WalSegment? next, (SearchedWal In, Search Search) wanted, CancellationToken cancellation)
    {
        var read = await _index.ReadOrMakeAsync(segment, cancellation);
        if (!read.TryGet(out var index))
            return new Outcome<Look>.Failed(read.Failure!);
        if (index is not null && !wanted.Search.MayBeIn(index))
            return new Outcome<Look>.Done(new Look(null, index.Commits.Latest));
        if (index is not null && wanted.Search.FindIn(index, wanted.In.From) is { } exact)
            return new Outcome<Look>.Done(new Look(exact, LatestBefore(index, exact)));
        var contents = await ContentsAsync(segment, next, wanted.In.Map, cancellation);
        if (!contents.TryGet(out var bytes))
            return new Outcome<Look>.Failed(contents.Failure!);
        var found = wanted.Search.FindIn(segment, bytes, wanted.In.From);
        return new Outcome<Look>.Done(new Look(
            found, index is null ? null : found is null ? index.Commits.Latest : LatestBefore(index, found)));
    }

    /// <summary>The segment, and the next one: a record may begin in one and end in the other.</summary>
    private async Task<Outcome<List<ReadOnlyMemory<byte>>>> ContentsAsync(
        WalSegment segment, WalSegment? next, ArchiveMap map, CancellationToken cancellation)
    {
        var contents = new List<ReadOnlyMemory<byte>>();
        foreach (var one in next is { } following ? new[] { segment, following } : [segment])
        {
            var buffer = new byte[one.Size];
            var read = await archive.ReadAsync(one, map, buffer, cancellation);
            if (read.TryGet(out var prefix))
                contents.Add(buffer.AsMemory(0, prefix.Length));
            else if (contents.Count == 0 || read.Failure!.Code != IObjectStore.Missing)
                return new Outcome<List<ReadOnlyMemory<byte>>>.Failed(read.Failure!);
        }
        return new Outcome<List<ReadOnlyMemory<byte>>>.Done(contents);
    }

    private static DateTimeOffset? LatestBefore(SegmentIndex index, ResolvedTarget target) => index.Commits.Marks
        .Where(mark => mark.At < target.Stop || (target.Inclusive && mark.At == target.Stop))
        .Select(mark => (DateTimeOffset?)mark.Time)
        .Max();

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) =>
        one is null || other > one ? other ?? one : one;

    private sealed record Look(ResolvedTarget? Found, DateTimeOffset? LastCommit);

    /// <summary>What is looked for, in an index or in the bytes of a segment.</summary>
    private abstract record Search(string Wanted)
    {
        public abstract bool MayBeIn(SegmentIndex index);

        /// <summary>Null: not there, or the bytes have to be read.</summary>
        public virtual ResolvedTarget? FindIn(SegmentIndex index, Lsn from) => null;

        public virtual ResolvedTarget? FindIn(WalSegment first, List<ReadOnlyMemory<byte>> contents, Lsn from) => null;

        public virtual ResolvedTarget? AtEnd(DateTimeOffset? lastCommit) => null;
    }

    /// <summary>
    /// The first later commit is left out, with everything behind it. When there is none, all that was archived is from
    /// before that time.
    /// </summary>
    private sealed record TimeSearch(DateTimeOffset Time) : Search($"a commit after {Time:yyyy-MM-dd HH:mm:ss.fffzzz}")
    {
        public override bool MayBeIn(SegmentIndex index) => index.Commits.FirstAfter(Time) is not null;

        public override ResolvedTarget? FindIn(SegmentIndex index, Lsn from) =>
            index.Commits.Every && index.Commits.Marks.Any(mark => mark.Time > Time && mark.At >= from)
                ? Before(index.Commits.Marks.First(mark => mark.Time > Time && mark.At >= from).At)
                : null;

        public override ResolvedTarget? FindIn(WalSegment first, List<ReadOnlyMemory<byte>> contents, Lsn from) =>
            TransactionSearch.FirstCommitAfter(Time, first, contents) is { } found && found.At >= from
                ? Before(found.At)
                : null;

        public override ResolvedTarget AtEnd(DateTimeOffset? lastCommit) => new(null, false, lastCommit);

        private static ResolvedTarget Before(Lsn at) => new(at, false, null);
    }

    private sealed record TransactionEndSearch(uint Xid, bool Before) : Search($"the end of transaction {Xid}")
    {
        public override bool MayBeIn(SegmentIndex index) =>
            index.LastXid != 0 && index.FirstXid <= Xid && Xid <= index.LastXid;

        public override ResolvedTarget? FindIn(WalSegment first, List<ReadOnlyMemory<byte>> contents, Lsn from) =>
            TransactionSearch.EndOf(Xid, first, contents) is { } found
                ? new ResolvedTarget(found.At, !Before, Before ? null : found.Time)
                : null;
    }

    private sealed record NameSearch(string Name) : Search($"the restore point '{Name}'")
    {
        public override bool MayBeIn(SegmentIndex index) => FindIn(index, Lsn.Zero) is not null;

        public override ResolvedTarget? FindIn(SegmentIndex index, Lsn from) =>
            index.Events.OfType<WalEvent.RestorePoint>().FirstOrDefault(point => point.Name == Name) is { } found
                ? new ResolvedTarget(found.At, true, null)
                : null;
    }
}
