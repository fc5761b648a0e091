using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>
/// Asynchronous mode: a takeover loses of what was confirmed up to the former reign's end at most the lag limit, plus
/// what was confirmed in the two lease times before that end: a candidate can compare itself only with what the leader
/// last said of itself, and a leader that says nothing goes on for a lease time. The end is its last commit, but no
/// later than that of its lease: what a thawed host confirms before its guard has killed it is lost besides. Counted
/// from where the two histories part, not from where the former one's timeline began.
/// </summary>
internal sealed class LossWithinBound(SimWorld world, InvariantSet book) : Invariant(world)
{
    /// <summary>What was confirmed, along the line that leads to the newest reign.</summary>
    private readonly List<(long At, long End)> _confirmed = [];

    public override void Acknowledged(SimPostgres server, long end)
    {
        if (book.Newest is { } newest && server.Reign >= newest.Epoch)
            _confirmed.Add((InLease(server), end));
    }

    public override void Serving(SimPostgres server)
    {
        var kept = server.Flushed;
        if (book.Newest is { } former && _confirmed.Count > 0)
        {
            var confirmed = _confirmed[^1].End;
            kept = Math.Min(confirmed, server.Wal!.SharedWith(former.Timeline, server.Flushed));
            var allowed = World.Spec.MaximumLag.Bytes + LastWords();
            if (confirmed - kept > allowed && !book.IsForced(server.Reign))
                Broken($"{NameOf(server)} begins epoch {server.Reign} without {confirmed - kept} confirmed bytes of "
                    + $"epoch {former.Epoch}; {allowed} may be lost");
        }
        WriteOff(server);
        _confirmed.RemoveAll(entry => entry.End > kept);
        _confirmed.Add((World.Now, kept));
    }

    /// <summary>What may be lost is given up: no copy of it needs to be kept.</summary>
    private void WriteOff(SimPostgres server)
    {
        foreach (var timeline in book.Timelines)
            if (server.Wal!.ReachOn(timeline, server.Flushed) < timeline.AcknowledgedEnd)
                timeline.WrittenOffEnd = timeline.AcknowledgedEnd;
    }

    /// <summary>Now, or, on a host that has only just thawed, when its lease ran out.</summary>
    private long InLease(SimPostgres server)
    {
        var late = HasJustThawed(server) ? server.Host.Since(server.Guard.Deadline, World.Now) : 0;
        var before = _confirmed.Count > 0 ? _confirmed[^1].At : 0;
        return Math.Max(before, World.Now - late);
    }

    private long LastWords()
    {
        var last = _confirmed[^1];
        var before = _confirmed.FindLastIndex(entry =>
            entry.At < last.At - SimWorld.Nanoseconds(World.Spec.Timing.Ttl * 2));
        return last.End - _confirmed[Math.Max(before, 0)].End;
    }
}
