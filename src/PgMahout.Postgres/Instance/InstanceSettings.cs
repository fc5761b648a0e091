using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Installation;

namespace PgMahout.Postgres.Instance;

/// <summary>
/// Everything that is fixed about one member's instance; its role, upstream and synchronous set are not.
/// </summary>
public sealed record InstanceSettings
{
    /// <summary>The role all members replicate with.</summary>
    public const string ReplicationRole = "pgmahout_replication";

    public const string Superuser = "postgres";

    public required MemberName Name { get; init; }

    public required string ClusterName { get; init; }

    /// <summary>PGDATA: absolute, without symbolic links.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>
    /// Beside PGDATA, for files that must outlive it (salvage, password files, clone markers). Owned by the account or
    /// traversable for it.
    /// </summary>
    public required string MemberDirectory { get; init; }

    /// <summary>Standard output and error of the postmaster until its logging collector runs.</summary>
    public required string StartLog { get; init; }

    /// <summary>At which the other members and clients reach this one; also what PostgreSQL listens on.</summary>
    public required string Host { get; init; }

    /// <summary>
    /// Clients may come by an address that is on this host only while the member leads: PostgreSQL, which binds its
    /// addresses when it starts, then listens on every one.
    /// </summary>
    public bool IsReachedOtherwise { get; init; }

    public required int Port { get; init; }

    /// <summary>Where PostgreSQL puts its unix socket; null to have none (the path would be too long).</summary>
    public required string? SocketDirectory { get; init; }

    public required PostgresBinaries Binaries { get; init; }

    public required ServerAccount Account { get; init; }

    public required ClusterSecrets Secrets { get; init; }

    public required Timing Timing { get; init; }

    /// <summary>Settings of the tuning plan: PostgreSQL's names and values, unquoted.</summary>
    public ImmutableSortedDictionary<string, string> Tuning { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>
    /// What the operator asked for: wins over <see cref="Tuning"/>, and never over what pgmahout itself rules.
    /// </summary>
    public ImmutableSortedDictionary<string, string> Desired { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The operator's lines of pg_hba.conf, after those that the cluster needs.</summary>
    public ImmutableArray<string> AccessRules { get; init; } = [];

    /// <summary>
    /// What the server of the primary was last known to run with, of the settings of which a standby needs no less.
    /// </summary>
    public ImmutableSortedDictionary<string, int> StandbyMinimums { get; init; } =
        ImmutableSortedDictionary<string, int>.Empty;

    /// <summary>The other members: whom it may follow, and who may replicate from it.</summary>
    public ImmutableArray<MemberSpec> Others { get; init; } = [];

    /// <summary>Addresses of proxies on hosts without a member, which come as any user.</summary>
    public ImmutableArray<string> Proxies { get; init; } = [];

    /// <summary>What the cluster is to its twin in another region, whose members may replicate from it.</summary>
    public Region? Region { get; init; }

    /// <summary>
    /// Absolute; holds <c>host.crt</c>, <c>host.key</c> and the authority <c>ca.crt</c> of a cluster on several hosts,
    /// whose members then replicate over TLS. Null where all members are on this machine.
    /// </summary>
    public string? CertificateDirectory { get; init; }

    /// <summary>
    /// The same towards the other region, which has an authority of its own: <c>ca.crt</c> is that one, and the others
    /// are signed by it. Null where both regions are on this machine.
    /// </summary>
    public string? TwinCertificateDirectory { get; init; }

    /// <summary>What a server is believed by: a member, or whichever server of the other region.</summary>
    public string? CertificatesTowards(MemberName server) =>
        server == Core.Cluster.Region.Upstream ? TwinCertificateDirectory : CertificateDirectory;

    /// <summary>
    /// How clients reached the server before it was adopted, and reach it still; null: it is of our own making.
    /// </summary>
    public FormerReach? FormerReach { get; init; }

    /// <summary>The longest path of a unix socket that the kernel takes, less PostgreSQL's file name in it.</summary>
    public static bool FitsSocket(string directory) => directory.Length + "/.s.PGSQL.65535".Length <= 107;
}

/// <summary>Where an adopted server listened.</summary>
/// <param name="Addresses">As <c>listen_addresses</c> had them: addresses, names, or <c>*</c>.</param>
/// <param name="SocketDirectories">Absolute, and there: a server does not start for want of one.</param>
public sealed record FormerReach(ImmutableArray<string> Addresses, ImmutableArray<string> SocketDirectories)
{
    private static readonly string[] Everywhere = ["*", "0.0.0.0", "::"];
    private const string Loopback = "127.0.0.1";

    /// <summary>What to listen on: where it did, and where the cluster expects it.</summary>
    public string Listening(string host)
    {
        if (Addresses.Any(Everywhere.Contains))
            return string.Join(',', Addresses);
        // A name for what is listed by its number would be bound twice.
        var own = Addresses.Contains("localhost") ? [host] : new[] { host, Loopback };
        return string.Join(',', Addresses.Concat(own).Distinct());
    }

    public string Sockets(string? own) =>
        string.Join(", ", (own is null ? [] : new[] { own }).Concat(SocketDirectories).Distinct());
}
