using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Tests.Cluster;
using static PgMahout.Tests.Cluster.Example;

namespace PgMahout.Tests.Ha;

/// <summary>
/// Reads what a scenario says of a view: one thing a line, the first word names it. What is not said stays as it was,
/// and <c>-</c> means that there is none. How each is written is shown by the scenarios.
/// </summary>
internal static class ScenarioView
{
    /// <summary>Three members, nothing known, a full ttl since the agent started.</summary>
    public static readonly ClusterView Start = View(B) with
    {
        Now = Instant.Zero,
        PostgresAt = Instant.Zero,
        Lease = LeaseKnowledge.StartingAt(Instant.Zero),
    };

    public static ClusterView Apply(ClusterView view, string line)
    {
        var words = new Words(line);
        var changed = words.Next() switch
        {
            "cluster" => view with { Spec = Spec(words) },
            "sites" => view with { Spec = Placed(view.Spec, words) },
            "left" => view with { LeftHead = words.Optional() is { } head ? new(head.Name(), head.Moment()) : null },
            "self" => As(view, words.Name()),
            "now" => At(view, words.Moment()),
            "store" => view with
            {
                Store = new Reading<StoreContent>.Missing(words.Rest(), view.Now),
                RegionBefore = view.Region,
            },
            "record" => Recorded(view, Record(words)),
            "identity" => view.WithStore(store => store with { SystemIdentifier = Known(words.Optional()) }),
            "lease" => view with { Lease = Lease(view, words) },
            "here" => view with { Postgres = ScenarioState.Read(words, view.Now, view.Self) },
            "peer" => Heard(view, words),
            "sealed" => view with { Sealed = words.Optional()?.Revision() },
            "promised" => view with { PromisedUntil = words.Optional()?.Moment() },
            "running" => view with { Operation = words.Optional() is { } kind ? Running(kind, view.Now) : null },
            "failed" => view with { Failures = words.Optional() is { } it ? view.Failures.Add(Failed(it)) : [] },
            "request" => view with { Request = words.Optional()?.Enum<MemberRequest>() },
            "pause" => view.WithStore(store => store with { Pause = Paused(words.Optional()) }),
            "switchover" => view.WithStore(store => store with { Switchover = Asked(words.Optional()) }),
            "disk" => view with { Disk = Disk(words) },
            "region" => view.WithStore(store => store with
            {
                Region = Beside(words),
                RegionRevision = new Revision(5),
            }),
            "twin" => view with { Twin = words.Optional() is null ? null : Told(words, view) },
            "written" => view with { LeaderWritten = words.Optional()?.Position() },
            var unknown => throw new FormatException($"'{unknown}' is nothing that a view has: {line}"),
        };
        words.End();
        return changed;
    }

    /// <summary>For example <c>Leads as First in term 3 from 8:0/900</c>.</summary>
    private static Region Beside(Words words)
    {
        var role = words.Enum<RegionRole>();
        words.Expect("as");
        var side = words.Enum<RegionSide>();
        words.Expect("in");
        words.Expect("term");
        var region = new Region(words.Number(), role, side, RegionUniverse.Twin);
        return words.Skip("from") ? region with { Mark = words.Position() } : region;
    }

    /// <summary>For example <c>silent</c>, or <c>term 2 primary 8:0/900 after 7:0/500</c>.</summary>
    private static Reading<RegionWord> Told(Words words, ClusterView view)
    {
        if (words.Skip("silent"))
            return new Reading<RegionWord>.Missing("silent", view.Now);
        words.Expect("term");
        var term = words.Number();
        var primary = (PostgresState.Primary)ScenarioState.Read(words, view.Now, view.Self);
        return new Reading<RegionWord>.Fresh(
            new RegionWord(term, RegionUniverse.Twin.Servers[0], primary with { Slots = [] }), view.Now);
    }

    private static ulong? Known(Words? words)
    {
        words?.Expect("known");
        return words is null ? null : Identity;
    }

    /// <summary>Another member tells on. All have seen the record at the same moment.</summary>
    private static ClusterView As(ClusterView view, MemberName self) => view with
    {
        Self = self,
        Lease = view.Lease with { HeldFrom = null },
        Peers = [],
        Sealed = null,
    };

    private static Pause? Paused(Words? words)
    {
        if (words is null)
            return null;
        words.Expect("on");
        return new Pause(Seconds(60), "ann", "disks");
    }

    /// <summary>Time passes: what was heard is asked anew, and says the same.</summary>
    private static ClusterView At(ClusterView view, Instant now) => view with
    {
        Now = now,
        PostgresAt = now,
        Peers = [.. view.Peers.Select(peer => peer with { Report = Anew(peer.Report, now) })],
    };

    private static Reading<MemberReport> Anew(Reading<MemberReport> report, Instant now) => report switch
    {
        Reading<MemberReport>.Fresh fresh => fresh with { At = now },
        Reading<MemberReport>.Missing missing => missing with { At = now },
        _ => throw new InvalidOperationException($"unknown reading {report.GetType().Name}"),
    };

    private static ClusterSpec Spec(Words words)
    {
        var durability = words.Enum<Durability>();
        return Example.Spec(durability, [.. words.Names()]);
    }

    /// <summary>Where each member stands, in the order of their names; standbys cascade then.</summary>
    private static ClusterSpec Placed(ClusterSpec spec, Words words) => spec with
    {
        Members = [.. spec.Members.Select(member => member with { Site = words.Next() })],
        Cascade = Cascade.BySite,
    };

    private static ClusterView Recorded(ClusterView view, (Leadership? Leadership, Revision Revision) record)
    {
        var mine = record.Leadership is { IsHeld: true } held && held.Holder == view.Self;
        var before = view.Store.TryGet(out var store)
            ? store
            : new StoreContent(null, Revision.None, Identity, null, null);
        var after = before with { Leadership = record.Leadership, Revision = record.Revision };
        return view with
        {
            Store = new Reading<StoreContent>.Fresh(after, view.Now),
            Lease = view.Lease.Saw(record.Revision, mine, view.Now),
        };
    }

    /// <summary>
    /// For example <c>a epoch 3 revision 7 knows any 1 of b c released c 1:0/500</c>, or <c>... heads b</c>, or <c>...
    /// wrote 2:0/900 after 1:0/500</c>.
    /// </summary>
    private static (Leadership?, Revision) Record(Words words)
    {
        if (words.Optional() is null)
            return (null, Revision.None);
        var holder = words.Name();
        words.Expect("epoch");
        var epoch = new Epoch(words.Number());
        words.Expect("revision");
        var revision = words.Revision();
        words.Expect("knows");
        var leadership = new Leadership(epoch, holder, null, words.Set());
        if (words.Skip("heads"))
            leadership = leadership with { Heads = SiteHeads.Of(words.Names()) };
        if (words.Skip("wrote") && words.Position() is var written)
            leadership = leadership with { Written = written, History = words.History(written.Timeline) };
        return (words.Skip("released") ? leadership.ReleasedTo(words.Name(), words.Position()) : leadership, revision);
    }

    private static LeaseKnowledge Lease(ClusterView view, Words words) => words.Next() switch
    {
        "seen" => view.Lease with { SeenAt = words.Moment(), HeldFrom = null },
        "held" => view.Lease with { HeldFrom = words.Moment() },
        var unknown => throw new FormatException($"a lease is seen or held, not '{unknown}'"),
    };

    private static ClusterView Heard(ClusterView view, Words words)
    {
        var name = words.Name();
        var peer = words.Skip("silent") ? Silent(name) : Said(name, ScenarioState.Read(words, view.Now, name), words);
        return view with
        {
            Peers =
            [
                .. view.Peers.Where(other => other.Name != name),
                peer with { Report = Anew(peer.Report, view.Now) },
            ],
        };
    }

    private static Peer Said(MemberName name, PostgresState state, Words words)
    {
        var peer = Says(name, state, words.Skip("sealed") ? words.Revision() : null);
        return words.Skip("filling") && peer.Report is Reading<MemberReport>.Fresh fresh
            ? peer with { Report = fresh with { Value = fresh.Value with { Disk = Filling } } }
            : peer;
    }

    /// <summary><c>well</c>, <c>filling</c>, or for example <c>stuck 6.5</c>: for so many seconds.</summary>
    private static DiskState Disk(Words words) => words.Next() switch
    {
        "well" => DiskState.Well,
        "filling" => Filling,
        "stuck" => Waiting((words.Moment() - Instant.Zero).TotalSeconds),
        var unknown => throw new FormatException($"a disk is well, filling or stuck, not '{unknown}'"),
    };

    private static Operation Running(Words kind, Instant now) => new(kind.Enum<OperationKind>(), now, null);

    private static FailedOperation Failed(Words failure) =>
        new(failure.Enum<OperationKind>(), failure.Moment(), "disk full");

    /// <summary>For example <c>a to c forced</c>.</summary>
    private static SwitchoverRequest? Asked(Words? words)
    {
        if (words is null)
            return null;
        var from = words.Name();
        MemberName? to = words.Skip("to") ? words.Name() : null;
        return new SwitchoverRequest("s1", from, to, words.Skip("forced"), "ann", null);
    }
}
