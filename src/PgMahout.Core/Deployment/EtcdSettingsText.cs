using System.Globalization;

namespace PgMahout.Core.Deployment;

/// <summary>The settings of etcd on one of our hosts, as variables of its environment.</summary>
public static class EtcdSettingsText
{
    public const string Path = HostPaths.Settings + "/etcd.env";
    public const string DataDirectory = HostPaths.Home + "/etcd";

    /// <summary>
    /// An election of etcd's own must be over while the lease of our leader lasts, so its limits follow from the same
    /// setting. A round trip between hosts takes a fraction of the heartbeat, or the cluster's own lease would not hold
    /// either.
    /// </summary>
    private const int ElectionsInLease = 6;
    private const int HeartbeatsInElection = 10;

    private static readonly TimeSpan ShortestElection = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LongestElection = TimeSpan.FromSeconds(5);

    /// <param name="architecture">As uname prints it.</param>
    public static string Of(Blueprint blueprint, HostBlueprint host, string architecture)
    {
        var ports = blueprint.Ports;
        var voters = blueprint.Hosts.Where(blueprint.RunsEtcd);
        var election = blueprint.Timing.Ttl / ElectionsInLease;
        election = election < ShortestElection ? ShortestElection : election;
        election = election > LongestElection ? LongestElection : election;
        var client = Blueprint.Url(host.Address, ports.Etcd);
        var peer = Blueprint.Url(host.Address, ports.EtcdPeer);
        (string Name, string Value)[] settings =
        [
            ("NAME", host.Name),
            ("DATA_DIR", DataDirectory),
            ("LISTEN_CLIENT_URLS", $"{client},{Blueprint.Url("127.0.0.1", ports.Etcd)}"),
            ("ADVERTISE_CLIENT_URLS", client),
            ("LISTEN_PEER_URLS", peer),
            ("INITIAL_ADVERTISE_PEER_URLS", peer),
            ("INITIAL_CLUSTER", string.Join(
                ',', voters.Select(voter => $"{voter.Name}={Blueprint.Url(voter.Address, ports.EtcdPeer)}"))),
            ("INITIAL_CLUSTER_STATE", "new"),
            ("INITIAL_CLUSTER_TOKEN", $"pgmahout-{blueprint.Cluster}"),
            .. Certificates(""), .. Certificates("PEER_"),
            ("HEARTBEAT_INTERVAL", Milliseconds(election / HeartbeatsInElection)),
            ("ELECTION_TIMEOUT", Milliseconds(election)),
            // A member that comes back from a partition asks before it disturbs the others.
            ("PRE_VOTE", "true"),
            // What was is of no use to us, and a history without a bound ends in a full store.
            ("AUTO_COMPACTION_MODE", "periodic"),
            ("AUTO_COMPACTION_RETENTION", "5m"),
            ("LOGGER", "zap"),
            // The version of Debian 12 wants to be told that one means it.
            .. architecture == "aarch64" ? [("UNSUPPORTED_ARCH", "arm64")] : Array.Empty<(string, string)>(),
        ];
        return "# Written by `pgmahout deploy`.\n"
            + string.Concat(settings.Select(setting => $"{Variable(setting.Name)}{setting.Value}\n"));
    }

    /// <summary>The same settings for the first start of a member that joins others.</summary>
    /// <param name="settings">What <see cref="Of"/> gave.</param>
    /// <param name="members">Of etcd, this one among them; etcd compares their addresses.</param>
    public static string Joining(string settings, string name, string peer, IEnumerable<KnownVoter> members)
    {
        var all = members.Select(member => $"{(member.PeerUrl == peer ? name : member.Name)}={member.PeerUrl}");
        return string.Concat(settings.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
            line.StartsWith(Variable("INITIAL_CLUSTER"), StringComparison.Ordinal)
                ? Variable("INITIAL_CLUSTER") + string.Join(',', all) + "\n"
                : line.StartsWith(Variable("INITIAL_CLUSTER_STATE"), StringComparison.Ordinal)
                    ? Variable("INITIAL_CLUSTER_STATE") + "existing\n"
                    : line + "\n"));
    }

    private static string Variable(string name) => $"ETCD_{name}=";

    private static (string, string)[] Certificates(string of) =>
    [
        (of + "CERT_FILE", HostPaths.CertificateFile("host.crt")),
        (of + "KEY_FILE", HostPaths.CertificateFile("host.key")),
        (of + "TRUSTED_CA_FILE", HostPaths.CertificateFile("ca.crt")),
        (of + "CLIENT_CERT_AUTH", "true"),
    ];

    private static string Milliseconds(TimeSpan span) =>
        ((int)span.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
}
