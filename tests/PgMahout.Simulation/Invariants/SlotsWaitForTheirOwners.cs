using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>
/// The leader gives up no WAL that a standby may come for: wherever that one streams from, what it has not got itself
/// stays in its slot.
/// </summary>
internal sealed class SlotsWaitForTheirOwners(SimWorld world) : Invariant(world)
{
    public override void SlotMoved(SimPostgres keeper, SimPostgres owner, long to)
    {
        // What happened in an earlier reign may be undone on the owner's side by now.
        if (owner.Initialized && owner.Flushed < to && keeper.Reign == World.Store.Leadership?.Epoch)
            Broken($"{NameOf(keeper)} keeps WAL from {to} on for {NameOf(owner)}, which has it up to {owner.Flushed}");
    }
}
