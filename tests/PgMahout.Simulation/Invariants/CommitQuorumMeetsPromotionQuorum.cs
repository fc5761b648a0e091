using System.Numerics;
using PgMahout.Core.Cluster;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>
/// Any members that together confirm a commit, and any that together suffice for a promotion by the record, have one in
/// common. Found by trying all of them, not by the arithmetic that the planner uses.
/// </summary>
internal sealed class CommitQuorumMeetsPromotionQuorum(SimWorld world) : Invariant(world)
{
    public override void RecordChanged(Leadership? before, Leadership after) => Check(after);

    public override void SynchronousChanged(SimPostgres server)
    {
        if (World.Store.Leadership is { } record)
            Check(record);
    }

    private void Check(Leadership record)
    {
        var recorded = record.Synchronous;
        if (recorded.Quorum == 0)
            return;
        foreach (var member in World.Members)
        {
            var server = member.Postgres;
            if (!server.Leads || server.Phase == ServerPhase.Promoting || server.Reign != record.Epoch)
                continue;
            Check(server, server.Synchronous, recorded);
            if (server.StillInUse is { } earlier)
                Check(server, earlier, recorded);
        }
    }

    private void Check(SimPostgres server, SynchronousSet effective, SynchronousSet recorded)
    {
        var (commits, promotions) = (Mask(effective), Mask(recorded));
        for (var confirming = 0; confirming < 1 << World.Members.Count; confirming++)
        {
            if ((confirming & ~commits) != 0 || BitOperations.PopCount((uint)confirming) != effective.Quorum)
                continue;
            var avoiding = promotions & ~confirming;
            if (BitOperations.PopCount((uint)avoiding) < recorded.PromotionQuorum)
                continue;
            Broken($"{NameOf(server)} waits for {effective} while the record says {recorded}");
            return;
        }
    }

    private int Mask(SynchronousSet set)
    {
        var mask = 0;
        foreach (var member in World.Members)
            if (set.Contains(member.Name))
                mask |= 1 << member.Index;
        return mask;
    }
}
