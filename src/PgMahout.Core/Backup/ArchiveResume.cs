using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;

namespace PgMahout.Core.Backup;

/// <summary>What a server says of itself.</summary>
/// <param name="FlushedTo">How far its WAL is on its disk.</param>
public sealed record ArchiveSource(
    ulong SystemIdentifier, TimelineHistory History, Lsn FlushedTo, uint SegmentSize, bool IsStandby);

/// <summary>Whether an archive may take WAL from a server, and from where on.</summary>
public abstract record ResumeAnswer
{
    private ResumeAnswer() { }

    /// <param name="From">The beginning of a segment: a whole one is always stored in one piece.</param>
    /// <param name="Durable">Everything before it is in the archive.</param>
    public sealed record Stream(WalPosition From, Lsn Durable) : ResumeAnswer;

    /// <summary>It takes no writes; its primary has everything it has.</summary>
    public sealed record NotPrimary : ResumeAnswer;

    /// <summary>Another cluster.</summary>
    public sealed record OtherSystem(ulong Expected, ulong Found) : ResumeAnswer;

    /// <summary>The archive has seen a later promotion: this is a primary of the past.</summary>
    public sealed record Stale(TimelineId Newest, TimelineId Found) : ResumeAnswer;

    /// <summary>A timeline of the same number left its parent elsewhere: two servers were promoted to it.</summary>
    public sealed record OtherHistory(TimelineId Timeline) : ResumeAnswer;

    /// <summary>It has less of its own timeline than the archive: it lost WAL that it had confirmed.</summary>
    public sealed record Behind(Lsn Archived, Lsn Found) : ResumeAnswer;
}

/// <summary>Decides where an archiver goes on.</summary>
public static class ArchiveResume
{
    /// <summary>
    /// On the newest timeline of the server's history of which the archive has WAL, where that ends; on the next
    /// timeline where the archive has all that counts of it. What it has beyond the point where the history left a
    /// timeline belongs to a branch that came to nothing. An archive without WAL of this history begins at the present.
    /// </summary>
    /// <param name="systemIdentifier">Of the cluster that is archived.</param>
    public static ResumeAnswer Decide(ulong systemIdentifier, ArchivedWal archived, ArchiveSource source)
    {
        if (source.SystemIdentifier != systemIdentifier)
            return new ResumeAnswer.OtherSystem(systemIdentifier, source.SystemIdentifier);
        if (source.IsStandby)
            return new ResumeAnswer.NotPrimary();
        if (archived.Newest is { } newest && newest > source.History.Current)
            return new ResumeAnswer.Stale(newest, source.History.Current);
        if (Disagreement(archived, source.History) is { } timeline)
            return new ResumeAnswer.OtherHistory(timeline);
        var durable = AfterGaps(archived, Reached(archived, source));
        return durable.Timeline == source.History.Current && durable.Lsn > source.FlushedTo
            ? new ResumeAnswer.Behind(durable.Lsn, source.FlushedTo)
            : new ResumeAnswer.Stream(SegmentStart(durable, source.SegmentSize), durable.Lsn);
    }

    /// <summary>
    /// Whether the archive has more by now than it had when <paramref name="known"/> was decided: somebody else
    /// archives, or did until a moment ago.
    /// </summary>
    public static bool IsLate(ResumeAnswer.Stream known, ResumeAnswer now) =>
        now is ResumeAnswer.Stream fresh
        && (fresh.From.Timeline > known.From.Timeline
            || (fresh.From.Timeline == known.From.Timeline && fresh.Durable > known.Durable));

    /// <summary>Behind the end of a timeline, when the next one is begun.</summary>
    public static ResumeAnswer.Stream After(WalPosition switched, uint segmentSize)
    {
        var start = SegmentStart(switched, segmentSize);
        return new ResumeAnswer.Stream(start, start.Lsn);
    }

    /// <summary>
    /// What is missing for good when the server no longer has what comes at <paramref name="durable"/>: up to the next
    /// WAL that the archive has there, or up to what the server writes now.
    /// </summary>
    /// <param name="nextArchived">Where the archive has WAL of that timeline again, behind the hole.</param>
    public static WalGap Gap(WalPosition durable, Lsn? nextArchived, ArchiveSource source) => new(
        durable,
        nextArchived is { } next
            ? durable with { Lsn = next }
            : SegmentStart(new WalPosition(source.History.Current, source.FlushedTo), source.SegmentSize));

    private static WalPosition Reached(ArchivedWal archived, ArchiveSource source)
    {
        var history = source.History;
        if (archived.Find(history.Current)?.End is { } end)
            return new WalPosition(history.Current, end);
        var next = history.Current;
        foreach (var ancestor in history.Ancestors.Reverse())
        {
            if (archived.Find(ancestor.Timeline)?.End is { } reached)
                return reached >= ancestor.EndedAt
                    ? SegmentStart(new WalPosition(next, ancestor.EndedAt), source.SegmentSize)
                    : new WalPosition(ancestor.Timeline, reached);
            next = ancestor.Timeline;
        }
        return SegmentStart(new WalPosition(history.Current, source.FlushedTo), source.SegmentSize);
    }

    private static WalPosition AfterGaps(ArchivedWal archived, WalPosition reached)
    {
        // A gap leads forward only, so this ends.
        foreach (var gap in archived.Gaps.OrderBy(gap => gap.From))
            if (gap.From == reached && gap.To > reached)
                reached = gap.To;
        return reached;
    }

    private static TimelineId? Disagreement(ArchivedWal archived, TimelineHistory history)
    {
        foreach (var known in archived.Timelines)
            if (known.History is { } own && At(history, known.Timeline) is { } theirs && own != theirs)
                return known.Timeline;
        return null;
    }

    /// <summary>The history as it was on one of its timelines; null when it was never on that.</summary>
    private static TimelineHistory? At(TimelineHistory history, TimelineId timeline)
    {
        if (timeline == history.Current)
            return history;
        for (var i = 0; i < history.Ancestors.Length; i++)
            if (history.Ancestors[i].Timeline == timeline)
                return new TimelineHistory(history.Ancestors[..i], timeline);
        return null;
    }

    private static WalPosition SegmentStart(WalPosition position, uint segmentSize) =>
        position with { Lsn = WalSegment.At(position, segmentSize).Start };
}
