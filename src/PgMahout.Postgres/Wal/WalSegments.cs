using System.Buffers.Binary;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Wal;

/// <summary>
/// The WAL files of one data directory, along one history. Where several timelines have a file of a segment, the newest
/// one counts: it begins with a copy of what its parent had there. So PostgreSQL itself chooses.
/// </summary>
internal sealed class WalSegments : IDisposable
{
    public const int PageSize = 8192;

    private const int LongHeader = 40;
    private const int BufferSize = 256 << 10;

    private readonly string _directory;
    private readonly TimelineHistory _history;
    private FileStream? _open;
    private ulong _openSegment = ulong.MaxValue;

    private WalSegments(string directory, TimelineHistory history, uint segmentSize)
    {
        _directory = directory;
        _history = history;
        SegmentSize = segmentSize;
    }

    public uint SegmentSize { get; }

    /// <summary>Null when there is no WAL file to tell the segment size by.</summary>
    public static WalSegments? Open(string dataDirectory, TimelineHistory history)
    {
        var directory = Path.Combine(dataDirectory, "pg_wal");
        var header = new byte[LongHeader];
        foreach (var path in Directory.EnumerateFiles(directory).Where(path => IsSegmentName(Path.GetFileName(path))))
        {
            using var file = File.OpenRead(path);
            if (file.ReadAtLeast(header, LongHeader, throwOnEndOfStream: false) < LongHeader)
                continue;
            var size = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(32));
            var page = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(36));
            if (size == file.Length && page == PageSize)
                return new WalSegments(directory, history, size);
        }
        return null;
    }

    /// <summary>
    /// Fills <paramref name="page"/> with the page at this address; false when there is no such file.
    /// </summary>
    public bool ReadPage(ulong address, Span<byte> page)
    {
        var segment = address / SegmentSize;
        if (segment != _openSegment)
        {
            _open?.Dispose();
            _open = FileOf(segment) is { } path
                ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, BufferSize)
                : null;
            _openSegment = segment;
        }
        if (_open is null)
            return false;
        var offset = (long)(address % SegmentSize);
        if (_open.Position != offset)
            _open.Position = offset;
        return _open.ReadAtLeast(page, PageSize, throwOnEndOfStream: false) == PageSize;
    }

    /// <summary>
    /// All files of segments from the one that holds <paramref name="start"/>, of timelines from its own on.
    /// </summary>
    public IEnumerable<string> FilesFrom(WalPosition start)
    {
        var first = start.Lsn.Value / SegmentSize;
        return Directory.EnumerateFiles(_directory)
            .Where(path => IsSegmentName(Path.GetFileName(path)))
            .Where(path => TimelineOf(path) >= start.Timeline.Value && SegmentOf(path) >= first)
            .Order(StringComparer.Ordinal);
    }

    /// <summary>Whether this segment begins before that end; later ones are only preallocated.</summary>
    public bool Reaches(string path, WalPosition end) => SegmentOf(path) * SegmentSize < end.Lsn.Value;

    public static bool IsSegmentName(string name) =>
        name.Length == 24 && name.All(c => c is (>= '0' and <= '9') or (>= 'A' and <= 'F'));

    public void Dispose() => _open?.Dispose();

    /// <summary>The timeline of the file that is read for this address; null when there is none.</summary>
    public TimelineId? TimelineAt(Lsn address) =>
        Candidates(address.Value / SegmentSize).Select(candidate => (TimelineId?)candidate.Timeline).FirstOrDefault();

    private string? FileOf(ulong segment) =>
        Candidates(segment).Select(candidate => candidate.Path).FirstOrDefault();

    private IEnumerable<(TimelineId Timeline, string Path)> Candidates(ulong segment)
    {
        for (var place = _history.Ancestors.Length; place >= 0; place--)
        {
            var timeline = place == _history.Ancestors.Length ? _history.Current : _history.Ancestors[place].Timeline;
            if (Began(place) <= segment && PathOf(timeline, segment) is { } path)
                yield return (timeline, path);
        }
    }

    /// <summary>The segment in which the timeline at this place of the history began.</summary>
    private ulong Began(int place) => place == 0 ? 0 : _history.Ancestors[place - 1].EndedAt.Value / SegmentSize;

    private string? PathOf(TimelineId timeline, ulong segment)
    {
        var perFile = 0x1_0000_0000UL / SegmentSize;
        var path = Path.Combine(_directory, $"{timeline.Value:X8}{segment / perFile:X8}{segment % perFile:X8}");
        return File.Exists(path) ? path : null;
    }

    private ulong SegmentOf(string path)
    {
        var name = Path.GetFileName(path);
        return Convert.ToUInt64(name[8..16], 16) * (0x1_0000_0000UL / SegmentSize) + Convert.ToUInt64(name[16..], 16);
    }

    private static uint TimelineOf(string path) => Convert.ToUInt32(Path.GetFileName(path)[..8], 16);
}
