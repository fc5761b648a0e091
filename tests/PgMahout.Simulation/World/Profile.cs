using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Simulation.Faults;

namespace PgMahout.Simulation.World;

/// <summary>
/// A corner of all schedules, for what goes wrong only there: the seed still draws everything, but a world is bent to
/// the corner, and one motif is always among its faults.
/// </summary>
/// <param name="Bend">What is fixed in the world that was drawn.</param>
internal sealed record Profile(string Name, Tune Tune, Func<WorldPlan, WorldPlan> Bend)
{
    /// <summary>Several voters that come and go, a store that answers late.</summary>
    public static readonly Profile Doubt = new("doubt", Tune.VotersComeAndGoInDoubt, plan => Synchronous(plan, 4) with
    {
        Rto = TimeSpan.FromSeconds(5),
        Durability = Durability.Quorum,
    });

    /// <summary>A busy leader on a fast network that freezes for about a lease time.</summary>
    public static readonly Profile Thaw = new("thaw", Tune.ThawDuringElections, plan => Synchronous(plan, 3) with
    {
        NetworkMilliseconds = 0.1,
        DiskMilliseconds = 0.2,
        WritesPerSecond = 100,
    });

    /// <summary>Asynchronous, with the store away for long.</summary>
    public static readonly Profile Promises = new("promises", Tune.LagBehindPromises, Asynchronous);

    /// <summary>Asynchronous, with a standby that missed a promotion.</summary>
    public static readonly Profile Ahead = new("ahead", Tune.AheadAndCutOff, plan => Asynchronous(Of(plan, 3)) with
    {
        Rto = TimeSpan.FromSeconds(1),
        WritesPerSecond = 10,
        WriteBytes = 200,
    });

    /// <summary>Five members at two sites, with standbys that stream from standbys.</summary>
    public static readonly Profile Sites = new("sites", Tune.LoseTwoInARow, plan => Calmer(Of(plan, 5)) with
    {
        Sites = ["s0", "s0", "s0", "s1", "s1"],
    });

    public static readonly IReadOnlyList<Profile> All = [Doubt, Thaw, Promises, Ahead, Sites];

    private static WorldPlan Synchronous(WorldPlan plan, int fewest) =>
        Calmer(plan.Members < fewest ? Of(plan, fewest) : plan) with
        {
            Durability = plan.Durability == Durability.Async ? Durability.Quorum : plan.Durability,
        };

    private static WorldPlan Asynchronous(WorldPlan plan) => Calmer(plan) with
    {
        Durability = Durability.Async,
        MaximumLag = ByteSize.Kilobytes(8),
    };

    private static WorldPlan Of(WorldPlan plan, int members) => plan with
    {
        Priorities = [.. Enumerable.Repeat(100, members)],
        Drift = [.. Enumerable.Range(0, members).Select(index => plan.Drift[index % plan.Drift.Length])],
    };

    /// <summary>Begun in health, with a network and disks that are never slower than a turn of an agent.</summary>
    private static WorldPlan Calmer(WorldPlan plan) => plan with
    {
        Bootstrapped = true,
        NetworkMilliseconds = Math.Min(plan.NetworkMilliseconds, 2),
        DiskMilliseconds = Math.Min(plan.DiskMilliseconds, 5),
    };
}
