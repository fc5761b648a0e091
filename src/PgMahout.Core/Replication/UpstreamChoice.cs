using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Replication;

/// <summary>
/// Who streams from whom where members of a site take WAL from one of them. The leader names the heads in the
/// leadership record, so that all mean the same: a head streams from the leader, its site from the head, and nothing is
/// deeper. Each member believes it only as long as the head is well, and goes back to the leader by itself.
/// </summary>
public static class UpstreamChoice
{
    /// <summary>A head much further behind would have nothing to send to its site for long.</summary>
    private static readonly ByteSize HeadLag = ByteSize.Megabytes(16);

    /// <summary>
    /// A head that was left is followed again after this many times <see cref="Timing.FollowPatience"/>.
    /// </summary>
    private const int PatiencesBeforeReturn = 4;

    /// <summary>
    /// The heads that the leader wants, its server being <paramref name="primary"/>. One that streams stays, whoever
    /// else is there; one that does not is gone in this turn, and another is named in a later one, when its site has
    /// turned to the leader. Commits come first: no voter is sent to a head unless one more than they wait for stays.
    /// </summary>
    public static SiteHeads Heads(ClusterView view, PostgresState.Primary primary)
    {
        if (view.Spec.Cascade == Cascade.Off || view.Leadership is not { IsHeld: true } leadership)
            return SiteHeads.None;
        var streaming = Streaming(view, primary);
        var chosen = ImmutableArray<MemberSpec>.Empty;
        foreach (var site in OtherSites(view, leadership.Heads))
            if (HeadOf(site, leadership.Heads, primary, streaming) is { } head
                && Spares(view.Spec, streaming, site, chosen.Add(head)))
                chosen = chosen.Add(head);
        return SiteHeads.Of(chosen.Select(head => head.Name));
    }

    /// <summary>
    /// The member from which <paramref name="member"/> should stream instead of the leader, by the record; null for all
    /// that stream from the leader.
    /// </summary>
    public static MemberName? HeadFor(ClusterSpec spec, Leadership? leadership, MemberName member)
    {
        if (spec.Cascade == Cascade.Off
            || leadership is not { IsHeld: true }
            || leadership.Heads.Contains(member)
            || spec.Find(member)?.Site is not { } site
            || member == leadership.Holder
            || spec.Find(leadership.Holder)?.Site == site)
            return null;
        foreach (var head in leadership.Heads.Names)
            if (spec.Find(head)?.Site == site)
                return head;
        return null;
    }

    /// <summary>
    /// Whom this standby should follow now: the head of its site while that is well, else the leader.
    /// </summary>
    public static MemberName Of(ClusterView view, PostgresState.Standby standby)
    {
        var leadership = view.Leadership!;
        if (HeadFor(view.Spec, leadership, view.Self) is not { } head)
            return leadership.Holder;
        var word = view.PeerReport(head);
        var isWell = word is not null && IsWell(word, leadership.Holder);
        if (standby.Upstream != head)
            return isWell && !WasLeft(view, head) ? head : leadership.Holder;
        // While WAL comes, a silent agent of the head is no reason; what it says is.
        var stays = standby.Streaming
            ? isWell || word is null
            : isWell && view.Now - standby.StreamedAt < view.Timing.Ttl;
        return stays ? head : leadership.Holder;
    }

    /// <summary>
    /// What is to be remembered when this member is pointed at <paramref name="upstream"/>: a head that it turns from,
    /// although it should follow it.
    /// </summary>
    public static LeftHead? Leaving(ClusterView view, MemberName upstream) =>
        view.Postgres is PostgresState.Standby standby
        && HeadFor(view.Spec, view.Leadership, view.Self) is { } head
        && standby.Upstream == head
        && upstream != head
            ? new LeftHead(head, view.Now)
            : view.LeftHead;

    /// <summary>
    /// A head receives from the leader, and from nobody else: so there is no chain of heads, and no ring.
    /// </summary>
    private static bool IsWell(MemberReport head, MemberName leader) =>
        head is { Sealed: null, Postgres: PostgresState.Standby { Streaming: true } standby }
        && standby.Upstream == leader;

    private static bool WasLeft(ClusterView view, MemberName head) =>
        view.LeftHead is { } left
        && left.Head == head
        && view.Now - left.At < view.Timing.FollowPatience * PatiencesBeforeReturn;

    private static ImmutableArray<MemberName> Streaming(ClusterView view, PostgresState.Primary primary) =>
    [
        .. primary.Standbys
            .Where(link => link.Streaming && view.Spec.Find(link.Member) is not null)
            .Select(link => link.Member),
    ];

    /// <summary>Those that have a head come first: what is gained elsewhere never costs them theirs.</summary>
    private static IEnumerable<ImmutableArray<MemberSpec>> OtherSites(ClusterView view, SiteHeads present)
    {
        var own = view.Spec.Find(view.Self)?.Site;
        return view.Spec.Members
            .Where(member => member.Site is not null && member.Site != own)
            .GroupBy(member => member.Site!, StringComparer.Ordinal)
            .Where(site => site.Count() > 1)
            .OrderByDescending(site => site.Any(member => present.Contains(member.Name)))
            .ThenBy(site => site.Key, StringComparer.Ordinal)
            .Select(site => site.ToImmutableArray());
    }

    private static MemberSpec? HeadOf(
        ImmutableArray<MemberSpec> site, SiteHeads present, PostgresState.Primary primary,
        ImmutableArray<MemberName> streaming)
    {
        if (site.FirstOrDefault(member => present.Contains(member.Name)) is { } head)
            return streaming.Contains(head.Name) ? head : null;
        // A head cannot vote less than its site: one that may not lead is head only where nobody may.
        var mayVote = site.Any(member => member.Promotable);
        return site
            .Where(member => member.Promotable == mayVote
                && streaming.Contains(member.Name)
                && Lag(primary, member.Name) <= HeadLag)
            .OrderByDescending(member => member.Priority)
            .ThenBy(member => member.Name)
            .FirstOrDefault();
    }

    private static ByteSize Lag(PostgresState.Primary primary, MemberName name) => Lsn.Distance(
        primary.Standbys.First(link => link.Member == name && link.Streaming).Flushed, primary.Written.Lsn);

    /// <summary>A site without voters costs commits nothing.</summary>
    private static bool Spares(
        ClusterSpec spec, ImmutableArray<MemberName> streaming, ImmutableArray<MemberSpec> site,
        ImmutableArray<MemberSpec> heads)
    {
        var staying = spec.Members.Count(member =>
            member.Promotable && streaming.Contains(member.Name) && !IsBehind(member, heads));
        return staying > spec.CommitQuorum || !site.Any(member => member.Promotable && IsBehind(member, heads));
    }

    private static bool IsBehind(MemberSpec member, ImmutableArray<MemberSpec> heads) =>
        heads.Any(head => head.Site == member.Site && head.Name != member.Name);
}
