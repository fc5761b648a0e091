using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Tests.Cluster;
using static PgMahout.Tests.Cluster.Example;

namespace PgMahout.Tests.Ha;

/// <summary>
/// What small views are made of. "First" and "second" are the other members in the order of their names; a cluster of
/// two has no second. A reign of somebody else is always the first's.
/// </summary>
internal static class Dimensions
{
    private const int None = -1;
    private const int Myself = 0;
    private const int First = 1;
    private const int Second = 2;

    public static IEnumerable<Change> Specs =>
        from durability in Enum.GetValues<Durability>()
        from members in new[] { new[] { A, B }, [A, B, C] }
        from self in new[] { A, B }
        select new Change($"{durability} {members.Length} {self}", view => view with
        {
            Self = self,
            Spec = Spec(durability, members),
        });

    /// <summary>Whose reign it is, what the record says of the voters, and how old all that is.</summary>
    public static IEnumerable<Change> Reigns =>
    [
        new("never led", view =>
            view with { Store = Empty(null), Lease = Seen(0.1) with { Revision = Revision.None } }),
        new("never led, with identity", view => view with { Store = Stored(null) }),
        new("bootstrapping", view =>
            view with { Store = Empty(HeldBy(view.Self, SynchronousSet.Nobody)), Lease = Held(0.1) }),
        .. from recorded in Records(Myself)
           from lease in new (string Name, LeaseKnowledge Lease)[]
           {
               ("fresh", Held(0.1)), ("due", Held(1)), ("ran out", Held(2.8)), ("unknown", Seen(0.1)),
           }
           select Reign($"held {lease.Name}", Myself, None, recorded, lease.Lease),
        .. from recorded in Records(First)
           from age in new[] { 0.5, 3, 4 }
           select Reign($"first's, seen {age} s ago", First, None, recorded, Seen(age)),
        .. from recorded in Records(First)
           from heir in new[] { Myself, Second }
           from age in new[] { 0.5, 1.5 }
           select Reign($"first's, released {age} s ago to {heir}", First, heir, recorded, Seen(age)),
        .. from age in new[] { 0.5, 3.5 }
           select Reign($"mine, released {age} s ago", Myself, First, Records(Myself).Last(), Seen(age)),
    ];

    /// <summary>Everything that this member's own PostgreSQL can be.</summary>
    public static IEnumerable<Change> Instances =>
    [
        Own("empty", _ => new PostgresState.Uninitialized()),
        Own("foreign", _ => new PostgresState.Foreign("another version")),
        Own("stopped cleanly", _ => Stopped(clean: true, end: At(0x500))),
        Own("crashed", _ => Stopped()),
        Own("crashed, diverged", _ => Stopped(end: At(0x700))),
        Own("crashed with orphans", _ => Stopped() with { ProcessesLeft = 1 }),
        Own("stopped standby", _ => Stopped(wasStandby: true, end: At(0x500))),
        Own("stopped standby, clean, not inspected", _ => Stopped(clean: true, wasStandby: true)),
        Own("stopped standby with orphans", _ => Stopped(wasStandby: true) with { ProcessesLeft = 2 }),
        Own("stopped, of another cluster", _ => Stopped() with { SystemIdentifier = 43 }),
        Own("starting", _ => new PostgresState.Starting(Ago(0.2))),
        Own("starting for long", _ => new PostgresState.Starting(Ago(9))),
        Own("standby of first", view => Follower(0x500, Other(view, First))),
        Own("standby of nobody", _ => Follower(0x500, null)),
        Own("standby, behind", view => Follower(0x400, Other(view, First)) with { Streaming = false }),
        Own("standby, diverged", _ => Follower(0x700, null)),
        Own("standby, stuck", view =>
            Follower(0x400, Other(view, First)) with { Streaming = false, StreamedAt = Ago(60) }),
        Own("standby of another cluster", _ => Follower(0x500, null) with { SystemIdentifier = 43 }),
        Own("primary", _ => Leader(0x800)),
        Own("primary, followed", view => FollowedLeader(view, SynchronousSet.Nobody)),
        Own("primary, synchronous", view => FollowedLeader(view, Everybody(view))),
        Own("primary of another cluster", _ => Leader(0x800) with { SystemIdentifier = 43 }),
        Own("silent primary", _ => new PostgresState.Unresponsive(Ago(0.2), true)),
        Own("silent primary for long", _ => new PostgresState.Unresponsive(Ago(9), true)),
        Own("silent standby", _ => new PostgresState.Unresponsive(Ago(0.2), false)),
        Own("silent standby for long", _ => new PostgresState.Unresponsive(Ago(9), false)),
    ];

    /// <summary>The first applies to every view; only a standby can be sealed.</summary>
    public static IEnumerable<Change> Seals =>
    [
        new("sealed if standby", view =>
            view.Postgres is PostgresState.Standby ? view with { Sealed = Current } : view),
        new("unsealed", view => view.Postgres is PostgresState.Standby ? view : null),
        new("sealed before", view =>
            view.Postgres is PostgresState.Standby ? view with { Sealed = new Revision(6) } : null),
    ];

    public static IEnumerable<Change> FirstsWords =>
    [
        Said(First, "silent", name => Silent(name)),
        Said(First, "standby behind, sealed", name => Says(name, Follower(0x400, null), Current)),
        Said(First, "standby ahead, sealed", name => Says(name, Follower(0x600, null), Current)),
        Said(First, "standby ahead, unsealed", name => Says(name, Follower(0x600, A))),
        Said(First, "standby, an old word", name => Stale(Says(name, Follower(0x900, null), Current))),
        Said(First, "primary", name => Says(name, Leader(0x800))),
        Said(First, "crashed", name => Says(name, Stopped())),
        Said(First, "empty", name => Says(name, new PostgresState.Uninitialized())),
    ];

    public static IEnumerable<Change> SecondsWords =>
    [
        Said(Second, "silent", name => Silent(name)),
        Said(Second, "standby level, sealed", name => Says(name, Follower(0x500, null), Current)),
        Said(Second, "standby ahead, sealed", name => Says(name, Follower(0x600, null), Current)),
        Said(Second, "standby ahead, unsealed", name => Says(name, Follower(0x600, A))),
        Said(Second, "primary", name => Says(name, Leader(0x700))),
    ];

    /// <summary>What else can be the case: each rare, and all of them together rarer still.</summary>
    public static IEnumerable<Change> Circumstances =>
    [
        new("store unreachable", view => view with { Store = new Reading<StoreContent>.Missing("timeout", Now) }),
        .. Kinds(
            OperationKind.Start, OperationKind.Stop, OperationKind.Promote, OperationKind.Rewind,
            OperationKind.Clone).Select(kind => new Change($"{kind} running", view => view with
            {
                Operation = new Operation(kind, Ago(1), null),
            })),
        .. from kind in Enum.GetValues<OperationKind>()
           from (int times, double age) failed in new[] { (1, 0.5), (3, 60.0) }
           select new Change($"{kind} failed {failed.times} times {failed.age} s ago", view => view with
           {
               Failures = [.. Enumerable.Repeat(new FailedOperation(kind, Ago(failed.age), "disk full"), failed.times)],
           }),
        .. Enum.GetValues<MemberRequest>().Select(request =>
            new Change($"{request} asked for", view => view with { Request = request })),
        new("paused", view => view.WithStore(store => store with { Pause = new Pause(Seconds(60), "ann", "disks") })),
        Moves("switch from me to first", Myself, First, force: false),
        Moves("switch from me to anybody", Myself, None, force: false),
        Moves("force from me to first", Myself, First, force: true),
        Moves("force from first to me", First, Myself, force: true),
        Moves("force from first to second", First, Second, force: true),
        Moves("force from second to me", Second, Myself, force: true),
        new("promised", view => view with { PromisedUntil = Now + Seconds(2) }),
        new("promised once", view => view with { PromisedUntil = Ago(1) }),
        new("leader far ahead", view => view with { LeaderWritten = At(1UL << 32) }),
        new("just started", view => view with { Lease = view.Lease with { HeldFrom = null, Moved = false } }),
        new("disk filling", view => view with { Disk = Filling }),
        new("disk stuck", view => view with { Disk = Waiting(9) }),
        Behind("second is the head of the site, and well", name => Says(name, Follower(0x600, A)), moved: false),
        Behind("behind the second, which is well", name => Says(name, Follower(0x600, A)), moved: true),
        Behind("behind the second, which is sealed", name => Says(name, Follower(0x600, null), Current), moved: true),
        Behind("behind the second, which is silent", name => Silent(name), moved: true),
        new("of priority 0", view => view with { Spec = Demoted(view) }),
    ];

    private static IEnumerable<Func<ClusterView, SynchronousSet?>> Records(int holder) =>
    [
        _ => SynchronousSet.Nobody,
        view => AnyOneOf([.. Names(view).Where(name => name != Other(view, holder))]),
        view => Other(view, holder == First ? Second : First) is { } only ? AnyOneOf(only) : null,
    ];

    private static Change Reign(
        string name, int holder, int heir, Func<ClusterView, SynchronousSet?> recorded, LeaseKnowledge lease) =>
        new(name, view =>
        {
            if (recorded(view) is not { } voters || Other(view, holder) is not { } held)
                return null;
            var record = HeldBy(held, voters);
            if (heir == None)
                return view with { Store = Stored(record), Lease = lease };
            return Other(view, heir) is { } next
                ? view with { Store = Stored(record.ReleasedTo(next, At(0x500))), Lease = lease }
                : null;
        });

    private static Change Own(string name, Func<ClusterView, PostgresState> state) =>
        new(name, view => view with { Postgres = state(view) });

    private static Change Said(int member, string name, Func<MemberName, Peer> word) => new($"{member}: {name}", view =>
        Other(view, member) is { } speaker ? view with { Peers = view.Peers.Add(word(speaker)) } : null);

    private static Change Moves(string name, int from, int to, bool force) => new(name, view =>
        Other(view, from) is { } leader && (to == None || Other(view, to) is not null)
            ? view.WithStore(store => store with
            {
                Switchover = new SwitchoverRequest("s1", leader, Other(view, to), force, "ann", null),
            })
            : null);

    private static PostgresState.Primary FollowedLeader(ClusterView view, SynchronousSet effective) =>
        Leader(0x800, [.. view.Spec.Others(view.Self).Select(member => Link(member.Name, 0x800))]) with
        {
            Effective = effective,
        };

    private static SynchronousSet Everybody(ClusterView view) =>
        AnyOneOf([.. Names(view).Where(name => name != view.Self)]);

    private static IEnumerable<MemberName> Names(ClusterView view) => view.Spec.Members.Select(member => member.Name);

    /// <summary>The first leads at one site; this member and the second stand at another, whose head that is.</summary>
    private static Change Behind(string name, Func<MemberName, Peer> word, bool moved) => new(name, view =>
    {
        if (Other(view, Second) is not { } head || view.Leadership is not { IsHeld: true } record
            || record.Holder != Other(view, First) || view.Postgres is not PostgresState.Standby standby)
            return null;
        var placed = view.Spec.Members.Select(member =>
            member with { Site = member.Name == record.Holder ? "near" : "far" });
        var headed = view.WithStore(store => store with
        {
            Leadership = record with { Heads = SiteHeads.Of([head]) },
        });
        return headed with
        {
            Spec = view.Spec with { Members = [.. placed], Cascade = Cascade.BySite },
            Peers = [.. view.Peers.Where(peer => peer.Name != head), word(head)],
            Postgres = moved ? standby with { Upstream = head } : standby,
        };
    });

    private static ClusterSpec Demoted(ClusterView view) => view.Spec with
    {
        Members = [.. view.Spec.Members.Select(member =>
            member.Name == view.Self ? member with { Priority = 0 } : member)],
    };

    private static MemberName? Other(ClusterView view, int which) => which switch
    {
        Myself => view.Self,
        First => view.Self == A ? B : A,
        Second => view.Spec.Members.Length > 2 ? C : null,
        _ => null,
    };

    private static OperationKind[] Kinds(params OperationKind[] kinds) => kinds;

    private static Reading<StoreContent> Empty(Leadership? leadership) => new Reading<StoreContent>.Fresh(
        new StoreContent(leadership, leadership is null ? Revision.None : Current, null, null, null), Now);

    private static LeaseKnowledge Seen(double age) => new(Current, Ago(age), null, null);

    private static LeaseKnowledge Held(double age) => new(Current, Ago(age), Ago(age), null);

    private static Peer Stale(Peer peer) => peer.Report is Reading<MemberReport>.Fresh fresh
        ? peer with { Report = fresh with { At = Ago(1) } }
        : peer;

    private static Instant Ago(double seconds) => Now - Seconds(seconds);
}
