using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Tests.Ha;

/// <summary>What a cluster obeys that has a twin in another region.</summary>
internal static class RegionLaws
{
    /// <summary>So many of the first ones are broken by a policy that knows nothing of the other region.</summary>
    public const int Sensed = 6;

    public static IEnumerable<Law> All =>
    [
        new("Nothing begins to serve in a region that follows or has yielded", turn =>
            Role(turn) is not (RegionRole.Follows or RegionRole.Yielded)
            || (!turn.Does<HaAction.Promote>()
                && !turn.Does<HaAction.StartPrimary>()
                && !turn.Does<HaAction.Bootstrap>())),
        new("A primary that runs in a region that follows is killed, whoever holds the lease", turn =>
            Role(turn) != RegionRole.Follows
            || turn.View.Postgres is not PostgresState.Primary
            || turn.IsForeign
            || turn.Store is null
            || turn.Standing is Standing.NeverLed or Standing.Unconfirmed
            || turn.Does<HaAction.Fence>()),
        new("A holder that heard of a later term in the other region neither serves on nor begins to", turn =>
            turn.Standing != Standing.Holding
            || turn.IsForeign
            || turn.Store is null
            || !IsSuperseded(turn)
            || (!turn.Does<HaAction.Promote>()
                && !turn.Does<HaAction.StartPrimary>()
                && (turn.View.Postgres is not PostgresState.Primary || turn.Does<HaAction.Fence>()))),
        new("A holder that leads asks the other region before it begins to serve", turn =>
            Role(turn) != RegionRole.Leads
            || turn.View.Twin is not null
            || (!turn.Does<HaAction.Promote>() && !turn.Does<HaAction.StartPrimary>())),
        new("Nobody is promoted who lacks WAL of the region that led before", turn =>
            !turn.Does<HaAction.Promote>()
            || Role(turn) != RegionRole.Leads
            || turn.View.Region!.Mark is not { } mark
            || turn.Received(turn.View.Self) >= mark),
        new("A timeline gets a number of this side, above that of its WAL", turn =>
            turn.View.Region is not { } region
            || turn.Find<HaAction.Promote>() is not { } promote
            || (region.Owns(promote.Epoch.Value)
                && turn.Received(turn.View.Self)!.Value.Timeline.Value < promote.Epoch.Value)),
        new("An epoch is taken of this side's numbers, above the last one", turn =>
            turn.View.Region is not { } region
            || turn.Find<HaAction.AcquireLease>() is not { Next.Epoch: var epoch }
            || (region.Owns(epoch.Value) && epoch > (turn.Leadership?.Epoch ?? Epoch.Zero))),
        new("That a region has yielded is written only over a server that stopped cleanly, with where it ends", turn =>
            turn.Find<HaAction.ChangeRegion>() is not { Next: { Role: RegionRole.Yielded } next }
            || (turn.View.Postgres is PostgresState.Stopped { Clean: true, ProcessesLeft: 0, End: { } end }
                && next.Mark == end)),
        new("A part in the pair is changed by the holder, on the revisions that were read", turn =>
            turn.Find<HaAction.ChangeRegion>() is not { } change
            || (turn.Standing == Standing.Holding
                && change.Leadership == turn.Store!.Revision
                && change.Expected == turn.Store.RegionRevision
                && change.Next.Term >= turn.Store.Region!.Term)),
        .. PacingLaws.All,
    ];

    private static RegionRole? Role(Turn turn) => turn.View.Region?.Role;

    private static bool IsSuperseded(Turn turn) =>
        turn.View.Twin is Reading<RegionWord>.Fresh { Value: var word } && word.Term > turn.View.Region!.Term;
}
