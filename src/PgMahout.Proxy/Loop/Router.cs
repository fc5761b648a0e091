using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Vocabulary;
using PgMahout.Proxy.Sessions;

namespace PgMahout.Proxy.Loop;

/// <summary>Who serves what, by the topology and the settings of the loop.</summary>
internal sealed class Router(ProxyLoop loop)
{
    private double _chance;

    public StatementJudge Judge { get; private set; } = new(NameRules.None);

    public RouteRules Rules { get; private set; } = RouteRules.None;

    public void Go(ProxySettings settings)
    {
        Judge = new StatementJudge(NameRules.Of(settings.ReadingNames, settings.WritingNames));
        Rules = RouteRules.Parse(settings.Routes, out _) ?? RouteRules.None;
        foreach (var group in loop.Groups)
            group.Rule = Rules.For(group.User, group.Database);
    }

    /// <summary>Whose turn it is to serve what this client asks for next; null while nobody can.</summary>
    public MemberPool? Choose(ClientConnection client, PoolGroup group)
    {
        if (client is { ReadsOnly: false, Wish: RouteWish.None } && !loop.Settings.SplitReads
            && group.Rule == RouteWish.None)
            return group.PrimaryNow();
        var port = client.ReadsOnly ? PortKind.Read : PortKind.Write;
        return Choose(group, new RouteRequest(
            port, client.Wish, group.Rule, loop.Settings.SplitReads, client.Kind, client.Written,
            loop.Settings.LagLimit));
    }

    /// <summary>A standby that is fit to be read from; null when none is.</summary>
    public MemberPool? AnyStandby(PoolGroup group) =>
        Choose(group, new RouteRequest(
            PortKind.Read, RouteWish.Standby, RouteWish.None, false, StatementKind.Read, default,
            loop.Settings.LagLimit));

    private MemberPool? Choose(PoolGroup group, in RouteRequest request)
    {
        // A low-discrepancy sequence: each standby gets its share without long runs.
        _chance = (_chance + 0.6180339887498949) % 1;
        var route = ReadRoute.Choose(loop.Topology, request, new Instant(loop.Now), _chance);
        return route.Target switch
        {
            RouteTarget.Standby => group.Standby(loop.Topology.Standbys[route.Standby].Backend),
            RouteTarget.Primary => group.PrimaryNow(),
            RouteTarget.Wait => null,
        };
    }

    /// <summary>Whether a member has replayed so far, as far as is known; the primary always has.</summary>
    public bool Has(MemberPool pool, Lsn written)
    {
        if (pool.IsPrimary || written == default)
            return true;
        foreach (var standby in loop.Topology.Standbys)
            if (standby.Backend == pool.Backend)
                return standby.Replayed >= written;
        return false;
    }
}
