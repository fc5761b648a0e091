using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>
/// Something that must never be false. Each is looked at after every event that could make it false, and only then:
/// that is the same as after every event, and cheaper.
/// </summary>
internal abstract class Invariant(SimWorld world)
{
    private const long GuardNeeds = 50_000_000;

    protected SimWorld World { get; } = world;

    public string Name => GetType().Name;

    /// <summary>A server confirmed to a client a commit that ends at <paramref name="end"/> of its timeline.</summary>
    public virtual void Acknowledged(SimPostgres server, long end) { }

    /// <summary>A server of the newest reign begins to accept writes.</summary>
    public virtual void Serving(SimPostgres server) { }

    public virtual void RecordChanged(Leadership? before, Leadership after) { }

    /// <summary>An agent has changed what the cluster is to the other region.</summary>
    public virtual void RegionChanged(Region next) { }

    public virtual void SynchronousChanged(SimPostgres server) { }

    /// <summary>A member is about to lose what it has, for a copy of <paramref name="source"/>'s.</summary>
    public virtual void Destroying(SimPostgres target, SimPostgres? source) { }

    /// <summary>A standby has taken in WAL.</summary>
    public virtual void Received(SimPostgres server) { }

    /// <summary>
    /// A primary gives up WAL before <paramref name="to"/> that a slot kept for <paramref name="owner"/>.
    /// </summary>
    public virtual void SlotMoved(SimPostgres keeper, SimPostgres owner, long to) { }

    public virtual void Acting(int member, ClusterView view, Rule rule, HaAction action) { }

    /// <summary>No clock can help against a host that was frozen: its guard kills as soon as it thaws.</summary>
    protected bool HasJustThawed(SimPostgres server) => World.Now - server.Host.ThawedAt < GuardNeeds;

    protected void Broken(string what) => World.Fail(Name, what);

    protected string NameOf(SimPostgres server) => World.Members[server.Index].Name.Text;
}
