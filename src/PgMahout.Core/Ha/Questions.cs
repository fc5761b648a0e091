using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Replication;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Ha;

/// <summary>
/// Whose word this turn's decision can need, and for whose it waits. A host without power answers nobody, and it is in
/// elections that one is likely to be without: what only they could tell who do not matter costs no time there.
/// </summary>
/// <param name="Asked">In the order of the spec.</param>
/// <param name="Awaited">
/// Among them: when these have answered the turn goes on, with what the others have said until then.
/// </param>
public sealed record Questions(ImmutableArray<MemberName> Asked, ImmutableArray<MemberName> Awaited)
{
    private static readonly Questions None = new([], []);

    /// <param name="view">All but the peers.</param>
    /// <param name="askedAt">
    /// What <see cref="AskedAt"/> said last; null before. Now and then only, a standby that streams asks the leader,
    /// for the slots that it keeps for others; and a leader those that stream from heads of sites, for the slots that
    /// it keeps for them.
    /// </param>
    public static Questions Of(ClusterView view, Instant? askedAt)
    {
        if (!view.Store.TryGet(out var store) || store.Leadership is not { } leadership)
            return None;
        return Standings.Of(view) switch
        {
            Standing.NeverLed => None,
            Standing.OtherHolds when view.Postgres is PostgresState.Standby { Streaming: true }
                && view.Now - askedAt < view.Timing.Ttl => None,
            Standing.OtherHolds => All(Upstreams(view, leadership)),
            Standing.Holding when view.Postgres is PostgresState.Primary && store.Switchover is null
                && view.Disk.IsWell(view.Timing) => view.Now - askedAt < view.Timing.FollowPatience
                    ? None
                    : All(BehindHeads(view, leadership)),
            Standing.Holding when view.Postgres is PostgresState.Standby => OfVoters(view, view.Spec.CommitQuorum),
            Standing.Released when view.Now < view.Lease.SeenAt + view.Timing.HeirPatience => None,
            // First it seals itself, which needs nobody's word.
            Standing.Expired when view.Postgres is not PostgresState.Standby || view.Sealed != store.Revision => None,
            Standing.Expired => OfVoters(view, least: 1),
            Standing.Holding or Standing.Unconfirmed or Standing.Released => All(Others(view)),
        };
    }

    /// <summary>
    /// When the leader last answered, or, on the leader, whoever it had asked: to be handed to the next turn.
    /// </summary>
    /// <param name="view">With the peers.</param>
    public static Instant? AskedAt(ClusterView view, Instant? before) =>
        view.Leadership is { } leadership
        && (leadership.Holder == view.Self
            ? view.Postgres is PostgresState.Primary && !view.Peers.IsEmpty
            : view.PeerReport(leadership.Holder)?.Postgres is PostgresState.Primary)
            ? view.Now
            : before;

    /// <summary>Whom this member could follow.</summary>
    private static ImmutableArray<MemberName> Upstreams(ClusterView view, Leadership leadership)
    {
        var head = UpstreamChoice.HeadFor(view.Spec, leadership, view.Self);
        return [.. Others(view).Where(name => name == leadership.Holder || name == head)];
    }

    private static ImmutableArray<MemberName> BehindHeads(ClusterView view, Leadership leadership) =>
        [.. Others(view).Where(name => UpstreamChoice.HeadFor(view.Spec, leadership, name) is not null)];

    /// <summary>
    /// All are asked, and those of the recorded set awaited, on whose word an election and what the first commits wait
    /// for depend. Where there is no such set, or too small a one, everybody matters.
    /// </summary>
    private static Questions OfVoters(ClusterView view, int least)
    {
        var others = Others(view);
        var voters = others.Where(view.Leadership!.Synchronous.Contains).ToImmutableArray();
        return view.Spec.Durability != Durability.Async && voters.Length >= least
            ? new Questions(others, voters)
            : All(others);
    }

    private static Questions All(ImmutableArray<MemberName> members) => new(members, members);

    private static ImmutableArray<MemberName> Others(ClusterView view) =>
        [.. view.Spec.Others(view.Self).Select(member => member.Name)];
}
