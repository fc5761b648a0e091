using PgMahout.Core.Cluster;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>
/// While all are well, no slot keeps WAL without bound, whoever streams from whom: clients write much for a while, and
/// then what each slot keeps is of the end of that while, but for the one step in which slots are moved.
/// </summary>
internal sealed class SlotsMove(SimWorld world)
{
    private const long Step = 16 << 20;
    private const long LargestWrite = 5 << 20;

    /// <summary>
    /// The leader asks every five ttls, and its standbys ask it once in a ttl; each of the two may come a turn late.
    /// </summary>
    private readonly long _lag = SimWorld.Nanoseconds(world.Spec.Timing.Ttl) * 8;

    public void Watch()
    {
        world.Flood = true;
        world.Run(world.Now + _lag);
        var written = Leader().Flushed;
        world.Run(world.Now + _lag);
        world.Flood = false;
        if (world.Violation is not null)
            return;
        foreach (var keeper in world.Members)
            foreach (var slot in keeper.Postgres.Slots.Where(IsReadHere))
                if ((long)slot.RestartAt!.Value.Value < written - Step - LargestWrite)
                    world.Fail(
                        nameof(SlotsMove),
                        $"{keeper.Name} keeps {slot.RestartAt} and on for {slot.Name}, of {keeper.Postgres.Flushed}");
    }

    /// <summary>The other region reads its slot out of sight; max_slot_wal_keep_size bounds what it keeps.</summary>
    private static bool IsReadHere(Slot slot) => slot.Name != Region.SlotName;

    private SimPostgres Leader() =>
        world.Members.First(member => member.Name == world.Store.Leadership!.Holder).Postgres;
}
