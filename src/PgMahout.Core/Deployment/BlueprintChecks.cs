using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Access;
using PgMahout.Core.Addressing;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Deployment;

/// <summary>What is only seen when the whole is looked at.</summary>
internal sealed class BlueprintChecks(FindingList findings, MapReader keys)
{
    private const int SshPort = 22;

    public void Judge(Blueprint blueprint, ImmutableArray<WrittenHost> hosts)
    {
        Ports(blueprint);
        if (hosts.IsEmpty)
            return;
        Data(blueprint);
        Etcd(blueprint);
        Address(blueprint);
        Sites(blueprint, hosts);
    }

    private void Ports(Blueprint blueprint)
    {
        var (ports, proxy) = (blueprint.Ports, blueprint.Proxy);
        List<(string What, int Port)> used =
        [
            ("ssh", blueprint.Ssh.Port ?? SshPort), ("ports.postgres", ports.Postgres), ("ports.api", ports.Api),
        ];
        if (blueprint.Etcd is EtcdBlueprint.On)
            used.AddRange([("ports.etcd", ports.Etcd), ("ports.etcd_peer", ports.EtcdPeer)]);
        if (proxy is not null)
            used.Add(("proxy.port", proxy.Port));
        if (proxy is { ReadPort: > 0 })
            used.Add(("proxy.read_port", proxy.ReadPort));
        foreach (var same in used.GroupBy(use => use.Port).Where(same => same.Count() > 1))
            findings.Error(
                keys.MarkOf(same.Last().What.Split('.')[0]),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"port {same.Key} is for {string.Join(" and for ", same.Select(use => use.What))}"));
    }

    private void Data(Blueprint blueprint)
    {
        var data = blueprint.DataHosts.ToArray();
        var at = keys.MarkOf("hosts");
        if (data.Length == 0)
            findings.Error(at, "no host holds data: all are witnesses");
        else if (data.All(host => host.Priority == 0))
            findings.Error(at, "no host may lead: all have the priority 0");
        else if (data.Length == 1)
            findings.Warn(at, "one host holds data: when it is lost, nobody takes over", "two or more, better three");
    }

    private void Etcd(Blueprint blueprint)
    {
        if (blueprint.Etcd is not EtcdBlueprint.On { Names: var names })
            return;
        var at = keys.MarkOf("etcd");
        if (blueprint.Hosts.Length == 2 && blueprint.DataHosts.Count() == 2)
            findings.Warn(
                at, $"of two hosts one must vote alone: when {names[0]} is lost, the other does not take over",
                "a third host, however small: role: witness");
        else if (names.Length % 2 == 0)
            findings.Warn(
                at,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"etcd on {names.Length} hosts survives the loss of {(names.Length - 1) / 2}, no more than on "
                    + $"{names.Length - 1}"),
                "an odd number");
        else if (names.Length == 1 && blueprint.DataHosts.Count() > 1)
            findings.Warn(at, $"etcd is on {names[0]} alone: when it is lost, nobody takes over", "three hosts");
    }

    private void Address(Blueprint blueprint)
    {
        if (blueprint.VirtualAddress is not { } address)
            return;
        var at = keys.MarkOf("virtual_ip");
        if (blueprint.Timing.Ttl < AddressPolicy.ShortestRto)
            findings.Error(
                at, "the kernel counts an address's lifetime in whole seconds, which the lease is too short for",
                "with virtual_ip, an rto of 2s or more");
        var network = IpRange.Of(address.Address, address.PrefixLength);
        if (address.Address.Family == IpFamily.V4 && address.PrefixLength < address.Address.Width - 1
            && (address.Address == network.First || address.Address == network.Last))
            findings.Error(at, $"{address.Address} is not a host's address in {network}");
        if (blueprint.Proxy is not null && !blueprint.AddressHasProxy)
            findings.Warn(
                at, "not every host that may lead has a proxy, so the address leads to PostgreSQL itself",
                "proxy on every host with data");
    }

    private static bool HasFollowers(IEnumerable<WrittenHost> site) =>
        site.Count(host => host.Host.Role == HostRole.Data) > 1;

    private void Sites(Blueprint blueprint, ImmutableArray<WrittenHost> hosts)
    {
        var sites = hosts.Where(host => host.Host.Site is not null).GroupBy(host => host.Host.Site!).ToArray();
        if (blueprint.Cascade == Cascade.BySite && !sites.Any(HasFollowers))
            findings.Warn(
                keys.MarkOf("cascade"), "no site has two hosts with data, so all stream from the leader",
                "site: NAME at each host");
        if (sites.Length == 0)
            return;
        foreach (var host in hosts.Where(host => host.Host.Site is null))
            findings.Warn(host.Keys.At, $"{host.Host.Name} has no site, and others have one");
        foreach (var alone in sites.Where(site => site.Count() == 1))
        {
            var larger = sites.Where(site => site.Count() > 1).Select(site => site.Key);
            if (Spelling.Nearest(alone.Key, larger) is { } meant)
                findings.Warn(
                    alone.First().Keys.MarkOf("site"), $"only one host is at '{alone.Key}'; did you mean '{meant}'?");
        }
        if (blueprint.Etcd is not EtcdBlueprint.On { Names: var names } || sites.Length < 2)
            return;
        foreach (var site in sites)
        {
            var voters = site.Count(host => names.Contains(host.Host.Name));
            if (voters > names.Length / 2)
                findings.Warn(
                    keys.MarkOf("etcd"),
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{voters} of {names.Length} etcd hosts are at '{site.Key}'; without them nobody takes over"),
                    "no more than half at one site, for example by a witness at a third");
        }
    }
}
