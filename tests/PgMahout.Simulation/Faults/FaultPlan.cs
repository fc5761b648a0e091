using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Faults;

/// <summary>
/// The list of faults that a seed draws. A list, so that a failing run can be made smaller by leaving some out.
/// </summary>
internal static class FaultPlan
{
    private static readonly (FaultKind Kind, int Weight)[] Weights =
    [
        (FaultKind.KillPostmaster, 12), (FaultKind.KillPostgres, 6), (FaultKind.HangPostgres, 6),
        (FaultKind.KillAgent, 10),
        (FaultKind.FreezeAgent, 8), (FaultKind.CrashHost, 14), (FaultKind.FreezeHost, 12), (FaultKind.IsolateHost, 8),
        (FaultKind.CutOneWay, 5), (FaultKind.CutPair, 5), (FaultKind.CutStore, 8), (FaultKind.MuteStore, 5),
        (FaultKind.StoreOutage, 7), (FaultKind.StoreTrouble, 6), (FaultKind.SlowDisk, 4), (FaultKind.FullDisk, 3),
        (FaultKind.FillingDisk, 3), (FaultKind.StuckDisk, 4), (FaultKind.SlowNetwork, 3),
        (FaultKind.LoseData, 3), (FaultKind.ForeignData, 2), (FaultKind.Switchover, 8),
        (FaultKind.ForceFailover, 2), (FaultKind.Pause, 4), (FaultKind.Restart, 4), (FaultKind.Rejoin, 2),
        (FaultKind.Reinitialize, 3), (FaultKind.Shutdown, 2),
    ];

    private static readonly int Total = Weights.Sum(entry => entry.Weight);

    private const int Tunes = (int)Tune.YieldUnderFire;

    /// <param name="always">A motif that is among the faults whatever is drawn.</param>
    public static ImmutableArray<Fault> Draw(Prng chance, WorldPlan plan, Tune? always = null)
    {
        var count = 1 + chance.Below(8);
        var ttl = (int)plan.Rto.TotalMilliseconds;
        var chaos = (int)plan.Chaos.TotalMilliseconds;
        var clustered = chance.Chance(0.5);
        var centre = (int)chance.Between(ttl, chaos);
        var faults = ImmutableArray.CreateBuilder<Fault>(count);
        for (var index = 0; index < count; index++)
        {
            var at = clustered ? centre + (int)chance.Between(0, 2.0 * ttl) : (int)chance.Between(ttl / 2.0, chaos);
            faults.Add(DrawOne(chance, plan, at, ttl));
        }
        if (chance.Chance(0.4))
            Add((Tune)chance.Below(Tunes));
        if (always is { } tune)
            Add(tune);
        return Sensible(faults, plan);

        void Add(Tune motif) => new Motif(chance, plan.Members, ttl)
            .AddTo(faults, motif, chance.Between(1, plan.Chaos / plan.Rto));
    }

    private static Fault DrawOne(Prng chance, WorldPlan plan, int at, int ttl)
    {
        var kind = DrawKind(chance);
        var target = chance.Chance(0.45) ? Fault.Leader : chance.Below(plan.Members);
        var other = chance.Below(plan.Members);
        if (kind == FaultKind.Switchover && chance.Chance(0.5))
            other = -1;
        var length = chance.Below(4) switch
        {
            0 => chance.Between(0.01, 0.3),
            1 => chance.Between(0.3, 1.3),
            2 => chance.Between(0.8, 1.6),
            _ => chance.Between(1.2, 5),
        };
        return new Fault(kind, target, other, at, (int)(length * ttl));
    }

    private static FaultKind DrawKind(Prng chance)
    {
        var ticket = chance.Below(Total);
        foreach (var (kind, weight) in Weights)
        {
            if (ticket < weight)
                return kind;
            ticket -= weight;
        }
        throw new InvalidOperationException("the weights do not add up");
    }

    /// <summary>
    /// One data directory may be lost, no more, and none without a second copy by design: what no design could save
    /// proves nothing.
    /// </summary>
    private static ImmutableArray<Fault> Sensible(ImmutableArray<Fault>.Builder faults, WorldPlan plan)
    {
        var mayLose = plan.Durability != Durability.Async && plan.Members > 2;
        return
        [
            .. faults
                .Where(fault => fault.Kind != FaultKind.LoseData || (mayLose && Take(ref mayLose)))
                .OrderBy(fault => fault.At),
        ];
    }

    private static bool Take(ref bool ticket)
    {
        ticket = false;
        return true;
    }
}
