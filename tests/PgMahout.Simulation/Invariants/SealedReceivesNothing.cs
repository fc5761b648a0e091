using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>
/// As long as the record has the revision for which a member has said that it is sealed, it takes in no WAL. A member
/// that may never be promoted is not counted in any election, and may forget its seal together with its agent.
/// </summary>
internal sealed class SealedReceivesNothing(SimWorld world) : Invariant(world)
{
    public override void Received(SimPostgres server)
    {
        var member = World.Members[server.Index];
        if (member.Spec.Promotable && member.Agent.SealTold == World.Store.Revision)
            Broken($"{member.Name} has said that it is sealed for r{World.Store.Revision} and receives");
    }
}
