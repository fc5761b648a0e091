using System.Buffers;
using System.Buffers.Text;
using System.Text;
using PgMahout.Backup.Framing;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Decoding;
using PgMahout.Postgres;
using PgMahout.Postgres.Wal;

namespace PgMahout.Backup.Archiving;

/// <summary>One system identifier's WAL in a repository: segments, parts of segments, histories and gaps.</summary>
public sealed class WalArchive(Repository repository, ulong systemIdentifier)
{
    private const int MostHistory = 4 << 20;
    private const int MostGap = 64 << 10;

    private readonly WalNames _names = new(systemIdentifier);
    private readonly MovingSegments _moving = new(repository, new WalNames(systemIdentifier));

    public Repository Repository => repository;

    public ulong SystemIdentifier => systemIdentifier;

    internal WalNames Names => _names;

    /// <summary>
    /// Fills <paramref name="into"/> with what there is of a segment, from its beginning on; what is behind that is not
    /// touched. Nothing at all is a failure with the code <see cref="IObjectStore.Missing"/>, and so is damage with its
    /// own, wherever it is.
    /// </summary>
    /// <param name="into">As long as the segment.</param>
    public async Task<Outcome<SegmentPrefix>> ReadAsync(
        WalSegment segment, Memory<byte> into, CancellationToken cancellation) =>
        Upto(segment.Size, await ReadSoundAsync(segment, into, cancellation));

    /// <summary>The same, but damage behind what a look through the archive has shown of the segment is none.</summary>
    /// <param name="seen">Who plans by it knows where something is damaged.</param>
    public async Task<Outcome<SegmentPrefix>> ReadAsync(
        WalSegment segment, ArchiveMap seen, Memory<byte> into, CancellationToken cancellation) =>
        Upto(
            Math.Max(1, seen.EndIn(segment).Value - segment.Start.Value),
            await ReadSoundAsync(segment, into, cancellation));

    private static Outcome<SegmentPrefix> Upto(ulong needed, Outcome<SegmentPrefix> read) =>
        read.TryGet(out var prefix) && prefix.Damaged is { Problem: var problem } && (ulong)prefix.Length < needed
            ? new Outcome<SegmentPrefix>.Failed(problem)
            : read;

    private async Task<Outcome<SegmentPrefix>> ReadSoundAsync(
        WalSegment segment, Memory<byte> into, CancellationToken cancellation)
    {
        // The usual case without a listing: whole, and stored as segments are stored now.
        var usual = _names.Whole(segment) + repository.Ending;
        var length = await repository.Store.LengthAsync(usual, cancellation);
        if (length.Failure is { } problem)
            return new Outcome<SegmentPrefix>.Failed(problem);
        if (length.TryGet(out var found) && found is { } bytes)
            return await ReadWholeAsync(usual, bytes, into, cancellation);
        return await _moving.ReadAsync(
            segment,
            entry => ReadWholeAsync(entry.Name, entry.Length, into, cancellation),
            parts => ReadPartsAsync(segment, parts, into, cancellation),
            cancellation);
    }

    /// <summary>In bytes: PostgreSQL's usual size, unless whoever archived has said otherwise.</summary>
    public async Task<Outcome<uint>> SegmentSizeAsync(CancellationToken cancellation)
    {
        var read = await ReadPlainAsync(_names.SegmentSize, MostGap, cancellation);
        if (read.TryGet(out var text))
            return Utf8Parser.TryParse(text, out uint size, out var length) && length > 0
                ? new Outcome<uint>.Done(size)
                : new Outcome<uint>.Failed(FrameCodec.Damaged(_names.SegmentSize).Failure!);
        return read.Failure!.Code == IObjectStore.Missing
            ? new Outcome<uint>.Done(WalSegment.DefaultSize)
            : new Outcome<uint>.Failed(read.Failure);
    }

    /// <summary>Before the first segment: nobody can read names of another size without knowing it.</summary>
    public async Task<Outcome> PutSegmentSizeAsync(uint size, CancellationToken cancellation)
    {
        var known = await SegmentSizeAsync(cancellation);
        if (known.TryGet(out var stored) && stored == size)
            return Outcome.Success;
        return known.Failure is { } problem
            ? new Outcome.Failed(problem)
            : await repository.Store.PutAsync(
                _names.SegmentSize, Encoding.ASCII.GetBytes($"{size}\n"), Flushing.Now, cancellation);
    }

    /// <summary>Where the last whole record begins up to which a plan could replay.</summary>
    public async Task<Outcome<Lsn>> LastRecordAsync(
        ArchiveMap map, RestorePlan plan, CancellationToken cancellation)
    {
        var segments = map.Files(plan.Backup.Start, plan.Reach, plan.Line).ToList();
        // A record may be longer than a segment, but few are.
        for (var from = Math.Max(0, segments.Count - 2); ; from = Math.Max(0, from - 8))
        {
            var contents = new List<ReadOnlyMemory<byte>>();
            foreach (var segment in segments[from..])
            {
                var buffer = new byte[segment.Size];
                var read = await ReadAsync(segment, map, buffer, cancellation);
                if (!read.TryGet(out var prefix))
                    return new Outcome<Lsn>.Failed(read.Failure!);
                contents.Add(buffer.AsMemory(0, prefix.Length));
            }
            if (RecordSearch.Last(segments[from], contents) is { } last)
                return new Outcome<Lsn>.Done(last);
            if (from == 0)
                return new Outcome<Lsn>.Failed(
                    StoreProblems.Missing(repository.Store.Address, $"a record behind {plan.Backup.Start}"));
        }
    }

    /// <summary>The history file as PostgreSQL wrote it; a missing one has the code of a missing object.</summary>
    public Task<Outcome<byte[]>> ReadHistoryAsync(TimelineId timeline, CancellationToken cancellation) =>
        ReadPlainAsync(_names.History(timeline), MostHistory, cancellation);

    public Task<Outcome> PutHistoryAsync(
        TimelineId timeline, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        repository.Store.PutAsync(_names.History(timeline), content, Flushing.Now, cancellation);

    /// <summary>A file that PostgreSQL archives beside WAL: <c>.backup</c>, <c>.partial</c>.</summary>
    internal async Task<Outcome<byte[]>> ReadOtherAsync(string file, int most, CancellationToken cancellation)
    {
        var listed = await repository.Store.ListAsync(_names.Other(file), cancellation);
        if (!listed.TryGet(out var entries))
            return new Outcome<byte[]>.Failed(listed.Failure!);
        if (entries.FirstOrDefault(entry => Compression.OfName(entry.Name).Bare == _names.Other(file)) is not { } found)
            return new Outcome<byte[]>.Failed(StoreProblems.Missing(repository.Store.Address, file));
        var content = GC.AllocateUninitializedArray<byte>(most);
        var read = await StoredFrames.ReadAsync(repository, found.Name, found.Length, content, cancellation);
        return read.TryGet(out var length)
            ? new Outcome<byte[]>.Done(content[..length])
            : new Outcome<byte[]>.Failed(read.Failure!);
    }

    public Task<Outcome> PutGapAsync(GapRecord gap, CancellationToken cancellation) =>
        repository.Store.PutAsync(_names.Gap(gap.Gap.From), gap.Encode(), Flushing.Now, cancellation);

    /// <summary>
    /// Looks through the names of everything, and into what names do not tell. All that was durable when it begins is
    /// found, also where an archiver moves it at the same time. A part that was being stored when its writer died may
    /// be there in pieces, where a store takes no object as a whole; whether it is needed is for others to say.
    /// </summary>
    public async Task<Outcome<WalSurvey>> SurveyAsync(uint segmentSize, CancellationToken cancellation)
    {
        var survey = new WalSurvey.Builder(segmentSize);
        var partial = new Dictionary<WalSegment, List<ObjectEntry>>();
        // The first segment of all may be moved while nothing else is there to tell of it.
        for (var look = 0; look < 2 && survey.IsEmpty && partial.Count == 0; look++)
            if (await ListAsync(survey, partial, cancellation) is { } unlisted)
                return new Outcome<WalSurvey>.Failed(unlisted);
        var missed = await _moving.FindMissedAsync(survey, partial.Keys, cancellation);
        if (!missed.TryGet(out var moved))
            return new Outcome<WalSurvey>.Failed(missed.Failure!);
        foreach (var segment in moved)
            survey.AddWhole(segment);
        var buffer = partial.Count == 0 ? [] : GC.AllocateUninitializedArray<byte>((int)segmentSize);
        foreach (var (segment, parts) in partial)
        {
            if (survey.IsWhole(segment))
                survey.Superseded.AddRange(parts.Select(part => part.Name));
            else if (await MeasureAsync(segment, buffer, survey, cancellation) is { } problem)
                return new Outcome<WalSurvey>.Failed(problem);
        }
        return new Outcome<WalSurvey>.Done(survey.Build());
    }

    private async Task<Problem?> ListAsync(
        WalSurvey.Builder survey, Dictionary<WalSegment, List<ObjectEntry>> partial, CancellationToken cancellation)
    {
        var listed = await repository.Store.ListAsync(_names.Prefix, cancellation);
        if (!listed.TryGet(out var entries))
            return listed.Failure;
        foreach (var entry in entries)
            if (await SortAsync(entry, survey, partial, cancellation) is { } problem)
                return problem;
        return null;
    }

    /// <summary>How much there is of a segment that was not whole when it was listed.</summary>
    private async Task<Problem?> MeasureAsync(
        WalSegment segment, byte[] buffer, WalSurvey.Builder survey, CancellationToken cancellation)
    {
        var read = await _moving.ReadAsync(
            segment,
            _ => Task.FromResult<Outcome<SegmentPrefix>>(
                new Outcome<SegmentPrefix>.Done(new SegmentPrefix((int)segment.Size, true))),
            parts => ReadPartsAsync(segment, parts, buffer, cancellation),
            cancellation);
        if (!read.TryGet(out var prefix))
            return read.Failure!.Code == IObjectStore.Missing ? null : read.Failure;
        if (prefix.IsWhole)
            survey.AddWhole(segment);
        else
            survey.Partial[segment] = prefix.Length;
        if (prefix.Damaged is { Object: var damaged })
            survey.Damaged.Add(new DamagedWal(
                new WalPosition(segment.Timeline, new Lsn(segment.Start.Value + (ulong)prefix.Length)), damaged));
        return null;
    }

    /// <summary>What the planning of a restore asks for.</summary>
    public async Task<Outcome<ArchiveMap>> MapAsync(CancellationToken cancellation)
    {
        var size = await SegmentSizeAsync(cancellation);
        if (!size.TryGet(out var segmentSize))
            return new Outcome<ArchiveMap>.Failed(size.Failure!);
        var survey = await SurveyAsync(segmentSize, cancellation);
        return survey.TryGet(out var found)
            ? new Outcome<ArchiveMap>.Done(found.Map())
            : new Outcome<ArchiveMap>.Failed(survey.Failure!);
    }

    private async Task<Problem?> SortAsync(
        ObjectEntry entry, WalSurvey.Builder survey, Dictionary<WalSegment, List<ObjectEntry>> partial,
        CancellationToken cancellation)
    {
        switch (_names.Parse(entry.Name, survey.SegmentSize))
        {
            case WalObject.Whole whole:
                survey.AddWhole(whole.Segment);
                return null;
            case WalObject.Part part:
                if (!partial.TryGetValue(part.Segment, out var parts))
                    partial[part.Segment] = parts = [];
                parts.Add(entry);
                return null;
            case WalObject.History history:
                var text = await ReadHistoryAsync(history.Timeline, cancellation);
                if (!text.TryGet(out var bytes))
                    return UnlessRemoved(text.Failure!);
                if (HistoryFile.Parse(Encoding.UTF8.GetString(bytes), history.Timeline) is { } parsed)
                    survey.Histories.Add(parsed);
                return null;
            case WalObject.Gap gap:
                var record = await ReadPlainAsync(gap.Name, MostGap, cancellation);
                if (!record.TryGet(out var json))
                    return UnlessRemoved(record.Failure!);
                if (GapRecord.Decode(json) is { } decoded)
                    survey.Gaps.Add(decoded);
                return null;
            case WalObject.Other:
                return null;
            default:
                throw new InvalidOperationException(entry.Name);
        }
    }

    /// <summary>What has expired since it was listed is not there.</summary>
    private static Problem? UnlessRemoved(Problem problem) => problem.Code == IObjectStore.Missing ? null : problem;

    private async Task<Outcome<SegmentPrefix>> ReadWholeAsync(
        string name, long length, Memory<byte> into, CancellationToken cancellation)
    {
        var read = await StoredFrames.ReadAsync(repository, name, length, into, cancellation);
        if (!read.TryGet(out var bytes))
            return new Outcome<SegmentPrefix>.Failed(read.Failure!);
        return bytes == into.Length
            ? new Outcome<SegmentPrefix>.Done(new SegmentPrefix(bytes, true))
            : new Outcome<SegmentPrefix>.Failed(
                FrameCodec.Damaged($"{name} holds {bytes} bytes instead of {into.Length}").Failure!);
    }

    /// <summary>
    /// Parts may overlap, with the same bytes. An empty one was never stored: no frame is empty. Damage may be covered
    /// by others, or not be needed.
    /// </summary>
    private async Task<Outcome<SegmentPrefix>> ReadPartsAsync(
        WalSegment segment, List<ObjectEntry> parts, Memory<byte> into, CancellationToken cancellation)
    {
        var reached = 0;
        DamagedPart? damaged = null;
        // What a damaged one leaves is certain nowhere: it must not come over what others have brought.
        var one = ArrayPool<byte>.Shared.Rent(into.Length);
        try
        {
            foreach (var part in Stored(parts))
            {
                var offset = (int)((WalObject.Part)_names.Parse(part.Name, segment.Size)).Offset;
                if (offset > reached)
                    break;
                var read = await StoredFrames.ReadAsync(
                    repository, part.Name, part.Length, one.AsMemory(0, into.Length - offset), cancellation);
                if (read.TryGet(out var length))
                {
                    one.AsMemory(0, length).CopyTo(into[offset..]);
                    reached = Math.Max(reached, offset + length);
                }
                else if (read.Failure!.Code == FrameCodec.DamagedCode)
                    damaged ??= new DamagedPart(part.Name, read.Failure);
                else
                    return new Outcome<SegmentPrefix>.Failed(read.Failure);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(one);
        }
        return new Outcome<SegmentPrefix>.Done(
            new SegmentPrefix(reached, reached == segment.Size)
            {
                Damaged = reached == segment.Size ? null : damaged,
            });
    }

    private static IEnumerable<ObjectEntry> Stored(List<ObjectEntry> parts) =>
        parts.Where(part => part.Length > 0).OrderBy(part => part.Name, StringComparer.Ordinal);

    private async Task<Outcome<byte[]>> ReadPlainAsync(string name, int most, CancellationToken cancellation)
    {
        var length = await repository.Store.LengthAsync(name, cancellation);
        if (!length.TryGet(out var found))
            return new Outcome<byte[]>.Failed(length.Failure!);
        if (found is not { } bytes || bytes > most)
            return new Outcome<byte[]>.Failed(StoreProblems.Missing(repository.Store.Address, name));
        var content = new byte[bytes];
        var read = await repository.Store.ReadAsync(name, 0, content, cancellation);
        return read.Failure is { } problem
            ? new Outcome<byte[]>.Failed(problem)
            : new Outcome<byte[]>.Done(content);
    }
}
