using PgMahout.Core.Cluster;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>
/// Once a newer reign accepts writes, an older one confirms nothing that the newer one lacks. (A server that thaws may
/// still tell a client of a commit that its voters flushed before they sealed themselves: late, and true.) Without
/// synchronous commit a thawed server has nobody to wait for, so there it has the moment until its guard has killed it.
/// </summary>
internal sealed class OldReignIsSilent(SimWorld world, InvariantSet book) : Invariant(world)
{
    public override void Acknowledged(SimPostgres server, long end)
    {
        if (book.Newest is not { } newest || newest.Epoch <= server.Reign)
            return;
        if (newest.Timeline.ReachOn(server.Wal!, long.MaxValue) >= end)
            return;
        if (book.IsForcedSince(server.Reign))
        {
            server.Wal!.WrittenOffEnd = Math.Max(server.Wal.WrittenOffEnd, end);
            return;
        }
        if (World.Plan.Durability == Durability.Async && HasJustThawed(server))
        {
            server.Wal!.WrittenOffEnd = Math.Max(server.Wal.WrittenOffEnd, end);
            return;
        }
        Broken($"{NameOf(server)} confirmed {server.Wal!.At(end)} in epoch {server.Reign}, after "
            + $"{World.Members[newest.Member].Name} began epoch {newest.Epoch} without it");
    }
}
