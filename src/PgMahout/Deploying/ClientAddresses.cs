using PgMahout.Core.Deployment;
using PgMahout.Status;

namespace PgMahout.Deploying;

/// <summary>Where clients connect.</summary>
internal static class ClientAddresses
{
    /// <summary>Every address that has the cluster's logins: of servers, of proxies, and the virtual one.</summary>
    public static IEnumerable<(string Host, int Port)> Of(Blueprint blueprint)
    {
        foreach (var host in blueprint.DataHosts)
            yield return (host.Address, blueprint.Ports.Postgres);
        // Programs on a host that has a proxy go through that one.
        foreach (var one in OfProxies(blueprint).Select(one => one.Port).Distinct())
            foreach (var loopback in new[] { "127.0.0.1", "::1" })
                yield return (loopback, one);
        foreach (var one in OfProxies(blueprint))
            yield return one;
        if (blueprint.VirtualAddress is { } shared)
        {
            yield return (shared.Address.ToString(), blueprint.Ports.Postgres);
            foreach (var one in OfProxies(blueprint).Select(one => one.Port).Distinct())
                yield return (shared.Address.ToString(), one);
        }
    }

    /// <summary>
    /// One address for programs, the same that a host says. It names the operator's password file, and so holds no
    /// secret itself.
    /// </summary>
    public static string Uri(Blueprint blueprint, string passFile)
    {
        var servers = blueprint.Ports.Postgres;
        return ClientEntrance.Of(blueprint).ForWrites(servers, blueprint.Proxy?.Port ?? 0) is { } place
            ? ClientUri.For(place, passFile)
            : ClientUri.For(
                new ClientPlace([.. blueprint.DataHosts.Select(host => host.Address)], servers), passFile,
                "target_session_attrs=read-write&");
    }

    private static IEnumerable<(string Host, int Port)> OfProxies(Blueprint blueprint) =>
        blueprint.Proxy is not { } proxy
            ? []
            : from host in blueprint.Hosts
              where blueprint.RunsProxy(host)
              from port in new[] { proxy.Port, proxy.ReadPort }
              where port > 0
              select (host.Address, port);
}
