using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using static PgMahout.Tests.Cluster.Example;

namespace PgMahout.Tests.Ha;

/// <summary>Views of a cluster that has a twin: any other view, with every part and every word heard.</summary>
internal static class RegionUniverse
{
    public static readonly RegionTwin Twin = new("far", [new RegionServer("10.0.0.1", 5432)], null);

    private static readonly Change[] Parts =
    [
        .. from role in Enum.GetValues<RegionRole>()
           from side in Enum.GetValues<RegionSide>()
           from WalPosition? mark in new WalPosition?[] { null, At(0x550), At(0x100) }
           select new Change($"{role} as {side} after {mark}", view => With(view, new Region(3, role, side, Twin)
           {
               Mark = mark,
           })),
    ];

    private static readonly Change[] Heard =
    [
        new("other region not asked", view => view),
        new("other region silent", view =>
            view with { Twin = new Reading<RegionWord>.Missing("timeout", Now - Seconds(1)) }),
        .. from term in new[] { 0L, 3L, 4L }
           from written in new[] { 0x800UL, 0x450UL }
           select new Change($"other region leads in term {term} at {written:X}", view => view with
           {
               Twin = Says(term, written),
           }),
        new("other region lost our WAL", view => view with
        {
            Twin = Says(3, 0x800, [new Slot(Region.SlotName, new Lsn(0x700), true)]),
        }),
    ];

    public static IEnumerable<Sight> Sample(ulong seed, int count)
    {
        var random = new Prng(seed);
        foreach (var sight in Universe.Sample(seed, count))
            if (sight.After(Parts[random.Below(Parts.Length)])?.After(Heard[random.Below(Heard.Length)]) is { } beside)
                yield return beside;
    }

    /// <summary>Its leader is this member, in good health: what is rare in the sample.</summary>
    public static IEnumerable<Sight> Leading()
    {
        PostgresState[] own =
        [
            Follower(0x500, Region.Upstream), Follower(0x500, B), Follower(0x500, null),
            Stopped(clean: true, end: At(0x500)), Stopped(clean: true), Stopped(wasStandby: true),
            Leader(0x800), new PostgresState.Uninitialized(),
        ];
        return
            from part in Parts
            from heard in Heard
            from state in own
            let here = new Change($"here {state}", view => view with { Postgres = state })
            select Sight.Start.After(here)!.After(part)!.After(heard)!;
    }

    private static ClusterView With(ClusterView view, Region region)
    {
        if (!view.Store.TryGet(out _))
            return view with { RegionBefore = region };
        return view.WithStore(store => store with { Region = region, RegionRevision = new Revision(5) });
    }

    private static Reading<RegionWord> Says(long term, ulong written, Slot[]? slots = null) =>
        new Reading<RegionWord>.Fresh(
            new RegionWord(term, Twin.Servers[0], Leader(written) with { Slots = [.. slots ?? []] }), Now - Seconds(1));
}
