using PgMahout.Core.Cluster;
using PgMahout.Simulation.Faults;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>
/// After everything is healed: within a bound, one primary that confirms writes, every standby streaming from it, and
/// the full synchronous set; and then no change of leader without a fault.
/// </summary>
internal sealed class Liveness(SimWorld world, FaultInjector injector)
{
    private const long Step = 100_000_000;
    private readonly StreamShape _shape = new(world);
    private readonly long _ttl = SimWorld.Nanoseconds(world.Spec.Timing.Ttl);

    public void Watch()
    {
        var healed = world.Now;
        // What the last faults set in motion may take a lease time to show.
        world.Run(healed + 2 * _ttl);
        // The slowest way back: restarts that fail, patience with a standby that does not stream, a clone that breaks
        // off.
        var deadline = healed + 40 * _ttl + 60_000_000_000;
        var operatorComes = injector.DestroyedData ? healed + 20 * _ttl + 20_000_000_000 : long.MaxValue;
        while (Missing() is not null && world.Violation is null)
        {
            if (world.Now > deadline)
            {
                world.Fail("RecoversWithinBound", $"{(world.Now - healed) / 1e9:F0}s after healing: {Missing()}");
                return;
            }
            if (world.Now > operatorComes && !Serves())
            {
                operatorComes = world.Now + 5 * _ttl;
                ForceTheBest();
            }
            world.Run(world.Now + Step);
        }
        StayWell();
    }

    private void StayWell()
    {
        var epoch = world.Store.Leadership?.Epoch;
        var until = world.Now + 4 * _ttl;
        while (world.Now < until && world.Violation is null)
        {
            world.Run(world.Now + Step);
            if (world.Store.Leadership?.Epoch != epoch)
                world.Fail("NoFlapping",
                    $"the leader changed from epoch {epoch} to {world.Store.Leadership?.Epoch} with nothing wrong");
        }
        if (world.Violation is null && Missing() is { } missing)
            world.Fail("StaysWell", missing);
        if (world.Violation is null && world.Spec.Cascade != Cascade.Off)
            new SlotsMove(world).Watch();
    }

    /// <summary>What is missing for the cluster to be well; null when nothing is.</summary>
    private string? Missing()
    {
        if (world.Store.Leadership is not { IsHeld: true } record)
            return "nobody holds the lease";
        var leader = world.Members.First(member => member.Name == record.Holder).Postgres;
        if (leader.Phase != ServerPhase.Primary || leader.Reign != record.Epoch)
            return $"the holder {record.Holder} is {leader.Phase}";
        if (_shape.Missing(record) is { } misplaced)
            return misplaced;
        if (world.Now - world.Invariants.AcknowledgedAt > 3_000_000_000)
            return "no write is confirmed";
        if (world.Store.Switchover is not null)
            return "a switchover request is left";
        foreach (var member in world.Members)
            if (member.Agent.Request is { } request)
                return $"what was asked of {member.Name} is left: {request}";
        var wanted = Wanted(record);
        return record.Synchronous != wanted || leader.Synchronous != wanted
            ? $"the synchronous set is '{leader.Synchronous}', recorded '{record.Synchronous}', not '{wanted}'"
            : null;
    }

    private bool Serves() => world.Members.Any(member => member.Postgres.Phase == ServerPhase.Primary);

    private SynchronousSet Wanted(Leadership leader)
    {
        var others = world.Spec.Others(leader.Holder)
            .Where(member => member.Promotable && StreamShape.HeadOf(world.Spec, leader, member) is null)
            .Select(member => member.Name)
            .ToArray();
        return SynchronousSet.Of(Math.Min(world.Spec.CommitQuorum, others.Length), others);
    }

    /// <summary>
    /// A disk was lost with commits that were nowhere else: only an operator may decide to go on without them.
    /// </summary>
    private void ForceTheBest()
    {
        var best = world.Members
            .Where(member =>
                member.Spec.Promotable && member.Postgres.Initialized && member.Name != world.Store.Leadership?.Holder)
            .OrderByDescending(member => member.Postgres.Wal!.At(member.Postgres.Flushed))
            .FirstOrDefault();
        if (best is null)
            return;
        world.Store.Switchover = null;
        injector.AskToMove(best.Index, force: true);
    }
}
