using System.Collections.Immutable;
using PgMahout.Core.Access;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Deployment;

/// <summary>
/// A cluster.yml, read and judged as a whole. There is a blueprint only if nothing is wrong; warnings leave it usable.
/// </summary>
/// <param name="Findings">In the order of the text.</param>
public sealed record BlueprintReading(Blueprint? Blueprint, ImmutableArray<DocumentFinding> Findings)
{
    /// <summary>Another cluster.yml; null: none is named.</summary>
    public FollowedFile? Follows { get; init; }

    public IEnumerable<DocumentFinding> Errors => Findings.Where(finding => !finding.IsWarning);
}

/// <summary>The cluster.yml that another one follows, as it was written there.</summary>
public sealed record FollowedFile(string Path, TextMark At);

/// <summary>Reads what an operator wrote. Pure; every mistake is told at once, each with its place.</summary>
public sealed class BlueprintReader
{
    public const int OldestPostgres = 14;
    public const int NewestPostgres = 18;

    internal static readonly string[] WordsForNo = ["false", "no", "off", "none"];
    internal static readonly string[] WordsForYes = ["true", "yes", "on"];

    private readonly FindingList _findings = new();
    private readonly HostReader _hosts;

    private BlueprintReader() => _hosts = new HostReader(_findings);

    public static BlueprintReading Read(DocumentNode? root)
    {
        if (root is DocumentNode.Map map)
            return new BlueprintReader().Read(map);
        var finding = new DocumentFinding(
            root?.At ?? new TextMark(1, 1), "this is not a group of keys", "cluster: NAME, hosts: [...]", false);
        return new BlueprintReading(null, [finding]);
    }

    private BlueprintReading Read(DocumentNode.Map map)
    {
        var keys = new MapReader(
            map, "cluster.yml", _findings, "cluster", "postgres", "rto", "durability", "ssh", "hosts", "etcd", "proxy",
            "virtual_ip", "repository", "ports", "adopt", "cascade", "follows");
        var follows = keys.Text("follows", "the cluster.yml of the cluster that this one follows");
        var hosts = _hosts.Read(keys);
        var blueprint = new Blueprint(Cluster(keys), [.. hosts.Select(host => host.Host)])
        {
            Postgres = keys.Number("postgres", OldestPostgres, NewestPostgres),
            Timing = Rto(keys),
            Durability = keys.Word(
                "durability", ("quorum", Durability.Quorum), ("strict", Durability.Strict),
                ("async", Durability.Async)) ?? Durability.Quorum,
            Cascade = keys.Word("cascade", ("off", Cascade.Off), ("by-site", Cascade.BySite)) ?? Cascade.Off,
            Ssh = Ssh(keys),
            Ports = Ports(keys),
            Repository = new RepositoryReader(_findings).Read(keys),
            Follows = follows,
        };
        blueprint = blueprint with
        {
            Etcd = Etcd(keys, blueprint),
            Proxy = Proxy(keys, blueprint),
            VirtualAddress = Virtual(keys, blueprint),
        };
        new BlueprintChecks(_findings, keys).Judge(blueprint, hosts);
        return new BlueprintReading(_findings.HasErrors ? null : blueprint, _findings.All)
        {
            Follows = follows is null ? null : new FollowedFile(follows, keys.MarkOf("follows")),
        };
    }

    private string Cluster(MapReader keys)
    {
        var name = keys.Required("cluster", $"the cluster's name: {ClusterName.Rule}") ?? "";
        if (name != "" && !ClusterName.IsValid(name))
            _findings.Error(keys.MarkOf("cluster"), $"'{name}' is not a cluster name", ClusterName.Rule);
        return name;
    }

    private Timing Rto(MapReader keys)
    {
        const string Expected = "a duration from 1s to 5m, such as 3s";
        if (keys.Text("rto", Expected) is not { } text)
            return new Timing(TimeSpan.FromSeconds(3));
        if (DurationText.TryParse(text, out var rto) && rto >= Timing.Shortest && rto <= Timing.Longest)
            return new Timing(rto);
        _findings.Error(keys.MarkOf("rto"), $"'rto' is '{text}'", Expected);
        return new Timing(TimeSpan.FromSeconds(3));
    }

    private SshAccess Ssh(MapReader keys)
    {
        if (keys.Map("ssh", "keys: user, port, identity") is not { } map)
            return SshAccess.Default;
        var ssh = new MapReader(map, "ssh", _findings, "user", "port", "identity");
        var user = ssh.Text("user", "a user of the hosts: root, or one who may use sudo without a password");
        // It becomes an argument of a program, where a leading hyphen would be an option.
        if (user is not null && (user[0] == '-' || user.Any(c => char.IsWhiteSpace(c) || c is '@' or ':')))
            _findings.Error(ssh.MarkOf("user"), $"'{user}' is not a user's name");
        return new SshAccess(user, ssh.Port("port"), ssh.Text("identity", "the file of a private key"));
    }

    private PortBlueprint Ports(MapReader keys)
    {
        var standard = PortBlueprint.Default;
        if (keys.Map("ports", "keys: postgres, api, etcd, etcd_peer") is not { } map)
            return standard;
        var ports = new MapReader(map, "ports", _findings, "postgres", "api", "etcd", "etcd_peer");
        return new PortBlueprint(
            ports.Port("postgres") ?? standard.Postgres,
            ports.Port("api") ?? standard.Api,
            ports.Port("etcd") ?? standard.Etcd,
            ports.Port("etcd_peer") ?? standard.EtcdPeer);
    }

    private EtcdBlueprint Etcd(MapReader keys, Blueprint blueprint)
    {
        const string Expected = "names of hosts, or endpoints: [https://ADDRESS:PORT, ...]";
        if (keys.Node("etcd") is DocumentNode.Map map)
            return External(new MapReader(
                map, "etcd", _findings, "endpoints", "ca", "certificate", "key", "user", "password_file"));
        if (keys.Texts("etcd", Expected) is not { } names)
            return new EtcdBlueprint.On(Voters.Choose(blueprint.Hosts)) { IsChosen = true };
        foreach (var name in names)
            _hosts.Known(name, blueprint);
        return new EtcdBlueprint.On([.. names.Select(name => name.Text)]);
    }

    private EtcdBlueprint.External External(MapReader keys)
    {
        const string Expected = "https://ADDRESS:PORT";
        if (keys.Node("endpoints") is null)
            _findings.Error(keys.At, "'endpoints' is missing", $"a list of {Expected}");
        var endpoints = keys.Texts("endpoints", $"a list of {Expected}") ?? [];
        foreach (var endpoint in endpoints.Where(endpoint => !Endpoint.IsValid(endpoint.Text)))
            _findings.Error(endpoint.At, $"'{endpoint.Text}' is not an address of etcd", Expected);
        return new EtcdBlueprint.External([.. endpoints.Select(endpoint => endpoint.Text.TrimEnd('/'))])
        {
            Access = Access(keys, endpoints),
        };
    }

    private EtcdAccess Access(MapReader keys, ImmutableArray<DocumentNode.Scalar> endpoints)
    {
        const string File = "a file, beside this one or with its whole path";
        var access = new EtcdAccess(
            keys.Text("ca", File), keys.Text("certificate", File), keys.Text("key", File),
            keys.Text("user", "a name"), keys.Text("password_file", File));
        if (access.Certificate is null != access.Key is null)
            _findings.Error(keys.At, "'certificate' and 'key' go together", "both, or neither");
        if (access.User is null != access.PasswordFile is null)
            _findings.Error(keys.At, "'user' and 'password_file' go together", "both, or neither");
        if (access.User is not null && endpoints.FirstOrDefault(one => Endpoint.IsClear(one.Text)) is { } clear)
            _findings.Error(clear.At, $"a password would be sent to {clear.Text} in clear", "https://");
        return access;
    }

    private ProxyBlueprint? Proxy(MapReader keys, Blueprint blueprint)
    {
        const string Expected = "true, false, or keys: port, read_port, hosts";
        var standard = new ProxyBlueprint(ProxyBlueprint.DefaultPort, ProxyBlueprint.DefaultReadPort, []);
        switch (keys.Node("proxy"))
        {
            case null:
            case DocumentNode.Scalar scalar when WordsForYes.Contains(scalar.Text):
                return standard;
            case DocumentNode.Scalar scalar when WordsForNo.Contains(scalar.Text):
                return null;
            case DocumentNode.Map map:
                var proxy = new MapReader(map, "proxy", _findings, "port", "read_port", "hosts");
                var hosts = proxy.Texts("hosts", "names of hosts") ?? [];
                foreach (var name in hosts)
                    _hosts.Known(name, blueprint);
                var port = proxy.Port("port") ?? standard.Port;
                return new ProxyBlueprint(
                    port,
                    proxy.Number("read_port", 0, 65535) ?? (port < 65535 ? port + 1 : 0),
                    [.. hosts.Select(name => name.Text)]);
            case var other:
                _findings.Error(other.At, "'proxy' is something else", Expected);
                return null;
        }
    }

    private VirtualAddress? Virtual(MapReader keys, Blueprint blueprint)
    {
        const string Expected = "an address and the length of its network's prefix, such as 10.0.0.100/24";
        if (keys.Map("virtual_ip", "keys: address, interface") is not { } map)
            return null;
        var group = new MapReader(map, "virtual_ip", _findings, "address", "interface");
        var face = group.Required("interface", "the network interface that carries it, such as eth0");
        if (face is not null && (face.Length > 15 || face.Any(c => char.IsWhiteSpace(c) || c == '/') || face[0] == '-'))
            _findings.Error(group.MarkOf("interface"), $"'{face}' is not the name of a network interface");
        if (group.Required("address", Expected) is not { } text)
            return null;
        if (text.Split('/') is not [var address, var prefix]
            || HostReader.Numeric(address) is not { } numeric || IpRange.PrefixOf(prefix, numeric) is not { } length)
        {
            _findings.Error(group.MarkOf("address"), $"'{text}' is not such an address", Expected);
            return null;
        }
        var others = blueprint.Hosts.Where(host => HostReader.Numeric(host.Address) is not null).ToArray();
        if (others.FirstOrDefault(host => HostReader.Numeric(host.Address) == numeric) is { } owner)
            _findings.Error(group.MarkOf("address"), $"{numeric} is the address of {owner.Name}; it must be nobody's");
        var network = IpRange.Of(numeric, length);
        foreach (var host in others.Where(host => !network.Covers(IpRange.Parse(host.Address)!.Value)))
            _findings.Error(
                group.MarkOf("address"), $"{host.Name} ({host.Address}) is not in the network of {text}, so it cannot "
                + "carry the address");
        return new VirtualAddress(numeric, length, face ?? "");
    }
}
