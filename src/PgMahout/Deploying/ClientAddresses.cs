using System.Globalization;
using PgMahout.Core.Deployment;
using PgMahout.Postgres.Instance;

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
    /// One address for programs. It names the operator's password file, and so holds no secret itself. Of several
    /// hosts a client takes the first that answers.
    /// </summary>
    public static string Uri(Blueprint blueprint, string passFile)
    {
        var proxies = blueprint.Hosts.Where(blueprint.RunsProxy).ToArray();
        var (hosts, port) = (blueprint.VirtualAddress, proxies) switch
        {
            ({ } shared, _) => (
                [shared.Address.ToString()],
                blueprint.AddressHasProxy ? blueprint.Proxy!.Port : blueprint.Ports.Postgres),
            (null, []) => (blueprint.DataHosts.Select(host => host.Address), blueprint.Ports.Postgres),
            (null, _) => (proxies.Select(host => host.Address), blueprint.Proxy!.Port),
        };
        var addresses = string.Join(
            ',',
            hosts.Select(host => string.Create(
                CultureInfo.InvariantCulture, $"{Blueprint.Bracketed(host)}:{port}")));
        var target = proxies.Length == 0 && blueprint.VirtualAddress is null ? "target_session_attrs=read-write&" : "";
        var file = System.Uri.EscapeDataString(passFile).Replace("%2F", "/", StringComparison.Ordinal);
        return $"postgresql://{InstanceSettings.Superuser}@{addresses}/postgres"
            + $"?{target}connect_timeout=5&passfile={file}";
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
