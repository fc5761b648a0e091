namespace PgMahout.Core.Deployment;

/// <summary>What listens on a host when all runs.</summary>
public static class HostPorts
{
    /// <returns>The TCP port, what for, and the unit whose it is.</returns>
    public static IEnumerable<(int Port, string What, string Unit)> Of(Blueprint blueprint, HostBlueprint host)
    {
        var ports = blueprint.Ports;
        if (blueprint.RunsEtcd(host))
        {
            yield return (ports.Etcd, "etcd", SystemdUnits.Etcd);
            yield return (ports.EtcdPeer, "etcd among its hosts", SystemdUnits.Etcd);
        }
        if (host.Role == HostRole.Data)
        {
            yield return (ports.Postgres, "PostgreSQL", SystemdUnits.Agent);
            yield return (ports.Api, "the agent", SystemdUnits.Agent);
        }
        if (!blueprint.RunsProxy(host) || blueprint.Proxy is not { } proxy)
            yield break;
        yield return (proxy.Port, "the proxy", SystemdUnits.Proxy);
        if (proxy.ReadPort > 0)
            yield return (proxy.ReadPort, "the proxy's reads", SystemdUnits.Proxy);
    }
}
