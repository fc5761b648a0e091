using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Tests.Backup;

/// <summary>Backups as the tests of plans write them: by the numbers of segments and days.</summary>
internal static class Backups
{
    public const uint SegmentSize = 16 << 20;

    public static readonly DateTimeOffset FirstDay = new(2026, 1, 1, 2, 0, 0, TimeSpan.Zero);

    public static Lsn Segment(double number) => new((ulong)(number * SegmentSize));

    /// <summary>Begun at a segment and consistent half a segment later.</summary>
    public static BackupHead Full(string id, double segment, double day, uint timeline = 1) => new(
        new BackupId(id),
        BackupKind.Full,
        null,
        7,
        new TimelineId(timeline),
        Segment(segment),
        Segment(segment + 0.5),
        FirstDay.AddDays(day),
        FirstDay.AddDays(day),
        150018,
        ByteSize.Megabytes(100),
        ByteSize.Megabytes(20),
        "a");

    public static BackupHead Incremental(string id, string parent, double segment, double day) =>
        Full(id, segment, day) with { Kind = BackupKind.Incremental, Parent = new BackupId(parent) };
}
