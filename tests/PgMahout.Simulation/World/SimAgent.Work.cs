using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Simulation.World;

/// <summary>Long work: begun by an action, seen as an operation in every view until it ends, one at a time.</summary>
internal sealed partial class SimAgent
{
    private readonly List<FailedOperation> _failures = [];
    private Operation? _operation;
    private MemberRequest? _request;
    private int _work;

    /// <summary>What an operator asked of this member and it has not begun yet.</summary>
    public MemberRequest? Request => _request;

    /// <summary>The data directory is being overwritten: until that has ended it is nobody's copy.</summary>
    public bool IsCopying => _operation?.Kind is OperationKind.Clone or OperationKind.Rewind;

    private void ForgetWork()
    {
        _operation = null;
        _request = null;
        _failures.Clear();
        _work++;
    }

    /// <summary>What the agent did itself ends with it; what PostgreSQL was told to do goes on.</summary>
    private void AbandonWork()
    {
        var kind = _operation?.Kind;
        if (kind is OperationKind.Clone or OperationKind.Rewind)
            _postgres.Wipe();
        ForgetWork();
    }

    private void Notice(PostgresState state)
    {
        if (state is PostgresState.Primary or PostgresState.Standby { Streaming: true })
            _failures.Clear();
    }

    private bool BeginWork(HaAction action)
    {
        if (_operation is not null || _postgres.Foreign)
            return false;
        return action switch
        {
            HaAction.Bootstrap bootstrap => Bootstrap(bootstrap.Epoch),
            HaAction.StartPrimary start => StartPrimary(start),
            HaAction.StartStandby start => StartStandby(start.Upstream),
            HaAction.Stop stop => Stop(stop.Mode),
            HaAction.Promote promote => Promote(promote.Epoch),
            HaAction.InspectWal => Inspect(),
            HaAction.RewindFrom rewind => Rewind(rewind.Source),
            HaAction.CloneFrom clone => Clone(clone.Source),
            _ => throw new InvalidOperationException($"the actuator does not know {action.GetType().Name}"),
        };
    }

    private int Begin(OperationKind kind, MemberName? source = null)
    {
        _operation = new Operation(kind, Now, source);
        return ++_work;
    }

    private void End(int work, string? failure)
    {
        if (work != _work || _operation is not { } operation)
            return;
        if (failure is not null)
        {
            _failures.Add(new FailedOperation(operation.Kind, Now, failure));
            _world.Note(_index, "agent", $"{operation.Kind} failed: {failure}");
        }
        else if (operation.Kind is OperationKind.Clone or OperationKind.Rewind)
        {
            // A new copy has none of the troubles of the old one.
            _failures.Clear();
        }
        _operation = null;
        WakeSoon();
    }

    /// <summary>A primary begins only under a lease that is known to last, with the guard told when it ends.</summary>
    private bool MayLead(Epoch epoch) =>
        _world.Knobs.PromoteUnguarded
        || (_recordEpoch == epoch && _lease.FenceAt(Timing) is { } deadline && Now < deadline);

    /// <summary>Waits for the server to get somewhere, by looking; a server that dies on the way has failed.</summary>
    private void AwaitServer(int work, ServerPhase wanted)
    {
        var life = _postgres.Server.Life;
        void Look() => _world.After(5_000_000, Process, () =>
        {
            if (work != _work)
                return;
            if (_postgres.Phase == wanted)
                End(work, null);
            else if (_postgres.Server.Life != life || !_postgres.PostmasterAlive)
                End(work, "the server stopped");
            else
                Look();
        });
        Look();
    }

    private bool StartPrimary(HaAction.StartPrimary start)
    {
        if (_postgres.HasProcesses || !_postgres.Initialized || !MayLead(start.Epoch))
            return false;
        var work = Begin(OperationKind.Start);
        _postgres.StartPrimary(start.Synchronous, start.Epoch);
        ArmGuard();
        AwaitServer(work, ServerPhase.Primary);
        return true;
    }

    private bool StartStandby(MemberName? upstream)
    {
        if (_postgres.HasProcesses || !_postgres.Initialized)
            return false;
        _sealed = upstream is null ? _lease.Revision : null;
        var work = Begin(OperationKind.Start);
        _postgres.StartStandby(upstream is { } name ? IndexOf(name) : null);
        AwaitServer(work, ServerPhase.Standby);
        return true;
    }

    private bool Promote(Epoch epoch)
    {
        if (_postgres.Phase == ServerPhase.Primary)
            return true;
        if (!_postgres.InRecovery || _postgres.Server.Frozen || !MayLead(epoch))
            return false;
        _sealed = null;
        var work = Begin(OperationKind.Promote);
        if (_postgres.Phase == ServerPhase.Standby)
            _postgres.Promote(epoch);
        ArmGuard();
        AwaitServer(work, ServerPhase.Primary);
        return true;
    }

    private bool Stop(StopMode mode)
    {
        var work = Begin(OperationKind.Stop);
        if (mode == StopMode.Immediate)
            _postgres.KillAll();
        else if (!_postgres.Server.Frozen)
            _postgres.StopFast(_world.Now + SimWorld.Nanoseconds(Timing.StopLimit));
        var giveUp = _world.Now + SimWorld.Nanoseconds(Timing.StopLimit);
        void Look() => _world.After(3_000_000, Process, () =>
        {
            if (work != _work)
                return;
            if (_postgres.HasProcesses && _world.Now > giveUp)
                _postgres.KillAll();
            if (_postgres.HasProcesses)
                Look();
            else
                End(work, null);
        });
        Look();
        return true;
    }

    private bool Bootstrap(Epoch epoch)
    {
        if (_postgres.HasProcesses ? _postgres.Phase != ServerPhase.Primary : !MayLead(epoch))
            return false;
        var work = Begin(OperationKind.Bootstrap);
        _world.After(_world.Milliseconds(300, 1500), Process, () =>
        {
            if (!_postgres.HasProcesses && !MayLead(epoch))
            {
                End(work, "the lease ran out");
                return;
            }
            if (!_postgres.Initialized)
                _postgres.Initialize(new WalTimeline(TimelineId.First, null, 0), epoch);
            else if (!_postgres.HasProcesses)
                _postgres.StartPrimary(SynchronousSet.Nobody, epoch);
            ArmGuard();
            ChangeStore(
                () => _world.Store.SystemIdentifier ??= AgentObserver.SystemIdentifier,
                ok => End(work, ok ? null : "the identity could not be published"));
        });
        return true;
    }

    private bool Inspect()
    {
        if (_postgres.HasProcesses || !_postgres.Initialized)
            return false;
        var work = Begin(OperationKind.InspectWal);
        _world.After(_world.Milliseconds(30, 400), Process, () =>
        {
            if (work != _work)
                return;
            var readable = !_postgres.HasProcesses && _postgres.Initialized && !_world.Chance.Chance(0.02);
            if (readable)
                _postgres.Inspected = _postgres.Wal!.At(_postgres.Written);
            End(work, readable ? null : "pg_waldump failed");
        });
        return true;
    }

    private bool Rewind(MemberName source)
    {
        if (_postgres.HasProcesses || !_postgres.Initialized)
            return false;
        _world.Invariants.Destroying(_postgres, _world.Members[IndexOf(source)].Postgres);
        var work = Begin(OperationKind.Rewind, source);
        Copy(work, source, _world.Milliseconds(300, 3000), keepSlots: true);
        return true;
    }

    private bool Clone(MemberName source)
    {
        _world.Invariants.Destroying(_postgres, null);
        var work = Begin(OperationKind.Clone, source);
        _postgres.Wipe();
        Copy(work, source, _world.Milliseconds(1000, 6000), keepSlots: false);
        return true;
    }

    /// <summary>Copies from a running primary, which must stay up and in reach to the end.</summary>
    private void Copy(int work, MemberName source, long duration, bool keepSlots)
    {
        var from = _world.Members[IndexOf(source)].Postgres;
        var life = from.Server.Life;
        bool Readable() => from.Phase == ServerPhase.Primary && from.Server.Life == life
            && _world.Network.Reaches(from.Index, _index) && _world.Network.Reaches(_index, from.Index);

        if (!Readable())
        {
            _world.After(_world.Milliseconds(20, 200), Process, () => End(work, "the source cannot be reached"));
            return;
        }
        _world.After(duration, Process, () =>
        {
            if (work != _work)
                return;
            var copied = Readable() && !_postgres.Host.DiskFull && !_world.Chance.Chance(0.03);
            if (copied)
                _postgres.Replace(from.Wal!, from.Flushed, keepSlots);
            else if (_postgres.Initialized)
                _postgres.Wipe();
            End(work, copied ? null : "the copy broke off");
        });
    }
}
