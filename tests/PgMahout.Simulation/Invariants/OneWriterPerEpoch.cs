using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>At most one member confirms writes in any epoch.</summary>
internal sealed class OneWriterPerEpoch(SimWorld world) : Invariant(world)
{
    private readonly Dictionary<long, int> _writers = [];

    public override void Acknowledged(SimPostgres server, long end)
    {
        if (_writers.TryAdd(server.Reign.Value, server.Index) || _writers[server.Reign.Value] == server.Index)
            return;
        var other = World.Members[_writers[server.Reign.Value]].Name;
        Broken($"{NameOf(server)} and {other} both confirmed writes in epoch {server.Reign}");
    }
}
