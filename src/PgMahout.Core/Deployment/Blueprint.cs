using System.Collections.Immutable;
using PgMahout.Core.Access;
using PgMahout.Core.Cluster;

namespace PgMahout.Core.Deployment;

/// <summary>What an operator wants to have on several hosts: the whole of a cluster.yml, already validated.</summary>
/// <param name="Hosts">In the order in which they were written; the first that holds data makes the databases.</param>
public sealed record Blueprint(string Cluster, ImmutableArray<HostBlueprint> Hosts)
{
    /// <summary>Major version; null: what is installed, else the distribution's own.</summary>
    public int? Postgres { get; init; }

    public Durability Durability { get; init; } = Durability.Quorum;

    public Cascade Cascade { get; init; }

    public Timing Timing { get; init; } = new(TimeSpan.FromSeconds(3));

    public SshAccess Ssh { get; init; } = SshAccess.Default;

    public EtcdBlueprint Etcd { get; init; } = new EtcdBlueprint.On([]);

    /// <summary>Null: none, clients are given the members' own addresses.</summary>
    public ProxyBlueprint? Proxy { get; init; }

    /// <summary>An address that goes with the leadership; null: none.</summary>
    public VirtualAddress? VirtualAddress { get; init; }

    /// <summary>Where WAL and backups go; null: nowhere.</summary>
    public RepositoryBlueprint? Repository { get; init; }

    public PortBlueprint Ports { get; init; } = PortBlueprint.Default;

    /// <summary>The file of the cluster that this one follows, as it was written; null: it stands alone.</summary>
    public string? Follows { get; init; }

    public IEnumerable<HostBlueprint> DataHosts => Hosts.Where(host => host.Role == HostRole.Data);

    public HostBlueprint? Find(string name) => Hosts.FirstOrDefault(host => host.Name == name);

    public bool RunsEtcd(HostBlueprint host) => Etcd is EtcdBlueprint.On on && on.Names.Contains(host.Name);

    public bool RunsProxy(HostBlueprint host) =>
        Proxy is { } proxy && (proxy.Hosts.IsEmpty ? host.Role == HostRole.Data : proxy.Hosts.Contains(host.Name));

    /// <summary>Addresses of hosts with a proxy and without a member, which no record of the cluster has.</summary>
    public IEnumerable<string> OtherProxies =>
        Hosts.Where(host => host.Role != HostRole.Data && RunsProxy(host)).Select(host => host.Address);

    /// <summary>The virtual address may come to this host.</summary>
    public bool KeepsAddress(HostBlueprint host) => VirtualAddress is not null && host.Role == HostRole.Data;

    /// <summary>Behind the virtual address there is always a proxy; else PostgreSQL itself.</summary>
    public bool AddressHasProxy => Proxy is not null && DataHosts.All(RunsProxy);

    /// <summary>Where the agents and clients find the cluster's store.</summary>
    public ImmutableArray<string> StoreEndpoints => Etcd switch
    {
        EtcdBlueprint.External external => external.Endpoints,
        EtcdBlueprint.On on =>
            [.. Hosts.Where(host => on.Names.Contains(host.Name)).Select(host => Url(host.Address, Ports.Etcd))],
        _ => throw new InvalidOperationException($"unknown store {Etcd}"),
    };

    /// <summary>The keys of this cluster in the store, which others may use too.</summary>
    public string StorePrefix => $"/pgmahout/{Cluster}/";

    public static string Url(string address, int port) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"https://{Bracketed(address)}:{port}");

    public static string Bracketed(string address) =>
        address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
}

/// <summary>One host.</summary>
/// <param name="Name">Also the name of the member on it.</param>
/// <param name="Address">In numbers: what the others, and clients, connect to.</param>
/// <param name="Site">Where it stands: hosts of one site may be lost together. Null: it was not said.</param>
/// <param name="Priority">Of its member, higher first; 0: never promoted.</param>
public sealed record HostBlueprint(string Name, string Address, HostRole Role, string? Site, int Priority)
{
    /// <summary>A server that runs there already becomes the member; null: the member is made.</summary>
    public AdoptionBlueprint? Adopt { get; init; }
}

/// <param name="Data">Its data directory: absolute.</param>
public sealed record AdoptionBlueprint(string Data, FormerPassword Password);

/// <summary>What becomes of the password that the role postgres may have.</summary>
public enum FormerPassword
{
    /// <summary>It has none; where it has, nothing is done.</summary>
    None,

    /// <summary>It is the one in the operator's secrets.</summary>
    Keep,

    /// <summary>A new one is set, and whoever knows the former one only is shut out.</summary>
    Replace,
}

public enum HostRole
{
    /// <summary>It holds a copy of the data.</summary>
    Data,

    /// <summary>It votes and holds no data.</summary>
    Witness,
}

/// <summary>Where the records are that all members share.</summary>
public abstract record EtcdBlueprint
{
    private EtcdBlueprint() { }

    /// <summary>On these hosts, kept by us.</summary>
    public sealed record On(ImmutableArray<string> Names) : EtcdBlueprint
    {
        /// <summary>The file does not say which: those that keep it already go on.</summary>
        public bool IsChosen { get; init; }
    }

    /// <summary>An etcd that is there already, and that somebody else looks after.</summary>
    public sealed record External(ImmutableArray<string> Endpoints) : EtcdBlueprint
    {
        public EtcdAccess Access { get; init; } = EtcdAccess.OfTheCluster;
    }
}

/// <summary>
/// How hosts know somebody else's etcd, and show who they are. Files of the operator's, beside cluster.yml where they
/// have no other path.
/// </summary>
/// <param name="Authority">Who signs what etcd shows; null: the cluster's own authority.</param>
/// <param name="Certificate">What hosts show; null: what they show to each other.</param>
/// <param name="PasswordFile">Its first line is the password of <paramref name="User"/>.</param>
public sealed record EtcdAccess(
    string? Authority, string? Certificate, string? Key, string? User, string? PasswordFile)
{
    public static readonly EtcdAccess OfTheCluster = new(null, null, null, null, null);

    /// <summary>What they are called in a host's directory of certificates, and where they come from.</summary>
    public IEnumerable<(string Name, string File)> Files =>
        from one in new[]
        {
            (Name: AuthorityName, File: Authority), (Name: CertificateName, File: Certificate),
            (Name: KeyName, File: Key), (Name: PasswordName, File: PasswordFile),
        }
        where one.File is not null
        select (one.Name, one.File!);

    public const string AuthorityName = "etcd-ca.crt";
    public const string CertificateName = "etcd.crt";
    public const string KeyName = "etcd.key";
    public const string PasswordName = "etcd.password";
}

/// <param name="ReadPort">0: no such port.</param>
/// <param name="Hosts">Empty: each that holds data.</param>
public sealed record ProxyBlueprint(int Port, int ReadPort, ImmutableArray<string> Hosts)
{
    public const int DefaultPort = 6432;
    public const int DefaultReadPort = 6433;
}

/// <summary>Where WAL and backups go.</summary>
/// <param name="Address">A directory that every host sees under this path, or s3://BUCKET/PREFIX.</param>
public sealed record RepositoryBlueprint(string Address)
{
    public const string Scheme = "s3://";

    /// <summary>Of S3: where it answers; null: AWS.</summary>
    public string? Endpoint { get; init; }

    public string? Region { get; init; }

    /// <summary>
    /// Of S3: a file on the operator's machine, beside cluster.yml if it is relative; null: the one in CLUSTER.secrets,
    /// if there is one.
    /// </summary>
    public string? Credentials { get; init; }

    /// <summary>With a key that is made, and kept in CLUSTER.secrets.</summary>
    public bool IsEncrypted { get; init; }

    public bool IsBucket => Address.StartsWith(Scheme, StringComparison.Ordinal);
}

/// <param name="Interface">The network interface that carries it, by the same name on every host.</param>
public sealed record VirtualAddress(IpAddress Address, int PrefixLength, string Interface)
{
    /// <param name="text">Such as 10.0.0.100/24; null for anything else.</param>
    public static VirtualAddress? Parse(string text, string face) =>
        text.Split('/') is [var address, var prefix]
        && IpAddress.Parse(address) is { } numeric && IpRange.PrefixOf(prefix, numeric) is { } length
            ? new VirtualAddress(numeric, length, face)
            : null;

    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Address}/{PrefixLength}");
}

/// <summary>How the operator reaches the hosts; what is null is left to the ssh program's own files.</summary>
public sealed record SshAccess(string? User, int? Port, string? Identity)
{
    public static readonly SshAccess Default = new(null, null, null);
}

public sealed record PortBlueprint(int Postgres, int Api, int Etcd, int EtcdPeer)
{
    public static readonly PortBlueprint Default = new(5432, 7432, 2379, 2380);
}
