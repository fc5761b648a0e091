using System.Collections.Immutable;
using System.Text;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Indexing;
using PgMahout.Postgres;
using PgMahout.Postgres.Wal;

namespace PgMahout.Backup.Indexing;

/// <summary>
/// One system identifier's WAL index in a repository, and the whole segments that it is made from. For any thread.
/// </summary>
public sealed class IndexArchive(Repository repository, ulong systemIdentifier) : ISegmentFiles
{
    /// <summary>In plain bytes; an index of the largest segment stays far below.</summary>
    private const int LongestIndex = 64 << 20;

    private const string IndexEnding = ".idx";
    private const int LongestHistory = 4 << 20;

    private readonly string _prefix = Repository.PrefixOf(systemIdentifier);

    public Repository Repository => repository;

    public ulong SystemIdentifier => systemIdentifier;

    /// <summary>Null: there is none of that segment. A damaged one is a failure.</summary>
    public async Task<Outcome<SegmentIndex?>> ReadIndexAsync(WalSegment segment, CancellationToken cancellation)
    {
        var read = await FindAsync(IndexName(segment), LongestIndex, cancellation);
        if (!read.TryGet(out var found))
            return new Outcome<SegmentIndex?>.Failed(read.Failure!);
        if (found is not { } bytes)
            return new Outcome<SegmentIndex?>.Done(null);
        return IndexFormat.Read(bytes, out var why) is { } index && index.Segment == segment
            ? new Outcome<SegmentIndex?>.Done(index)
            : new Outcome<SegmentIndex?>.Failed(
                IndexProblems.Damaged(IndexName(segment), why ?? "it is the index of another segment"));
    }

    /// <summary>
    /// The index of the segment, made from archived WAL where there is none: in some 100 ms, and without what was under
    /// way when the segment began. Null when the segment is not there, or the one behind it is needed and is not there.
    /// </summary>
    public async Task<Outcome<SegmentIndex?>> ReadOrMakeAsync(WalSegment segment, CancellationToken cancellation)
    {
        var read = await ReadIndexAsync(segment, cancellation);
        var damaged = read.Failure?.Code is IndexProblems.DamagedCode or Framing.FrameCodec.DamagedCode;
        if (read.TryGet(out var found) ? found is not null : !damaged)
            return read;
        return await SegmentMaking.MakeAsync(segment, CarriedState.Unknown, this, cancellation);
    }

    public Task<Outcome> PutIndexAsync(SegmentIndex index, CancellationToken cancellation) => Framed.PutAsync(
        repository, IndexName(index.Segment), IndexFormat.Write(index), Flushing.Later, cancellation);

    public Task<Outcome<byte[]?>> ReadAsync(WalSegment segment, CancellationToken cancellation) =>
        ReadWholeAsync(segment, cancellation);

    /// <summary>Whether the segment is there whole.</summary>
    public async Task<Outcome<bool>> HasAsync(WalSegment segment, CancellationToken cancellation)
    {
        var bare = $"{_prefix}wal/{segment.Name[..8]}/{segment.Name}";
        var listed = await repository.Store.ListAsync(bare, cancellation);
        return listed.TryGet(out var entries)
            ? new Outcome<bool>.Done(entries.Any(entry => Framing.Compression.OfName(entry.Name).Bare == bare))
            : new Outcome<bool>.Failed(listed.Failure!);
    }

    /// <summary>
    /// The ancestry of a timeline, from the archived history file; null when that is not there, except for the first.
    /// </summary>
    public async Task<Outcome<TimelineHistory?>> HistoryAsync(TimelineId timeline, CancellationToken cancellation)
    {
        if (timeline == TimelineId.First)
            return new Outcome<TimelineHistory?>.Done(TimelineHistory.Initial);
        var into = new byte[LongestHistory];
        var read = await repository.Store.ReadAsync(
            $"{_prefix}wal/{timeline.Value:X8}.history", 0, into, cancellation);
        if (read.Failure is { } problem)
            return problem.Code == IObjectStore.Missing
                ? new Outcome<TimelineHistory?>.Done(null)
                : new Outcome<TimelineHistory?>.Failed(problem);
        read.TryGet(out var length);
        return new Outcome<TimelineHistory?>.Done(
            HistoryFile.Parse(Encoding.UTF8.GetString(into, 0, length), timeline));
    }

    /// <summary>The segments that have an index, in order of their names.</summary>
    public Task<Outcome<ImmutableArray<WalSegment>>> IndexedAsync(uint size, CancellationToken cancellation) =>
        ListAsync($"{_prefix}index/", IndexEnding, size, cancellation);

    /// <summary>The segments that are there whole, in order of their names.</summary>
    public Task<Outcome<ImmutableArray<WalSegment>>> ArchivedAsync(uint size, CancellationToken cancellation) =>
        ListAsync($"{_prefix}wal/", "", size, cancellation);

    private async Task<Outcome<ImmutableArray<WalSegment>>> ListAsync(
        string prefix, string ending, uint size, CancellationToken cancellation)
    {
        var listed = await repository.Store.ListAsync(prefix, cancellation);
        if (!listed.TryGet(out var entries))
            return new Outcome<ImmutableArray<WalSegment>>.Failed(listed.Failure!);
        var segments = new SortedSet<(TimelineId, ulong)>();
        foreach (var entry in entries)
        {
            var fields = Framing.Compression.OfName(entry.Name).Bare[prefix.Length..].Split('/');
            if (fields is [_, var file] && file.EndsWith(ending, StringComparison.Ordinal)
                && WalSegment.TryParse(file[..^ending.Length], size, out var segment))
                segments.Add((segment.Timeline, segment.Number));
        }
        return new Outcome<ImmutableArray<WalSegment>>.Done(
            [.. segments.Select(found => new WalSegment(found.Item1, found.Item2, size))]);
    }

    private async Task<Outcome<byte[]?>> ReadWholeAsync(WalSegment segment, CancellationToken cancellation)
    {
        var read = await FindAsync(
            $"{_prefix}wal/{segment.Name[..8]}/{segment.Name}", (int)segment.Size, cancellation);
        return read.TryGet(out var content) && content is not null && content.Length != segment.Size
            ? new Outcome<byte[]?>.Failed(
                IndexProblems.Unreadable(segment, $"{content.Length} bytes are archived as {segment.Size}"))
            : read;
    }

    /// <summary>Stored as objects are now, or else with another ending, as before the settings were changed.</summary>
    private async Task<Outcome<byte[]?>> FindAsync(string bareName, int longest, CancellationToken cancellation)
    {
        var read = await Framed.ReadAsync(repository, bareName + repository.Ending, longest, cancellation);
        if (!read.TryGet(out var found) || found is not null)
            return read;
        var listed = await repository.Store.ListAsync(bareName, cancellation);
        if (!listed.TryGet(out var entries))
            return new Outcome<byte[]?>.Failed(listed.Failure!);
        var other = entries.FirstOrDefault(entry => Framing.Compression.OfName(entry.Name).Bare == bareName);
        return other is null
            ? read
            : await Framed.ReadAsync(repository, other.Name, longest, cancellation);
    }

    private string IndexName(WalSegment segment) => $"{_prefix}index/{segment.Name[..8]}/{segment.Name}{IndexEnding}";
}
