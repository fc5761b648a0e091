using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>
/// Strict mode: a commit is confirmed only when as many other members as it asks for have it on disk. (A new cluster
/// has nobody to ask at first. A member whose data was deleted may have had it.)
/// </summary>
internal sealed class StrictMeansReplicated(SimWorld world) : Invariant(world)
{
    private readonly bool _applies = world.Plan.Durability == Durability.Strict;

    public override void Acknowledged(SimPostgres server, long end)
    {
        if (!_applies || (server.Reign == Epoch.Zero.Next && !World.Plan.Bootstrapped))
            return;
        var copies = 0;
        foreach (var member in World.Members)
            if (member.Postgres != server
                && (member.Postgres.Wal is not { } wal || wal.ReachOn(server.Wal!, member.Postgres.Flushed) >= end))
                copies++;
        if (copies < World.Spec.CommitQuorum)
            Broken($"{NameOf(server)} confirmed {server.Wal!.At(end)}, which {copies} others have; "
                + $"it waits for {server.Synchronous}");
    }
}
