using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Proxy.Routing;

/// <summary>
/// Everything a proxy knows of its cluster: what it was told, and the topology that follows at any moment.
/// </summary>
/// <param name="Backends">The members of the cluster, and where each is reached from here.</param>
/// <param name="Standbys">The last word of each member that said that it is a standby.</param>
public sealed record TopologyKnowledge(
    ImmutableSortedDictionary<MemberName, Backend> Backends,
    ReignKnowledge Reign,
    DrainOrder? Order,
    WrittenTrail Trail,
    ImmutableSortedDictionary<MemberName, StandbyWord> Standbys)
{
    public static readonly TopologyKnowledge Nothing = new(
        ImmutableSortedDictionary<MemberName, Backend>.Empty,
        ReignKnowledge.Nothing,
        null,
        WrittenTrail.Empty,
        ImmutableSortedDictionary<MemberName, StandbyWord>.Empty);

    /// <summary>A standby whose agent has said nothing for so long is not counted on.</summary>
    public static TimeSpan SilenceOf(Timing timing) => timing.Ttl;

    /// <summary>After a read of the leadership record that began at <paramref name="begun"/>.</summary>
    public TopologyKnowledge Read(Leadership record, Revision revision, Instant begun, Timing timing) =>
        With(Reign.Read(record, revision, begun, timing));

    /// <summary>After a member's word about holding the lease.</summary>
    public TopologyKnowledge Told(HolderWord word, Instant asked) => With(Reign.Told(word, asked));

    /// <summary>After a member's report of its server, asked for at <paramref name="asked"/>.</summary>
    public TopologyKnowledge Reported(MemberReport report, Instant asked, Instant answered) => report.Postgres switch
    {
        PostgresState.Primary primary when report.Member == Reign.Holder => this with
        {
            Trail = Trail.Add(primary.Written, asked),
            Standbys = Standbys.Remove(report.Member),
        },
        PostgresState.Standby standby => this with
        {
            Trail = LeadsAbroad(report, standby) ? Trail.Add(standby.Received, asked) : Trail,
            Standbys = Standbys.SetItem(
                report.Member,
                new StandbyWord(new WalPosition(standby.Received.Timeline, standby.Replayed), answered)),
        },
        _ => this with { Standbys = Standbys.Remove(report.Member) },
    };

    /// <summary>
    /// It leads a cluster that follows another region. What comes from there comes through it, so it is measured by
    /// what it has received; when its stream ends, the others, and it, are as old as that.
    /// </summary>
    private bool LeadsAbroad(MemberReport report, PostgresState.Standby standby) =>
        report.Member == Reign.Holder && standby is { Streaming: true } && standby.Upstream == Region.Upstream;

    /// <summary>
    /// The leader of <paramref name="epoch"/> is about to hand over: what runs may end, nothing new begins, until
    /// <paramref name="until"/> at the longest. Of an epoch that is not the present one it is void.
    /// </summary>
    public TopologyKnowledge Drain(Epoch epoch, Instant until) =>
        epoch == Reign.Epoch ? this with { Order = new DrainOrder(epoch, until) } : this;

    public TopologyKnowledge Release() => this with { Order = null };

    /// <param name="silence">See <see cref="SilenceOf"/>.</param>
    public Topology At(Instant now, TimeSpan silence)
    {
        var primary = Reign.PrimaryAt(now) is { } holder ? Backends.GetValueOrDefault(holder) : null;
        var draining = primary is not null && Order is { } order && now < order.Until;
        return new Topology(
            Reign.Epoch.Value,
            primary,
            primary is null ? Instant.Zero : Reign.Until,
            [.. Backends.Values.Select(backend => Standby(backend, now, silence)).OfType<StandbyBackend>()],
            draining,
            draining ? "a planned change of the primary is under way" : Reign.WhyNoneAt(now));
    }

    /// <summary>When the topology changes by itself, with nothing more heard; never, if it does not.</summary>
    public Instant ChangesAfter(Instant now)
    {
        var expires = Reign.PrimaryAt(now) is null ? Instant.Never : Reign.Until;
        var lapses = Order is { } order && now < order.Until ? order.Until : Instant.Never;
        return Instant.Min(expires, lapses);
    }

    /// <summary>
    /// An order to drain has done its work once its leader is no longer serving: from then on there is no primary to
    /// send anything to, and the next one, be it the same member, begins unburdened.
    /// </summary>
    private TopologyKnowledge With(ReignKnowledge reign) => this with
    {
        Reign = reign,
        Order = Order is { } order && reign is { Held: true, Serving: true } && order.Epoch == reign.Epoch
            ? order
            : null,
    };

    private StandbyBackend? Standby(Backend backend, Instant now, TimeSpan silence) =>
        Standbys.TryGetValue(backend.Name, out var word) && now - word.SeenAt < silence
            ? new StandbyBackend(
                backend, word.Replayed.Lsn, Trail.Lag(word.Replayed, word.SeenAt), word.SeenAt)
            : null;
}

/// <summary>A planned handover is under way.</summary>
/// <param name="Epoch">Of the reign that ends.</param>
/// <param name="Until">Should it not end after all, clients are held no longer than this.</param>
public sealed record DrainOrder(Epoch Epoch, Instant Until);

/// <param name="Replayed">How far, and on which timeline.</param>
public sealed record StandbyWord(WalPosition Replayed, Instant SeenAt);
