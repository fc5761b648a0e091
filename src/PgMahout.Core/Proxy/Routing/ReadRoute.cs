using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Proxy.Routing;

/// <summary>Which of the proxy's ports a client came to.</summary>
public enum PortKind
{
    Write,
    Read,
}

/// <summary>Where a client, or a rule for a user or database, wants transactions to go.</summary>
public enum RouteWish
{
    /// <summary>As the port has it.</summary>
    None,
    Primary,
    Standby,

    /// <summary>A standby where one is fit, or the primary.</summary>
    PreferStandby,
}

/// <summary>What is known of the transaction to be placed, and of its session.</summary>
/// <param name="Wish">The session's own; it counts before the rule.</param>
/// <param name="Rule">For its user or database.</param>
/// <param name="Split">Whether reads that come to the write port may go to standbys.</param>
/// <param name="Kind">Of its first statement.</param>
/// <param name="Written">Where the WAL ended after what this session last wrote; zero when it wrote nothing.</param>
/// <param name="LagLimit">A standby that may be further behind is not fit.</param>
public readonly record struct RouteRequest(
    PortKind Port,
    RouteWish Wish,
    RouteWish Rule,
    bool Split,
    StatementKind Kind,
    Lsn Written,
    TimeSpan LagLimit);

public enum RouteTarget
{
    Primary,
    Standby,

    /// <summary>Nobody can serve it now; asked again when the topology changes.</summary>
    Wait,
}

/// <param name="Standby">Its index in the topology, when the target is a standby.</param>
/// <param name="Why">For people, when it has to wait.</param>
public readonly record struct Route(RouteTarget Target, int Standby = -1, string Why = "");

/// <summary>Who serves a transaction.</summary>
public static class ReadRoute
{
    /// <param name="chance">In [0, 1): which of the fit standbys, by their weights.</param>
    public static Route Choose(Topology topology, in RouteRequest request, Instant now, double chance)
    {
        if (topology.Draining)
            return Waiting(topology.Why, "a switchover is under way");
        var wish = WishOf(request);
        if (wish == RouteWish.Primary)
            return Primary(topology, now);
        var standby = Pick(topology, request, now, chance);
        if (standby >= 0)
            return new Route(RouteTarget.Standby, standby);
        return wish == RouteWish.Standby
            ? Waiting("", "no standby is within the lag limit and has replayed what this session wrote")
            : Primary(topology, now);
    }

    /// <summary>
    /// The values of libpq's target_session_attrs; null for another word. A session that wants to write gets the
    /// primary, one that wants to be read-only a standby.
    /// </summary>
    public static RouteWish? ParseWish(string targetSessionAttrs) => targetSessionAttrs switch
    {
        "any" => RouteWish.None,
        "read-write" or "primary" => RouteWish.Primary,
        "read-only" or "standby" => RouteWish.Standby,
        "prefer-standby" => RouteWish.PreferStandby,
        _ => null,
    };

    /// <summary>Never None: what the session wants, else the rule, else the port.</summary>
    private static RouteWish WishOf(in RouteRequest request)
    {
        if (request.Wish != RouteWish.None)
            return request.Wish;
        if (request.Rule != RouteWish.None)
            return request.Rule;
        var isRead = request.Kind is StatementKind.Read or StatementKind.BeginReadOnly;
        return request.Port switch
        {
            PortKind.Read => RouteWish.PreferStandby,
            PortKind.Write => request.Split && isRead ? RouteWish.PreferStandby : RouteWish.Primary,
        };
    }

    private static Route Primary(Topology topology, Instant now)
    {
        if (topology.Primary is null)
            return Waiting(topology.Why, "nobody is known to lead");
        return now >= topology.PrimaryUntil
            ? Waiting("", "the lease of the primary has run out, as far as is known here")
            : new Route(RouteTarget.Primary);
    }

    private static Route Waiting(string known, string otherwise) =>
        new(RouteTarget.Wait, Why: known.Length > 0 ? known : otherwise);

    /// <returns>An index; -1 when none is fit.</returns>
    private static int Pick(Topology topology, in RouteRequest request, Instant now, double chance)
    {
        long total = 0;
        foreach (var standby in topology.Standbys)
            total += IsFit(standby, request, now) ? standby.Weight : 0;
        var left = (long)(chance * total);
        for (var i = 0; i < topology.Standbys.Length; i++)
        {
            if (!IsFit(topology.Standbys[i], request, now))
                continue;
            left -= topology.Standbys[i].Weight;
            if (left < 0)
                return i;
        }
        return -1;
    }

    /// <summary>What has not been heard since it was seen counts as lag; what was replayed stays so.</summary>
    private static bool IsFit(StandbyBackend standby, in RouteRequest request, Instant now)
    {
        if (standby.Weight <= 0 || standby.Replayed < request.Written || standby.Lag is not { } lag)
            return false;
        var unheard = now > standby.SeenAt ? now - standby.SeenAt : TimeSpan.Zero;
        return lag <= request.LagLimit && unheard <= request.LagLimit - lag;
    }
}
