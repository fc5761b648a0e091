using PgMahout.Core.Vocabulary;
using static PgMahout.Core.Tuning.MemoryText;

namespace PgMahout.Core.Tuning;

internal static class WalImprovement
{
    private const int PartsOfFreeDisk = 8;
    private const long SegmentKilobytes = 16 * KilobytesPerMegabyte;

    // Two segments are PostgreSQL's least; eight leave a checkpoint the time to finish.
    private const long LeastWalKilobytes = 8 * SegmentKilobytes;

    public static TuningDraft BoundByDisk(TuningDraft draft) => draft.Part.FreeDisk is { } free
        ? Bounded(Bounded(draft, "min_wal_size", free, share: 4), "max_wal_size", free, share: 1)
        : draft;

    private static TuningDraft Bounded(TuningDraft draft, string name, ByteSize free, int share)
    {
        var bound = Math.Max(LeastWalKilobytes, (free.Bytes >> 10) / PartsOfFreeDisk) / share;
        return draft.Memory(name) <= bound ? draft : draft.With(
            TuningRule.BoundWalByDisk, name, Of(bound / SegmentKilobytes * SegmentKilobytes),
            $"bounded by this member's {free} of free disk; {draft.Before(name)}");
    }
}
