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
    public static FirewallOpening For(Blueprint blueprint, HostBlueprint host)
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
            clients.ToImmutable());
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
            .. from peer in opening.Peers
               from port in opening.PeerPorts
               select $"ufw allow proto tcp from {peer} to any port {Number(port)} comment pgmahout",
            .. opening.ClientPorts.Select(port => $"ufw allow {Number(port)}/tcp comment pgmahout"),
        ]);

    private static string Firewalld(FirewallOpening opening) => Lines(
        [
            .. from peer in opening.Peers
               from port in opening.PeerPorts
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
        var rules = opening.PeerPorts.IsEmpty
            ? []
            : opening.Peers.Select(peer =>
                $"{(Family(peer) == "ipv4" ? "ip" : "ip6")} saddr {peer} tcp dport '{Set(opening.PeerPorts)}'");
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
