using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Tests.Cluster;

/// <summary>
/// The cluster that tests of the core speak of: members a, b and c with a ttl of 3 s, seen at 100 s on their clocks.
/// Tests say only what differs from it.
/// </summary>
internal static class Example
{
    public const ulong Identity = 42;

    public static readonly MemberName A = new("a");
    public static readonly MemberName B = new("b");
    public static readonly MemberName C = new("c");
    public static readonly Instant Now = Instant.Zero + TimeSpan.FromSeconds(100);
    public static readonly Timing Limits = new(TimeSpan.FromSeconds(3));
    public static readonly Revision Current = new(7);

    /// <summary>Timeline 1 was left at 0/500.</summary>
    public static readonly TimelineHistory Second = TimelineHistory.Initial.Extended(new TimelineId(2), new Lsn(0x500));

    public static ClusterSpec Spec(Durability durability, params MemberName[] members) => new(
        "orders",
        [.. members.Select(name => new MemberSpec(name, "127.0.0.1", 5432, $"unix:/run/{name}.sock"))],
        durability,
        Limits,
        ClusterSpec.DefaultMaximumLag);

    /// <summary>As <paramref name="self"/> sees it: a leads and renewed a moment ago; nobody was asked.</summary>
    public static ClusterView View(MemberName self, Durability durability = Durability.Quorum) => new(
        Now, self, Spec(durability, A, B, C), Stored(HeldBy(A)), Known(self == A), Follower(0x500, A),
        Now - Seconds(0.01), [], null, [], null, null, null, null);

    public static Leadership HeldBy(MemberName holder, SynchronousSet? recorded = null) =>
        new(new Epoch(3), holder, null, recorded ?? AnyOneOf([.. new[] { A, B, C }.Where(name => name != holder)]));

    public static SynchronousSet AnyOneOf(params MemberName[] voters) => SynchronousSet.Of(1, voters);

    public static Reading<StoreContent> Stored(Leadership? leadership) => new Reading<StoreContent>.Fresh(
        new StoreContent(leadership, leadership is null ? Revision.None : Current, Identity, null, null), Now);

    /// <summary>What a member knows of a lease that was renewed half a second ago.</summary>
    public static LeaseKnowledge Known(bool held = false) =>
        new(Current, Now - Seconds(0.5), held ? Now - Seconds(0.5) : null, null);

    public static PostgresState.Standby Follower(ulong received, MemberName? upstream, uint timeline = 1) => new(
        Identity, At(received, timeline), new Lsn(received), upstream, upstream is not null, Now,
        SynchronousSet.Nobody, []);

    public static PostgresState.Primary Leader(ulong written, params StandbyLink[] standbys) => new(
        Identity, At(written, 2), Second, [.. standbys], SynchronousSet.Nobody, new Lsn(written), []);

    public static PostgresState.Stopped Stopped(bool clean = false, bool wasStandby = false, WalPosition? end = null) =>
        new(Identity, new TimelineId(1), clean, wasStandby, end, 0);

    public static StandbyLink Link(MemberName member, ulong flushed, bool streaming = true) =>
        new(member, new Lsn(flushed), new Lsn(flushed), streaming, Now);

    public static Peer Says(MemberName name, PostgresState postgres, Revision? @sealed = null) => new(
        name, new Reading<MemberReport>.Fresh(new MemberReport(name, postgres, @sealed, Current, null), Now));

    public static DiskState Filling { get; } =
        new(ByteSize.Megabytes(50), ByteSize.Megabytes(64), TimeSpan.Zero, null);

    public static DiskState Waiting(double seconds) => DiskState.Well with { Waited = Seconds(seconds) };

    public static Peer Silent(MemberName name) => new(name, new Reading<MemberReport>.Missing("no answer", Now));

    public static WalPosition At(ulong lsn, uint timeline = 1) => new(new TimelineId(timeline), new Lsn(lsn));

    public static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    extension(ClusterView view)
    {
        public ClusterView WithStore(Func<StoreContent, StoreContent> change) =>
            view.Store is Reading<StoreContent>.Fresh fresh
                ? view with { Store = fresh with { Value = change(fresh.Value) } }
                : view;

        public ClusterView Hearing(params ImmutableArray<Peer> peers) => view with { Peers = peers };
    }
}
