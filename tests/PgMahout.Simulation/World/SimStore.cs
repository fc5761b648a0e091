using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Simulation.World;

/// <summary>
/// A linearizable store that may answer late, never, or apply a write and lose the answer. Everything is applied at one
/// moment of virtual time, some time between the question and the answer, or after the asker has given up.
/// </summary>
internal sealed class SimStore(SimWorld world)
{
    private int _outages;
    private int _troubles;
    private long _revision;
    private long _pausedUntil;

    public Leadership? Leadership { get; private set; }
    public Revision Revision { get; private set; }
    public ulong? SystemIdentifier { get; set; }
    public SwitchoverRequest? Switchover { get; set; }

    public Region? Region { get; private set; } = world.Plan.HasTwin
        ? new Region(1, RegionRole.Leads, RegionSide.First, new RegionTwin("far", [], null))
        : null;

    private Revision _regionRevision = world.Plan.HasTwin ? new Revision(1) : Revision.None;

    /// <summary>When the pause that is now in force began; null when none is.</summary>
    public long? PausedSince { get; private set; }

    public void Begin(Leadership leadership)
    {
        Leadership = leadership;
        Revision = new Revision(++_revision);
    }

    public void StartOutage() => _outages++;
    public void EndOutage() => _outages--;

    /// <summary>Answers are lost or late much more often.</summary>
    public void StartTrouble() => _troubles++;
    public void EndTrouble() => _troubles--;

    public void Pause(long until)
    {
        PausedSince = world.Now;
        _pausedUntil = until;
        Changed();
    }

    public void Resume()
    {
        PausedSince = null;
        Changed();
    }

    /// <summary>By an operator: the leadership is to move to the other region, or the change is taken back.</summary>
    public void TurnRegion(RegionRole role)
    {
        if (Region is null || (role == RegionRole.Yields && Region.Role != RegionRole.Leads))
            return;
        PutRegion(Region with { Role = role, Mark = null });
        Changed();
    }

    public void ChangeRegion(Revision leadership, Revision expected, Region next)
    {
        if (leadership != Revision || expected != _regionRevision)
            return;
        PutRegion(next);
        world.Invariants.RegionChanged(next);
    }

    private void PutRegion(Region next)
    {
        Region = next;
        _regionRevision = new Revision(++_revision);
        world.Note(-1, "store", $"region {next.Role} {next.Mark}");
    }

    public StoreContent Content()
    {
        if (PausedSince is not null && world.Now >= _pausedUntil)
            PausedSince = null;
        var pause = PausedSince is null
            ? null
            : new Pause(TimeSpan.FromTicks((_pausedUntil - world.Now) / 100), "op", "drill");
        return new StoreContent(Leadership, Revision, SystemIdentifier, Switchover, pause)
        {
            Region = Region, RegionRevision = _regionRevision,
        };
    }

    public void Read(SimHost host, SimProcess asker, Action<StoreContent> answered) =>
        Ask(host, asker, 0, () => Content(), answered);

    /// <summary>
    /// Compare-and-swap of the leadership record; answers with the new revision, or null when it was refused.
    /// </summary>
    public void Swap(SimHost host, SimProcess asker, Revision expected, Leadership next, Action<Revision?> answered) =>
        Ask(host, asker, LateBy(), () => TrySwap(expected, next), answered);

    /// <summary>An unconditional or otherwise conditioned change of another record.</summary>
    public void Change(SimHost host, SimProcess asker, Action change, Action<bool> answered) =>
        Ask(host, asker, LateBy(), () => { change(); Changed(); return true; }, answered);

    public void CloseSwitchover(string id)
    {
        if (Switchover?.Id == id)
            Switchover = null;
    }

    private Revision? TrySwap(Revision expected, Leadership next)
    {
        if (expected != Revision && !world.Knobs.WriteUnconditionally)
            return null;
        var before = Leadership;
        Leadership = next;
        Revision = new Revision(++_revision);
        world.Note(-1, "store", $"r{Revision}: {Describe(next)}");
        world.Invariants.RecordChanged(before, next);
        Changed();
        return Revision;
    }

    private static string Describe(Leadership record) =>
        $"epoch {record.Epoch} {record.Holder} "
        + (record.Released is { } handover ? $"released to {handover.Heir}" : "holds") + $", {record.Synchronous}";

    private void Ask<T>(SimHost host, SimProcess asker, long late, Func<T> serve, Action<T> answered)
    {
        if (!world.Network.Reaches(host.Index, world.Network.Store))
            return;
        var life = asker.Life;
        world.After(world.Network.Latency() + late, null, () =>
        {
            if (_outages > 0)
                return;
            var answer = serve();
            if (!world.Network.Reaches(world.Network.Store, host.Index) || world.Chance.Chance(LossChance))
                return;
            world.Answer(world.Network.Latency() + LateBy(), asker, life, () => answered(answer));
        });
    }

    private double LossChance => _troubles > 0 ? 0.3 : world.Calm ? 0 : world.Plan.StoreLossChance;

    private long LateBy()
    {
        if (!world.Chance.Chance(LossChance))
            return 0;
        return (long)(SimWorld.Nanoseconds(world.Spec.Timing.StoreLimit) * world.Chance.Between(0.1, 2.5));
    }

    /// <summary>The watch: a hint to everybody, which may be lost.</summary>
    private void Changed()
    {
        foreach (var member in world.Members)
            if (_outages == 0 && world.Network.Reaches(world.Network.Store, member.Postgres.Host.Index)
                && !world.Chance.Chance(0.05))
                world.After(world.Network.Latency(), member.Agent.Process, member.Agent.Wake);
    }
}
