using PgMahout.Core.Cluster;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>
/// Once it is written that a region has yielded, whoever has its WAL up to the mark has every commit that was confirmed
/// there, and no other is confirmed: the other region may be promoted at that very moment.
/// </summary>
internal sealed class YieldedRegionIsSilent(SimWorld world, InvariantSet book) : Invariant(world)
{
    public override void RegionChanged(Region next)
    {
        if (next is not { Role: RegionRole.Yielded, Mark: { } mark })
            return;
        var stopped = World.Members.First(member => member.Name == World.Store.Leadership!.Holder).Postgres;
        foreach (var timeline in book.Timelines)
            if (timeline.AcknowledgedEnd > timeline.WrittenOffEnd
                && stopped.Wal!.ReachOn(timeline, (long)mark.Lsn.Value) is var reach
                && reach < timeline.AcknowledgedEnd)
                Broken($"{NameOf(stopped)} yields at {mark}, which has timeline {timeline.Id} up to {reach}; "
                    + $"{timeline.AcknowledgedEnd} was confirmed");
    }

    public override void Acknowledged(SimPostgres server, long end)
    {
        if (World.Store.Region is not { Role: RegionRole.Yielded, Mark: { } mark } || book.Newest is not { } newest)
            return;
        // A frozen server that thaws may tell of a commit that its voters had before: late, and true.
        if (server.Wal != newest.Timeline
            && newest.Timeline.ReachOn(server.Wal!, long.MaxValue) >= end
            && end <= (long)mark.Lsn.Value)
            return;
        if (book.IsForcedSince(server.Reign) || World.Plan.Durability == Durability.Async)
            return;
        Broken($"{NameOf(server)} confirmed {server.Wal!.At(end)} after the region had yielded at {mark}");
    }

    public override void Serving(SimPostgres server)
    {
        if (World.Store.Region is { Role: RegionRole.Yielded } && server.Reign == World.Store.Leadership?.Epoch)
            Broken($"{NameOf(server)} begins to serve after the region had yielded");
    }
}
