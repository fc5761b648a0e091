using PgMahout.Core.Cluster;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>
/// Of the voters that the record names, so many have each confirmed commit that no promotion quorum of those which have
/// any data at all could be without it.
/// </summary>
internal sealed class VotersHoldEveryCommit(SimWorld world, InvariantSet book) : Invariant(world)
{
    public override void Acknowledged(SimPostgres server, long end)
    {
        if (World.Store.Leadership is { } record)
            Check(record, server.Wal!, end);
    }

    public override void RecordChanged(Leadership? before, Leadership after)
    {
        foreach (var timeline in book.Timelines)
            Check(after, timeline, timeline.AcknowledgedEnd);
    }

    private void Check(Leadership record, WalTimeline timeline, long end)
    {
        var recorded = record.Synchronous;
        if (recorded.Quorum == 0 || end <= timeline.WrittenOffEnd || book.IsForced(record.Epoch))
            return;
        var lacking = 0;
        foreach (var member in World.Members)
            if (recorded.Contains(member.Name) && Lacks(member.Postgres, timeline, end))
                lacking++;
        if (lacking >= recorded.PromotionQuorum)
            Broken($"{lacking} voters of '{recorded}' lack the confirmed {timeline.At(end)}");
    }

    private static bool Lacks(SimPostgres server, WalTimeline timeline, long end) =>
        server.Wal is { } wal && wal.ReachOn(timeline, server.Flushed) < end;
}
