using PgMahout.Core.Cluster;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>
/// When the lease changes hands, or is released, nothing that could confirm a commit runs on its former holder. A
/// frozen host is the exception that no clock can help, and the reason for sealing: its guard kills as soon as it
/// thaws.
/// </summary>
internal sealed class HolderIsFencedFirst(SimWorld world, InvariantSet book) : Invariant(world)
{
    public override void RecordChanged(Leadership? before, Leadership after)
    {
        if (before is null || (after.IsHeld && after.Holder == before.Holder) || book.IsForced(after.Epoch))
            return;
        var former = World.Members.First(member => member.Name == before.Holder).Postgres;
        var excused = former.Host.Frozen || HasJustThawed(former);
        if (former.Leads && !excused)
            Broken($"{before.Holder} is {former.Phase} while the record passes to "
                + (after.IsHeld ? after.Holder : after.Released!.Heir));
    }
}
