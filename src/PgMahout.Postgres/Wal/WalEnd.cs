using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Observation;

namespace PgMahout.Postgres.Wal;

/// <summary>Finds where a stopped server's WAL ends, and on which history.</summary>
internal static class WalEnd
{
    /// <summary>
    /// Reads from the last checkpoint on. The newest history that the checkpoint belongs to is tried first; where WAL
    /// does not reach the point at which that history left its parent, the parent may reach further, because a receiver
    /// fills a segment of a new timeline from its beginning. Null when there is no readable WAL at the checkpoint.
    /// </summary>
    public static (TimelineHistory History, WalPosition End)? Find(
        string dataDirectory, ControlFile control, CancellationToken cancellation)
    {
        (TimelineHistory History, WalPosition End)? best = null;
        foreach (var timeline in HistoryFile.Known(dataDirectory))
        {
            if (HistoryFile.Read(dataDirectory, timeline) is not { } history
                || !history.Contains(new WalPosition(control.Timeline, control.Redo)))
                continue;
            if (Read(dataDirectory, history, control.Redo, cancellation) is not { } end)
                continue;
            if (best is null || end.Lsn > best.Value.End.Lsn)
                best = (Cut(history, end.Timeline), end);
            if (best.Value.End.Timeline == timeline)
                break;
        }
        return best;
    }

    private static WalPosition? Read(
        string dataDirectory, TimelineHistory history, Lsn start, CancellationToken cancellation)
    {
        using var segments = WalSegments.Open(dataDirectory, history);
        if (segments is null)
            return null;
        var reader = new WalReader(segments, start);
        if (!reader.TryRead(out _))
            return null;
        while (reader.TryRead(out _))
            cancellation.ThrowIfCancellationRequested();
        // An old primary that has the new history but not its WAL goes on in files of its own timeline, past the fork.
        var own = segments.TimelineAt(new Lsn(reader.End.Value - 1)) ?? history.Current;
        var due = TimelineAt(history, reader.End);
        return new WalPosition(own < due ? own : due, reader.End);
    }

    /// <summary>WAL that ends exactly at a switch is still the parent's.</summary>
    private static TimelineId TimelineAt(TimelineHistory history, Lsn end)
    {
        foreach (var ancestor in history.Ancestors)
            if (end <= ancestor.EndedAt)
                return ancestor.Timeline;
        return history.Current;
    }

    /// <summary>The history as it was for a server that is still on <paramref name="timeline"/>.</summary>
    private static TimelineHistory Cut(TimelineHistory history, TimelineId timeline) =>
        new([.. history.Ancestors.TakeWhile(ancestor => ancestor.Timeline != timeline)], timeline);
}
