using PgMahout.Core.Cluster;

namespace PgMahout.Core.Ha;

/// <summary>
/// A primary whose disk fills or hangs, while a standby could do its work. A full disk ends PostgreSQL in the middle
/// of a write, and again after each recovery; so the leadership moves while a clean stop still fits. On a disk that
/// hangs PostgreSQL answers questions and confirms nothing: no failure would ever be seen.
/// </summary>
internal static class WithFailingDisk
{
    /// <summary>Null when this member goes on leading: its disk is well, or nobody else's is better.</summary>
    public static Decision? Decide(ClusterView view, PostgresState.Primary primary)
    {
        if (view.Disk.IsWell(view.Timing) || LeaseKeeping.Store(view).Pause is not null)
            return null;
        var successor = Candidate.Best(Election.Successors(view, primary)
            .Where(candidate => view.PeerReport(candidate.Name)?.Disk is not { HasRoom: false }));
        if (successor is null || !CanBeChosen(view))
            return null;
        // Not renewed: what hangs in the kernel dies late, and until then nobody may be kept waiting.
        return view.Disk.IsStuck(view.Timing)
            ? Decision.Of(Rule.FenceStuckDisk, TimeSpan.Zero, new HaAction.Fence())
            : AsLeader.Keep(view, Rule.LeaveFullDisk)
                .Then(new HaAction.Stop(StopMode.Fast, Transactions.AllowedToEnd));
    }

    /// <summary>
    /// With too few voters there would be no heir after the stop: this member would start again, and leave again.
    /// Without synchronous commit, who has everything is only known then.
    /// </summary>
    private static bool CanBeChosen(ClusterView view) =>
        view.Spec.Durability == Durability.Async || Election.Heir(view) is not null;
}
