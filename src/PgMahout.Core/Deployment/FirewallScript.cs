using System.Collections.Immutable;
using System.Globalization;

namespace PgMahout.Core.Deployment;

/// <summary>Which ports shall be open on a host, and for whom.</summary>
/// <param name="Peers">Addresses of the other hosts.</param>
/// <param name="PeerPorts">For them alone.</param>
/// <param name="ClientPorts">For everybody: who may log in is decided by the servers.</param>
public sealed record FirewallOpening(
    ImmutableArray<string> Peers, ImmutableArray<int> PeerPorts, ImmutableArray<int> ClientPorts)
{
    /// <summary>Addresses of the hosts of another cluster: it follows this one, or the other way round.</summary>
    public ImmutableArray<string> Twins { get; init; } = [];

    /// <summary>For those: the store and the agent, which commands of a pair ask.</summary>
    public ImmutableArray<int> TwinPorts { get; init; } = [];

    /// <summary>Who may come to which ports, when not everybody may.</summary>
    public IEnumerable<(ImmutableArray<string> From, ImmutableArray<int> Ports)> Closed =>
        new[] { (Peers, PeerPorts), (Twins, TwinPorts) }.Where(one => !one.Item1.IsEmpty && !one.Item2.IsEmpty);

    /// <param name="twin">The other cluster of a pair; null: there is none.</param>
    public static FirewallOpening For(Blueprint blueprint, HostBlueprint host, Blueprint? twin = null)
    {
        var ports = blueprint.Ports;
        var peers = ImmutableArray.CreateBuilder<int>();
        var clients = ImmutableArray.CreateBuilder<int>();
        if (blueprint.RunsEtcd(host))
            peers.AddRange(ports.Etcd, ports.EtcdPeer);
        if (host.Role == HostRole.Data)
        {
            peers.Add(ports.Api);
            clients.Add(ports.Postgres);
        }
        if (blueprint.RunsProxy(host) && blueprint.Proxy is { } proxy)
            clients.AddRange(new[] { proxy.Port, proxy.ReadPort }.Where(port => port > 0));
        return new FirewallOpening(
            [.. blueprint.Hosts.Where(other => other != host).Select(other => other.Address)],
            peers.ToImmutable(),
            clients.ToImmutable())
        {
            Twins = [.. (twin?.Hosts ?? []).Select(other => other.Address)],
            TwinPorts = twin is null ? [] : [.. peers.Where(port => port != ports.EtcdPeer)],
        };
    }
}

/// <summary>
/// Opens ports with what a host has. Each can be run again. Rules of nftables go into a table of our own, which can
/// only add to what is let in where another table drops by its own policy; that is then told.
/// </summary>
public static class FirewallScript
{
    public const string NftablesFile = HostPaths.Settings + "/firewall.nft";

    public static string Name(HostFirewall firewall) => firewall switch
    {
        HostFirewall.None => "none",
        HostFirewall.Nftables => "nftables",
        HostFirewall.Ufw => "ufw",
        HostFirewall.Firewalld => "firewalld",
    };

    /// <summary>A shell script; empty where nothing is closed.</summary>
    public static string Of(HostFirewall firewall, FirewallOpening opening) => firewall switch
    {
        HostFirewall.None => "",
        HostFirewall.Nftables => Nftables(opening),
        HostFirewall.Ufw => Ufw(opening),
        HostFirewall.Firewalld => Firewalld(opening),
    };

    private static string Ufw(FirewallOpening opening) => Lines(
        [
            .. from one in opening.Closed
               from peer in one.From
               from port in one.Ports
               select $"ufw allow proto tcp from {peer} to any port {Number(port)} comment pgmahout",
            .. opening.ClientPorts.Select(port => $"ufw allow {Number(port)}/tcp comment pgmahout"),
        ]);

    private static string Firewalld(FirewallOpening opening) => Lines(
        [
            .. from one in opening.Closed
               from peer in one.From
               from port in one.Ports
               select "firewall-cmd --permanent --add-rich-rule='rule family=\"" + Family(peer)
                   + $"\" source address=\"{peer}\" port port=\"{Number(port)}\" protocol=\"tcp\" accept'",
            .. opening.ClientPorts.Select(port => $"firewall-cmd --permanent --add-port={Number(port)}/tcp"),
            "firewall-cmd --reload",
        ]);

    /// <summary>
    /// A verdict to accept ends only its own table, so the rules go in front of each chain that filters what comes in.
    /// </summary>
    private static string Nftables(FirewallOpening opening)
    {
        var rules = opening.Closed.SelectMany(one => one.From.Select(peer =>
            $"{(Family(peer) == "ipv4" ? "ip" : "ip6")} saddr {peer} tcp dport '{Set(one.Ports)}'"));
        if (!opening.ClientPorts.IsEmpty)
            rules = rules.Append($"tcp dport '{Set(opening.ClientPorts)}'");
        return
            """
            nft -a list ruleset | awk '
                $1 == "table" { family = $2; table = $3 }
                $1 == "chain" { chain = $2 }
                /hook input/ && (family == "inet" || family == "ip" || family == "ip6") { print family, table, chain }
            ' | while read -r family table chain; do
                nft -a list chain "$family" "$table" "$chain" | sed -n 's/.*comment "pgmahout".* # handle //p' |
                    while read -r handle; do nft delete rule "$family" "$table" "$chain" handle "$handle"; done

            """
            + string.Concat(rules.Select(rule =>
                $"    nft insert rule \"$family\" \"$table\" \"$chain\" {rule} accept "
                + "comment '\"pgmahout\"' || true\n"))
            + "done\n";
    }

    private static string Set(ImmutableArray<int> ports) => $"{{ {string.Join(", ", ports.Select(Number))} }}";

    private static string Family(string address) => address.Contains(':', StringComparison.Ordinal) ? "ipv6" : "ipv4";

    private static string Number(int port) => port.ToString(CultureInfo.InvariantCulture);

    private static string Lines(IEnumerable<string> lines) => string.Concat(lines.Select(line => line + "\n"));
}
