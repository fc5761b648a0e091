namespace PgMahout.Core.Deployment;

/// <summary>What listens on a host when all runs.</summary>
public static class HostPorts
{
    /// <returns>The TCP port, and what for.</returns>
    public static IEnumerable<(int Port, string What)> Of(Blueprint blueprint, HostBlueprint host)
    {
        var ports = blueprint.Ports;
        if (blueprint.RunsEtcd(host))
        {
            yield return (ports.Etcd, "etcd");
            yield return (ports.EtcdPeer, "etcd among its hosts");
        }
        if (host.Role == HostRole.Data)
        {
            yield return (ports.Postgres, "PostgreSQL");
            yield return (ports.Api, "the agent");
        }
        if (!blueprint.RunsProxy(host) || blueprint.Proxy is not { } proxy)
            yield break;
        yield return (proxy.Port, "the proxy");
        if (proxy.ReadPort > 0)
            yield return (proxy.ReadPort, "the proxy's reads");
    }
}
