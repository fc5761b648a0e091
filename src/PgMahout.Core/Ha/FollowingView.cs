using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Ha;

/// <summary>
/// A cluster that follows another region, seen as what it is: it confirms no commit, so no quorum has to be heard
/// before another member leads it, and its leader is to the other members what a primary is elsewhere.
/// </summary>
public static class FollowingView
{
    private static readonly ByteSize AnyLag = new(long.MaxValue);

    /// <summary>The same view where this cluster follows nobody.</summary>
    public static ClusterView Of(ClusterView view)
    {
        if (!view.Store.TryGet(out var store) || store.Region is not { Follows: true })
            return view;
        var relaxed = view with
        {
            Spec = view.Spec with { Durability = Durability.Async, MaximumLag = AnyLag, Cascade = Cascade.Off },
        };
        if (store.Leadership is not { IsHeld: true } held
            || held.Holder == view.Self
            || Source(view) is not { } source)
            return relaxed;
        var peers = view.Peers.Select(peer => peer.Name == held.Holder ? Seen(peer, source) : peer);
        return relaxed with { Peers = [.. peers] };
    }

    /// <summary>pg_rewind compares with a primary, and here that is in the other region.</summary>
    internal static Decision Redirected(ClusterView view, Decision decision) =>
        view.Region is { Follows: true } && decision.Actions.Any(action => action is HaAction.RewindFrom)
            ? decision with
            {
                Actions = [.. decision.Actions.Select(action =>
                    action is HaAction.RewindFrom ? new HaAction.RewindFrom(Region.Upstream) : action)],
            }
            : decision;

    /// <summary>The primary of the other region, heard lately; its line is what everybody here follows.</summary>
    internal static RegionWord? Source(ClusterView view) =>
        view.Twin is Reading<RegionWord>.Fresh { Value: var word, At: var at }
        && view.Now - at < view.Timing.FollowPatience
        && !IsOlderThanOurWal(view, word, at)
            ? word
            : null;

    /// <summary>
    /// What was received after the word may be of a primary that came after it. (Scenario: the primary there is killed;
    /// 200 ms later this standby streams from its successor, and the last word is still that of the dead one.)
    /// </summary>
    private static bool IsOlderThanOurWal(ClusterView view, RegionWord word, Instant at) =>
        view.Postgres is PostgresState.Standby standby
        && (standby.Streaming || at <= standby.StreamedAt)
        && !word.Primary.History.Contains(standby.Received);

    /// <summary>With the other region as a member that says what its primary says.</summary>
    internal static ClusterView WithRegion(ClusterView view)
    {
        if (Source(view) is not { } source)
            return view;
        var report = new MemberReport(Region.Upstream, source.Primary, null, Revision.None, null);
        var peer = new Peer(Region.Upstream, new Reading<MemberReport>.Fresh(report, view.Now));
        return view with { Peers = [.. view.Peers, peer] };
    }

    /// <summary>
    /// How far it has come is its own; which history it is on is that of the primary, to which it will come in time.
    /// </summary>
    private static Peer Seen(Peer leader, RegionWord source) =>
        leader.Report is Reading<MemberReport>.Fresh { Value: { Postgres: PostgresState.Standby standby } report } fresh
            ? leader with
            {
                Report = fresh with
                {
                    Value = report with
                    {
                        Postgres = source.Primary with
                        {
                            Written = standby.Received, Standbys = [], Slots = standby.Slots,
                        },
                    },
                },
            }
            : leader;
}
