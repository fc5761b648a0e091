using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>All invariants of one world, and the book of what was confirmed and what an operator gave up.</summary>
internal sealed class InvariantSet
{
    private readonly SimWorld _world;
    private readonly Invariant[] _all;
    private readonly List<WalTimeline> _timelines = [];
    private readonly List<Epoch> _forced = [];

    public InvariantSet(SimWorld world)
    {
        _world = world;
        _all =
        [
            new OneWriterPerEpoch(world),
            new OldReignIsSilent(world, this),
            world.Plan.Durability == Durability.Async
                ? new LossWithinBound(world, this)
                : new NoAcknowledgedCommitLost(world, this),
            new LastCopyNeverDestroyed(world, this),
            new NothingBeginsInPause(world),
            new CommitQuorumMeetsPromotionQuorum(world),
            new VotersHoldEveryCommit(world, this),
            new HolderIsFencedFirst(world, this),
            new SealedReceivesNothing(world),
            new StrictMeansReplicated(world),
            new YieldedRegionIsSilent(world, this),
            new SlotsWaitForTheirOwners(world),
        ];
    }

    /// <summary>Every stretch of history on which something was confirmed.</summary>
    public IReadOnlyList<WalTimeline> Timelines => _timelines;

    /// <summary>The newest reign that has begun to accept writes.</summary>
    public Reign? Newest { get; private set; }

    public long AcknowledgedAt { get; private set; }

    public bool IsForced(Epoch epoch) => _forced.Contains(epoch);

    public bool IsForcedSince(Epoch epoch) => _forced.Exists(forced => forced > epoch);

    /// <summary>An operator's force begins this epoch: what it lacks is given up.</summary>
    public void LossAccepted(Epoch epoch)
    {
        if (!_forced.Contains(epoch))
            _forced.Add(epoch);
    }

    public void Acknowledged(SimPostgres server, long end)
    {
        AcknowledgedAt = _world.Now;
        if (!_timelines.Contains(server.Wal!))
            _timelines.Add(server.Wal!);
        foreach (var invariant in _all)
            invariant.Acknowledged(server, end);
    }

    public void Serving(SimPostgres server)
    {
        // A server that thaws in the middle of its start belongs to the past; what matters is whether it confirms
        // anything.
        if (Newest is { } newest && server.Reign < newest.Epoch)
            return;
        foreach (var invariant in _all)
            invariant.Serving(server);
        Newest = new Reign(server.Reign, server.Index, server.Wal!);
    }

    public void RecordChanged(Leadership? before, Leadership after)
    {
        if (before is not null && after.Epoch > before.Epoch && IsForced(before.Epoch) && GoesOn(before, after))
            LossAccepted(after.Epoch);
        foreach (var invariant in _all)
            invariant.RecordChanged(before, after);
    }

    /// <summary>
    /// A promotion that broke off is tried again in another epoch, or left to the heir, which has all that the holder
    /// has; what force gave up for it stays given up.
    /// </summary>
    private bool GoesOn(Leadership before, Leadership after) =>
        !(Newest?.Epoch >= before.Epoch)
        && (after.Holder == before.Holder || after.Holder == before.Released?.Heir);

    public void RegionChanged(Region next)
    {
        foreach (var invariant in _all)
            invariant.RegionChanged(next);
    }

    public void SynchronousChanged(SimPostgres server)
    {
        foreach (var invariant in _all)
            invariant.SynchronousChanged(server);
    }

    public void Destroying(SimPostgres target, SimPostgres? source)
    {
        foreach (var invariant in _all)
            invariant.Destroying(target, source);
    }

    public void Received(SimPostgres server)
    {
        foreach (var invariant in _all)
            invariant.Received(server);
    }

    public void SlotMoved(SimPostgres keeper, string slot, long to)
    {
        if (_world.Members.FirstOrDefault(member => member.Name.SlotName == slot) is not { } owner)
            return;
        foreach (var invariant in _all)
            invariant.SlotMoved(keeper, owner.Postgres, to);
    }

    public void Acting(int member, ClusterView view, Rule rule, HaAction action)
    {
        foreach (var invariant in _all)
            invariant.Acting(member, view, rule, action);
    }

    /// <summary>PostgreSQL would let the standby follow, because the numbers agree; the contents do not.</summary>
    public void MixedHistories(SimPostgres standby, SimPostgres upstream) => _world.Fail(
        "OneHistoryPerTimeline",
        $"{_world.Members[standby.Index].Name} at {standby.Wal!.At(standby.Flushed)} would follow "
        + $"{_world.Members[upstream.Index].Name} at {upstream.Wal!.At(upstream.Flushed)}, whose history is another");

    /// <summary>A fault, not a decision, destroyed what was only here.</summary>
    public void LostByFault()
    {
        foreach (var timeline in _timelines)
        {
            var best = timeline.WrittenOffEnd;
            foreach (var member in _world.Members)
                if (member.Postgres.Wal is { } wal)
                    best = Math.Max(best, wal.ReachOn(timeline, member.Postgres.Flushed));
            if (best < timeline.AcknowledgedEnd)
                timeline.WrittenOffEnd = timeline.AcknowledgedEnd;
        }
    }
}

/// <summary>Who began to accept writes in an epoch, and on which stretch of history.</summary>
internal sealed record Reign(Epoch Epoch, int Member, WalTimeline Timeline);
