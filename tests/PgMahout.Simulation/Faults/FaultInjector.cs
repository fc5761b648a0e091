using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Faults;

/// <summary>
/// Makes each fault happen at its time, and undoes it at its end, or earlier when everything is healed.
/// </summary>
internal sealed class FaultInjector
{
    private readonly SimWorld _world;
    private readonly int[] _hostsDown;
    private readonly int[] _agentsDown;
    private readonly Dictionary<int, Action> _open = [];
    private int _next;

    public FaultInjector(SimWorld world, ImmutableArray<Fault> faults)
    {
        _world = world;
        _hostsDown = new int[world.Plan.Members];
        _agentsDown = new int[world.Plan.Members];
        foreach (var fault in faults)
            world.After(fault.At * 1_000_000L, null, () => Begin(fault));
    }

    /// <summary>
    /// Data was lost by a fault: what was only there is gone, and in the end an operator may have to say so.
    /// </summary>
    public bool DestroyedData { get; private set; }

    public void HealAll()
    {
        foreach (var end in _open.Values.ToArray())
            end();
        _open.Clear();
    }

    private void Begin(Fault fault)
    {
        var target = fault.Target == Fault.Leader ? Leader() : _world.Members[fault.Target];
        _world.Note(target.Index, "FAULT", $"{fault.Kind} for {fault.For / 1000.0}s");
        var end = Begin(fault, target);
        var id = _next++;
        _open[id] = end;
        _world.After(fault.For * 1_000_000L, null, () =>
        {
            if (!_open.Remove(id))
                return;
            _world.Note(target.Index, "FAULT", $"{fault.Kind} ends");
            end();
        });
    }

    private SimMember Leader()
    {
        var holder = _world.Store.Leadership?.Holder;
        return _world.Members.FirstOrDefault(member => member.Name == holder) ?? _world.Members[0];
    }

    private Action Begin(Fault fault, SimMember target)
    {
        var other = _world.Members[fault.Other < 0 ? 0 : fault.Other];
        return fault.Kind switch
        {
            FaultKind.KillPostmaster =>
                Do(() => target.Postgres.KillPostmaster(Math.Min(fault.For, 2000) * 1_000_000L)),
            FaultKind.KillPostgres => Do(target.Postgres.KillAll),
            FaultKind.HangPostgres => Freeze(target.Postgres.Server),
            FaultKind.KillAgent => KillAgent(target),
            FaultKind.FreezeAgent => Freeze(target.Agent.Process),
            FaultKind.CrashHost => CrashHost(target),
            FaultKind.FreezeHost => FreezeHost(target),
            FaultKind.IsolateHost => Cut(EveryWay(target.Index)),
            FaultKind.CutOneWay => Cut([(target.Index, other.Index)]),
            FaultKind.CutPair => Cut([(target.Index, other.Index), (other.Index, target.Index)]),
            FaultKind.CutStore => Cut([(target.Index, _world.Network.Store), (_world.Network.Store, target.Index)]),
            FaultKind.MuteStore => Cut([(_world.Network.Store, target.Index)]),
            FaultKind.StoreOutage => DoAndUndo(_world.Store.StartOutage, _world.Store.EndOutage),
            FaultKind.StoreTrouble => DoAndUndo(_world.Store.StartTrouble, _world.Store.EndTrouble),
            FaultKind.SlowDisk => DoAndUndo(() => target.Host.DiskSlowness = 60, () => target.Host.DiskSlowness = 1),
            FaultKind.FullDisk => DoAndUndo(() => target.Host.DiskFull = true, () => target.Host.DiskFull = false),
            FaultKind.FillingDisk => DoAndUndo(
                () => target.Host.DiskFilling = true, () => target.Host.DiskFilling = false),
            FaultKind.StuckDisk => DoAndUndo(() => target.Host.Stick(_world.Now), target.Host.Unstick),
            FaultKind.SlowNetwork => DoAndUndo(() => _world.Network.Slowness = 30, () => _world.Network.Slowness = 1),
            FaultKind.LoseData => Do(() => LoseData(target)),
            FaultKind.ForeignData => DoAndUndo(
                () => { target.Postgres.KillAll(); target.Postgres.Foreign = true; },
                () => target.Postgres.Foreign = false),
            FaultKind.Switchover => Do(() => AskToMove(fault.Other, force: false)),
            FaultKind.ForceFailover => Do(() => AskToMove(fault.Other, force: true)),
            FaultKind.Pause => DoAndUndo(
                () => _world.Store.Pause(_world.Now + fault.For * 1_000_000L), _world.Store.Resume),
            FaultKind.Restart => Do(() => target.Agent.Ask(MemberRequest.Restart)),
            FaultKind.Rejoin => Do(() => target.Agent.Ask(MemberRequest.Rejoin)),
            FaultKind.Reinitialize => Do(() => target.Agent.Ask(MemberRequest.Reinitialize)),
            FaultKind.Shutdown => ShutDown(target),
            FaultKind.YieldRegion => DoAndUndo(
                () => _world.Store.TurnRegion(RegionRole.Yields), () => _world.Store.TurnRegion(RegionRole.Leads)),
        };
    }

    private static Action Do(Action act)
    {
        act();
        return static () => { };
    }

    private static Action DoAndUndo(Action act, Action undo)
    {
        act();
        return undo;
    }

    private Action Freeze(SimProcess process)
    {
        process.Freeze();
        return () => process.Thaw(_world);
    }

    private Action FreezeHost(SimMember target)
    {
        target.Host.Freeze();
        return () => target.Host.Thaw(_world);
    }

    private Action KillAgent(SimMember target)
    {
        _agentsDown[target.Index]++;
        target.Agent.Kill();
        return () => { _agentsDown[target.Index]--; StartAgent(target); };
    }

    private void StartAgent(SimMember target)
    {
        if (_agentsDown[target.Index] == 0 && target.Host.Up && !target.Agent.Process.Alive)
            target.Agent.Start();
    }

    private Action CrashHost(SimMember target)
    {
        _hostsDown[target.Index]++;
        target.Agent.Kill();
        target.Host.PowerOff();
        target.Postgres.LosePower();
        return () =>
        {
            if (--_hostsDown[target.Index] > 0)
                return;
            target.Host.Boot(_world.Now);
            StartAgent(target);
        };
    }

    /// <summary>The member is taken down as by the operator's command, and its agent started again later.</summary>
    private Action ShutDown(SimMember target)
    {
        target.Agent.Ask(MemberRequest.Shutdown);
        return () =>
        {
            if (!target.Agent.Process.Alive)
                return;
            target.Agent.Kill();
            StartAgent(target);
        };
    }

    private void LoseData(SimMember target)
    {
        // What no design could save proves nothing.
        if (_world.Members.Count(member => member != target && CanLead(member)) < 2)
            return;
        target.Postgres.Wipe();
        DestroyedData = true;
        _world.Invariants.LostByFault();
    }

    private static bool CanLead(SimMember member) =>
        member.Spec.Promotable && member.Postgres.Initialized && !member.Agent.IsCopying;

    public void AskToMove(int to, bool force)
    {
        if (_world.Store.Leadership is not { } record || _world.Store.Switchover is not null)
            return;
        var target = to < 0 ? (MemberName?)null : _world.Members[to].Name;
        if (target == record.Holder || (force && target is null))
            return;
        _world.Store.Switchover = new SwitchoverRequest($"move{_next}", record.Holder, target, force, "op", null);
    }

    private List<(int From, int To)> EveryWay(int index)
    {
        var ways = new List<(int, int)>();
        for (var other = 0; other <= _world.Plan.Members; other++)
            if (other != index)
            {
                ways.Add((index, other));
                ways.Add((other, index));
            }
        return ways;
    }

    private Action Cut(List<(int From, int To)> ways)
    {
        ways.RemoveAll(way => way.From == way.To);
        foreach (var (from, to) in ways)
            _world.Network.Cut(from, to);
        return () =>
        {
            foreach (var (from, to) in ways)
                _world.Network.Mend(from, to);
        };
    }
}
