using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Replication;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Simulation.World;

/// <summary>The actuator: each action takes time and looks at its precondition itself, at the moment it acts.</summary>
internal sealed partial class SimAgent
{
    private const long FenceLimit = 5_000_000_000;

    private void Apply(ClusterView view, Decision decision, int next)
    {
        if (next == decision.Actions.Length)
        {
            EndTurn(decision.WakeWithin);
            return;
        }
        var action = decision.Actions[next];
        _world.Invariants.Acting(_index, view, decision.Rule, action);
        Apply(view, decision.Rule, action, done =>
        {
            if (done)
                Apply(view, decision, next + 1);
            else
                EndTurn(decision.WakeWithin);
        });
    }

    private void Apply(ClusterView view, Rule rule, HaAction action, Action<bool> done)
    {
        switch (action)
        {
            case HaAction.AcquireLease acquire:
                if (rule == Rule.TakeByForce)
                    _world.Invariants.LossAccepted(acquire.Next.Epoch);
                if (_promisedUntil > Now && view.Leadership is { IsHeld: true })
                {
                    done(false);
                    break;
                }
                _acquiring = true;
                WriteLease(acquire.Expected, acquire.Next, ok => { _acquiring = false; done(ok); });
                break;
            case HaAction.RenewLease renew:
                WriteLease(renew.Expected, renew.Next, done);
                break;
            case HaAction.ReleaseLease release:
                Release(view, release, done);
                break;
            case HaAction.AskForPromises ask:
                AskForPromises(ask, done);
                break;
            case HaAction.CloseSwitchover close:
                ChangeStore(() => _world.Store.CloseSwitchover(close.Id), done);
                break;
            case HaAction.CloseRequest close:
                if (_request == close.Request)
                    _request = null;
                done(true);
                break;
            case HaAction.Fence:
                _world.After(_world.Milliseconds(0.5, 15), Process, () => Fence(done));
                break;
            default:
                ApplyLocally(view, action, done);
                break;
        }
    }

    /// <summary>Waits for the death of all; of those that wait for a disk, not for ever.</summary>
    private void Fence(Action<bool> done)
    {
        _postgres.KillAll();
        if (_postgres.HasProcesses)
            _world.After(FenceLimit, Process, () => done(!_postgres.HasProcesses));
        else
            done(true);
    }

    private void ApplyLocally(ClusterView view, HaAction action, Action<bool> done)
    {
        switch (action)
        {
            case HaAction.Follow follow:
                _sealed = null;
                _leftHead = UpstreamChoice.Leaving(view, follow.Upstream);
                _postgres.Guard.Disarm();
                Reload(done, () => _postgres.Follow(IndexOf(follow.Upstream)));
                break;
            case HaAction.Seal seal:
                Reload(done, () => SealFor(seal.Revision));
                break;
            case HaAction.SetSynchronous set:
                Reload(ok => Spread(ok, done), () => _postgres.Configure(set.Set, _world.Milliseconds(0, 80)));
                break;
            case HaAction.KeepSlot slot:
                _postgres.KeepSlot(slot.Slot, (long?)slot.AdvanceTo?.Value);
                done(true);
                break;
            case HaAction.DropSlot slot:
                _postgres.DropSlot(slot.Slot);
                done(true);
                break;
            default:
                done(BeginWork(action));
                break;
        }
    }

    /// <summary>
    /// A changed configuration and a signal; refused by a server that is not there or does not answer.
    /// </summary>
    private void Reload(Action<bool> done, Action change)
    {
        var life = _postgres.Server.Life;
        _world.After(_world.Milliseconds(1, 15), Process, () =>
        {
            var serving = _postgres.Phase is ServerPhase.Standby or ServerPhase.Primary;
            if (!serving || _postgres.Server.Frozen || _postgres.Server.Life != life)
            {
                done(false);
                return;
            }
            change();
            done(true);
        });
    }

    /// <summary>
    /// A standby's change is done when all its processes know of it: the next action may be to make it a primary.
    /// </summary>
    private void Spread(bool changed, Action<bool> done)
    {
        if (changed && _postgres.InRecovery && !_world.Knobs.SettleAtOnce)
            _world.After(AgentObserver.Spreading, Process, () => done(true));
        else
            done(changed);
    }

    private void SealFor(Revision revision)
    {
        if (!_world.Knobs.SealWithoutStopping)
            _postgres.FollowNobody();
        _sealed = revision;
    }

    private int IndexOf(MemberName name)
    {
        foreach (var member in _world.Members)
            if (member.Name == name)
                return member.Index;
        throw new InvalidOperationException($"no member {name}");
    }

    private void WriteLease(Revision expected, Leadership next, Action<bool> done)
    {
        var sentAt = Now;
        var answered = false;
        _world.Store.Swap(_postgres.Host, Process, expected, next, revision =>
        {
            if (answered)
                return;
            answered = true;
            if (revision is { } written)
            {
                _lease = _lease.Wrote(written, next.IsHeld && next.Holder == Self, sentAt, Now);
                _recordEpoch = next.Epoch;
                _postgres.Continue(next.IsHeld && next.Holder == Self ? next.Epoch : Epoch.Zero);
                ArmGuard();
            }
            done(revision is not null);
        });
        _world.After(SimWorld.Nanoseconds(Timing.StoreLimit), Process, () =>
        {
            if (answered)
                return;
            answered = true;
            _lease = _lease.WriteUnanswered(sentAt);
            done(false);
        });
    }

    private void Release(ClusterView view, HaAction.ReleaseLease release, Action<bool> done)
    {
        if (_postgres.HasProcesses && !_world.Knobs.ReleaseWithProcessesLeft)
        {
            done(false);
            return;
        }
        if (view.Store.TryGet(out var store) && store.Switchover is { Force: true } request && request.From == Self)
            _world.Invariants.LossAccepted(release.Next.Epoch.Next);
        WriteLease(release.Expected, release.Next, done);
    }

    private void ChangeStore(Action change, Action<bool> done)
    {
        var answered = false;
        void Answer(bool ok)
        {
            if (answered)
                return;
            answered = true;
            done(ok);
        }

        _world.Store.Change(_postgres.Host, Process, change, Answer);
        _world.After(SimWorld.Nanoseconds(Timing.StoreLimit), Process, () => Answer(false));
    }

    private void AskForPromises(HaAction.AskForPromises ask, Action<bool> done)
    {
        var askedAt = Now;
        var promotable = _world.Members.Where(member => member.Index != _index && member.Spec.Promotable).ToList();
        var missing = promotable.Count;
        var ended = false;
        void End(bool all)
        {
            if (ended)
                return;
            ended = true;
            if (all)
                _lease = _lease.Promised(askedAt);
            ArmGuard();
            done(all);
        }

        void Count()
        {
            if (--missing == 0)
                End(true);
        }

        foreach (var peer in promotable)
            AskForPromise(peer, ask.Written, Count);
        _world.After(SimWorld.Nanoseconds(Timing.PeerLimit), Process, () =>
            End(missing == 0 || _world.Knobs.AssumePromises));
    }

    private void AskForPromise(SimMember peer, WalPosition? written, Action promised)
    {
        var revision = _lease.Revision;
        var network = _world.Network;
        if (!network.Reaches(_index, peer.Index) || !peer.Agent.Process.Alive)
            return;
        var life = Process.Life;
        _world.After(network.Latency(), peer.Agent.Process, () =>
        {
            if (peer.Agent.Promise(revision, written) && network.Reaches(peer.Index, _index))
                _world.Answer(network.Latency(), Process, life, promised);
        });
    }

    /// <summary>
    /// Asked by a holder that cannot reach the store. Refused by whoever is taking the lease, or knows a newer record.
    /// An earlier attempt whose end is unknown does no harm: it was made when no promise was in force, so that this
    /// holder, if it lives, has been promised nothing by this member for a ttl and has been fenced.
    /// </summary>
    private bool Promise(Revision revision, WalPosition? written)
    {
        if (_acquiring || _lease.Revision > revision)
            return false;
        if (!_world.Knobs.ForgetPromises)
            _promisedUntil = Now + Timing.Ttl;
        if (!_world.Knobs.ForgetPositions && written > (_writtenOnDisk ?? default))
            _leaderWritten = _writtenOnDisk = written;
        return true;
    }
}
