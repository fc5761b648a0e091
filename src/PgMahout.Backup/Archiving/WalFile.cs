using System.Globalization;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;

namespace PgMahout.Backup.Archiving;

/// <summary>What PostgreSQL calls by a name when it archives or restores.</summary>
internal abstract record WalFile
{
    private WalFile() { }

    public sealed record Segment(WalSegment Value) : WalFile;

    public sealed record History(TimelineId Timeline) : WalFile;

    /// <summary>The label of a base backup, or the last segment of a timeline that was left.</summary>
    public sealed record Other(string Name) : WalFile;

    /// <summary>Null when PostgreSQL has no files of such names.</summary>
    public static WalFile? Of(string name, uint segmentSize)
    {
        if (WalSegment.TryParse(name, segmentSize, out var segment))
            return new Segment(segment);
        if (name.Length < 8
            || !uint.TryParse(name[..8], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id))
            return null;
        if (name[8..] == ".history")
            return new History(new TimelineId(id));
        var isOther = name.Length > 24 && WalSegment.TryParse(name[..24], segmentSize, out _)
            && (name.EndsWith(".backup", StringComparison.Ordinal) || name[24..] == ".partial")
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '.');
        return isOther ? new Other(name) : null;
    }
}
