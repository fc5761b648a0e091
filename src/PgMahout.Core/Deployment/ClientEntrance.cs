using System.Collections.Immutable;

namespace PgMahout.Core.Deployment;

/// <summary>Where clients of a cluster on several hosts come in, whichever host they are told it by.</summary>
/// <param name="Proxies">Addresses of hosts with a proxy.</param>
/// <param name="Shared">The address that goes with the leadership; null: none.</param>
/// <param name="SharedHasProxy">Behind that there is always a proxy; else PostgreSQL itself.</param>
public sealed record ClientEntrance(ImmutableArray<string> Proxies, string? Shared, bool SharedHasProxy)
{
    public static ClientEntrance Of(Blueprint blueprint) => new(
        [.. blueprint.Hosts.Where(blueprint.RunsProxy).Select(host => host.Address)],
        blueprint.VirtualAddress?.Address.ToString(),
        blueprint.AddressHasProxy);

    /// <summary>
    /// Each of them leads to the primary. Null: nothing does but the servers themselves, among which a client has to
    /// find it.
    /// </summary>
    /// <param name="proxyPort">0: none.</param>
    public ClientPlace? ForWrites(int serverPort, int proxyPort) => Shared is { } shared
        ? new ClientPlace([shared], SharedHasProxy && proxyPort > 0 ? proxyPort : serverPort)
        : OfProxies(proxyPort);

    /// <summary>
    /// Each of them leads to a standby where there is one. A proxy does so on any host, also while nobody leads; null:
    /// there is none.
    /// </summary>
    /// <param name="proxyPort">0: none.</param>
    public ClientPlace? ForReads(int proxyPort) => OfProxies(proxyPort);

    private ClientPlace? OfProxies(int port) => port > 0 && !Proxies.IsEmpty ? new ClientPlace(Proxies, port) : null;
}

/// <param name="Hosts">Addresses in numbers; a client takes the first that answers.</param>
public sealed record ClientPlace(ImmutableArray<string> Hosts, int Port);
