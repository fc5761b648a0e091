using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Ha;

/// <summary>
/// The holder of the lease of a cluster that has a twin in another region: whether it may serve at all. At most one of
/// the two regions does, as far as they can hear each other; a planned change needs both and loses nothing.
/// </summary>
internal static class BesideRegion
{
    /// <summary>
    /// The other region leads in a later term. That comes before everything, also in a pause and during other work:
    /// each commit confirmed here from now on is one that the rewind will take away.
    /// </summary>
    public static Decision? Supersession(ClusterView view)
    {
        if (view.Region is not { } region)
            return null;
        if (region.Role is RegionRole.Follows or RegionRole.Yielded
            && AsStandby.IsStalePrimary(view))
            return AsLeader.Keep(view, Rule.FenceStalePrimary, TimeSpan.Zero).Then(new HaAction.Fence());
        if (!IsSuperseded(view))
            return null;
        if (!region.Follows && WithoutStore.MayServe(view))
            return Decision.Of(Rule.AdoptRegion, TimeSpan.Zero, [new HaAction.Fence(), .. LeaseKeeping.Renew(view)]);
        return view.Operation is null
            ? AsLeader.Keep(view, Rule.AdoptRegion, Decision.Soon)
                .Then(Change(view, region.Following(Word(view)!.Term)))
            : null;
    }

    public static bool IsSuperseded(ClusterView view) =>
        view.Region is { } region && Word(view) is { } word && word.Term > region.Term;

    /// <summary>Null where nothing is different from a cluster that stands alone.</summary>
    public static Decision? Decide(ClusterView view) => view.Region is not { } region
        ? null
        : region.Role switch
        {
            RegionRole.Leads => BeforeServing(view, region),
            RegionRole.Yields => Yielding(view, region),
            RegionRole.Yielded => Yielded(view),
            RegionRole.Follows => AsStandbyLeader.Decide(view),
        };

    /// <summary>
    /// Somebody who comes back after a power loss may have been replaced meanwhile. What the other region says counts
    /// however old it is: a term is never given back. Silence costs one question's limit, and then does not.
    /// </summary>
    private static Decision? BeforeServing(ClusterView view, Region region)
    {
        var wouldServe = view.Postgres is PostgresState.Stopped { ProcessesLeft: 0 } or PostgresState.Standby;
        if (wouldServe && view.Twin is null)
            return AsLeader.Keep(view, Rule.AwaitRegion, Decision.Soon);
        if (region.Mark is not { } mark)
            return null;
        return view.Postgres switch
        {
            PostgresState.Standby standby when standby.Received < mark => Ahead(view, mark) is null
                ? AsLeader.Keep(view, Rule.AwaitRegionWal)
                : AsLeader.Keep(view, Rule.AwaitRegionWal).Then(new HaAction.Stop(StopMode.Fast)),
            PostgresState.Stopped { ProcessesLeft: 0, WasStandby: true } stopped
                when stopped.Timeline <= mark.Timeline && Ahead(view, mark) is { } heir =>
                Decision.Of(Rule.HandOver, TimeSpan.Zero, LeaseKeeping.Release(view, heir)),
            _ => null,
        };
    }

    private static Decision? Yielding(ClusterView view, Region region)
    {
        if (LeaseKeeping.Store(view).Pause is not null)
            return null;
        if (view.Postgres is PostgresState.Primary)
            return AsLeader.Keep(view, Rule.StopForRegion)
                .Then(new HaAction.Stop(StopMode.Fast, Transactions.AllowedToEnd));
        // A crash instead: only recovery, and another clean stop, sends the other region what it still lacks.
        if (view.Postgres is not PostgresState.Stopped { ProcessesLeft: 0, Clean: true, WasStandby: false } stopped)
            return null;
        if (stopped.End is { } end)
            return AsLeader.Keep(view, Rule.YieldRegion, Decision.Soon)
                .Then(Change(view, region with { Role = RegionRole.Yielded, Mark = end }));
        return Rejoining.RecentFailure(view, OperationKind.InspectWal)
            ? AsLeader.Keep(view, Rule.AwaitRetry)
            : AsLeader.Keep(view, Rule.InspectBeforeRejoin).Then(new HaAction.InspectWal());
    }

    private static Decision Yielded(ClusterView view) =>
        view.Postgres is PostgresState.Stopped { ProcessesLeft: > 0 }
            ? AsLeader.Keep(view, Rule.ClearOrphans, TimeSpan.Zero).Then(new HaAction.Fence())
            : AsLeader.Keep(view, Rule.AwaitRegion);

    private static Candidate? Ahead(ClusterView view, WalPosition mark) =>
        Candidate.Best(Election.Successors(view).Where(candidate => candidate.Position >= mark));

    private static RegionWord? Word(ClusterView view) =>
        view.Twin is Reading<RegionWord>.Fresh { Value: var word } ? word : null;

    private static HaAction.ChangeRegion Change(ClusterView view, Region next) =>
        new(LeaseKeeping.Revision(view), LeaseKeeping.Store(view).RegionRevision, next);
}
