using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>
/// Asynchronous mode: a takeover loses at most the lag limit, plus what the old leader confirmed in the last lease time
/// and two renewals of its life: a candidate can compare itself only with what the leader last said of itself.
/// </summary>
internal sealed class LossWithinBound(SimWorld world, InvariantSet book) : Invariant(world)
{
    private readonly Dictionary<WalTimeline, List<(long At, long End)>> _confirmed = [];

    public override void Acknowledged(SimPostgres server, long end)
    {
        if (!_confirmed.TryGetValue(server.Wal!, out var list))
            _confirmed[server.Wal!] = list = [];
        list.Add((World.Now, end));
    }

    public override void Serving(SimPostgres server)
    {
        foreach (var timeline in book.Timelines)
        {
            var reach = Math.Max(server.Wal!.ReachOn(timeline, server.Flushed), timeline.WrittenOffEnd);
            if (reach >= timeline.AcknowledgedEnd)
                continue;
            var allowed = World.Spec.MaximumLag.Bytes + LastWords(timeline);
            if (timeline.AcknowledgedEnd - reach > allowed && !book.IsForced(server.Reign))
                Broken($"{NameOf(server)} begins epoch {server.Reign} without "
                    + $"{timeline.AcknowledgedEnd - reach} confirmed bytes of timeline {timeline.Id}; "
                    + $"{allowed} may be lost");
            timeline.WrittenOffEnd = timeline.AcknowledgedEnd;
        }
    }

    private long LastWords(WalTimeline timeline)
    {
        var list = _confirmed[timeline];
        var since = list[^1].At - SimWorld.Nanoseconds(World.Spec.Timing.Ttl + World.Spec.Timing.RenewEvery * 2);
        var before = list.FindLastIndex(entry => entry.At < since);
        return timeline.AcknowledgedEnd - (before < 0 ? 0 : list[before].End);
    }
}
