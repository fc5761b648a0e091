using System.Globalization;
using PgMahout.Backup.Framing;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;

namespace PgMahout.Backup.Archiving;

/// <summary>What an object under <c>wal/</c> holds, by its name.</summary>
internal abstract record WalObject
{
    private WalObject() { }

    public sealed record Whole(WalSegment Segment, string Name) : WalObject;

    /// <summary>A stretch of a segment from <paramref name="Offset"/> on.</summary>
    public sealed record Part(WalSegment Segment, uint Offset, string Name) : WalObject;

    public sealed record History(TimelineId Timeline) : WalObject;

    public sealed record Gap(TimelineId Timeline, Lsn From, string Name) : WalObject;

    /// <summary>What archive_command brings beside WAL, or what a later version makes.</summary>
    public sealed record Other : WalObject;
}

/// <summary>The names of one system identifier's WAL in a repository.</summary>
internal sealed class WalNames(ulong systemIdentifier)
{
    private const string HistoryEnding = ".history";
    private const string PartsEnding = ".part";
    private const string Gaps = "gaps";
    private const string GapEnding = ".json";

    /// <summary>What all of them begin with.</summary>
    public string Prefix { get; } = Repository.PrefixOf(systemIdentifier) + "wal/";

    /// <summary>Only there where segments have another size than usual: the number of their bytes.</summary>
    public string SegmentSize => Prefix + "segment-size";

    /// <summary>Without the ending that tells how it is stored.</summary>
    public string Whole(WalSegment segment) => $"{Prefix}{segment.Name[..8]}/{segment.Name}";

    public string Parts(WalSegment segment) => Whole(segment) + PartsEnding + "/";

    public string Part(WalSegment segment, int offset) => $"{Parts(segment)}{offset:X8}";

    public string History(TimelineId timeline) => $"{Prefix}{timeline.Value:X8}{HistoryEnding}";

    public string Gap(WalPosition from) => $"{Prefix}{from.Timeline.Value:X8}/{Gaps}/{from.Lsn.Value:X16}{GapEnding}";

    /// <summary>A file that PostgreSQL archives and that is neither a segment nor a history.</summary>
    public string Other(string file) => $"{Prefix}{file[..8]}/{file}";

    public WalObject Parse(string name, uint segmentSize)
    {
        var fields = name[Prefix.Length..].Split('/');
        return fields switch
        {
            [var file] when file.EndsWith(HistoryEnding, StringComparison.Ordinal)
                && TryHex(file[..^HistoryEnding.Length], 8, out var timeline) =>
                new WalObject.History(new TimelineId((uint)timeline)),
            [_, var file] when WalSegment.TryParse(Bare(file), segmentSize, out var segment) =>
                new WalObject.Whole(segment, name),
            [var directory, Gaps, var file] when file.EndsWith(GapEnding, StringComparison.Ordinal)
                && TryHex(directory, 8, out var timeline) && TryHex(file[..^GapEnding.Length], 16, out var lsn) =>
                new WalObject.Gap(new TimelineId((uint)timeline), new Lsn(lsn), name),
            [_, var parts, var file] when parts.EndsWith(PartsEnding, StringComparison.Ordinal)
                && WalSegment.TryParse(parts[..^PartsEnding.Length], segmentSize, out var segment)
                && TryHex(Bare(file), 8, out var offset) =>
                new WalObject.Part(segment, (uint)offset, name),
            _ => new WalObject.Other(),
        };
    }

    private static string Bare(string file) => Compression.OfName(file).Bare;

    private static bool TryHex(string text, int digits, out ulong value) =>
        ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
        && text.Length == digits;
}
