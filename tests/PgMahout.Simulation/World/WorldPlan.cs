using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Simulation.World;

/// <summary>The world that a seed draws, before anything goes wrong in it.</summary>
/// <param name="Bootstrapped">It begins as a healthy cluster; otherwise with empty directories.</param>
/// <param name="StoreLossChance">How often one answer of the store is lost, or late.</param>
/// <param name="Drift">Each host's clock runs by this part too fast (or, negative, too slow).</param>
/// <param name="Chaos">Faults begin within this time; then everything is healed.</param>
internal sealed record WorldPlan(
    ImmutableArray<int> Priorities,
    ImmutableArray<double> Drift,
    Durability Durability,
    TimeSpan Rto,
    ByteSize MaximumLag,
    bool Bootstrapped,
    double NetworkMilliseconds,
    double DiskMilliseconds,
    double WritesPerSecond,
    int WriteBytes,
    double StoreLossChance,
    TimeSpan Chaos)
{
    public int Members => Priorities.Length;

    /// <summary>Where each member stands, with standbys cascading by site; empty: nobody said.</summary>
    public ImmutableArray<string> Sites { get; init; } = [];

    public static WorldPlan Draw(Prng chance)
    {
        var members = Pick<int>(chance, 2, 3, 3, 3, 3, 4, 5, 5, 7);
        var rto = TimeSpan.FromSeconds(Pick<double>(chance, 1, 2, 3, 3, 5));
        return new WorldPlan(
            DrawPriorities(chance, members),
            [.. Enumerable.Range(0, members).Select(_ => chance.Between(-0.01, 0.01))],
            Pick(chance, Durability.Quorum, Durability.Quorum, Durability.Quorum, Durability.Strict, Durability.Async),
            rto,
            Pick(chance, ByteSize.Kilobytes(8), ByteSize.Kilobytes(64), ClusterSpec.DefaultMaximumLag),
            Bootstrapped: chance.Chance(0.85),
            NetworkMilliseconds: Pick(chance, 0.1, 0.5, 2, 10),
            DiskMilliseconds: Pick(chance, 0.2, 1, 5, 20),
            WritesPerSecond: Pick<double>(chance, 3, 10, 25),
            WriteBytes: Pick(chance, 200, 2000),
            StoreLossChance: Pick(chance, 0, 0.002, 0.02),
            Chaos: rto * chance.Between(4, 9));
    }

    public ClusterSpec Spec() => new(
        "sim",
        [.. Priorities.Select((priority, index) =>
            new MemberSpec(new MemberName(((char)('a' + index)).ToString()), "host", 5432
                + index, "unix:/sim", priority)
            {
                Site = Sites.IsEmpty ? null : Sites[index],
            })],
        Durability,
        new Timing(Rto),
        MaximumLag)
    {
        Cascade = Sites.IsEmpty ? Cascade.Off : Cascade.BySite,
    };

    /// <summary>The same world, its members at two or three sites.</summary>
    public WorldPlan AtSites(Prng chance)
    {
        var sites = chance.Chance(0.8) ? 2 : 3;
        return this with { Sites = [.. Priorities.Select(_ => $"s{chance.Below(sites)}")] };
    }

    public override string ToString() =>
        $"{Members} members, {Durability}, rto {Rto.TotalSeconds}s, lag limit {MaximumLag}, "
        + $"network {NetworkMilliseconds}ms, disk {DiskMilliseconds}ms, {WritesPerSecond} writes/s of {WriteBytes} B, "
        + $"{(Bootstrapped ? "healthy" : "empty")} at first, "
        + $"priorities {string.Join(',', Priorities)}"
        + (Sites.IsEmpty ? "" : $", sites {string.Join(',', Sites)}");

    private static ImmutableArray<int> DrawPriorities(Prng chance, int members)
    {
        var priorities = new int[members];
        for (var index = 0; index < members; index++)
            priorities[index] = Pick(chance, 100, 100, 100, 100, 50, index > 1 ? 0 : 100);
        return [.. priorities];
    }

    private static T Pick<T>(Prng chance, params ReadOnlySpan<T> choices) => choices[chance.Below(choices.Length)];
}
