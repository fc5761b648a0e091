using PgMahout.Core.Deployment;
using PgMahout.Status;

namespace PgMahout.Deploying;

/// <summary>Where clients connect.</summary>
internal static class ClientAddresses
{
    /// <summary>Every address that has the cluster's logins: of servers, of proxies, and the virtual one.</summary>
    public static IEnumerable<string> Of(Blueprint blueprint)
    {
        foreach (var host in blueprint.Hosts.Where(host =>
            host.Role == HostRole.Data || blueprint.RunsProxy(host)))
            yield return host.Address;
        // Programs on a host that has a proxy go through that one.
        if (blueprint.Hosts.Any(blueprint.RunsProxy))
        {
            yield return "127.0.0.1";
            yield return "::1";
        }
        if (blueprint.VirtualAddress is { } shared)
            yield return shared.Address.ToString();
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
}
