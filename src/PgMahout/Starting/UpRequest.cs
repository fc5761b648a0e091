using System.Collections.Immutable;
using PgMahout.Agent.Home;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Proxy;
using PgMahout.Core.Vocabulary;
using PgMahout.Status;

namespace PgMahout.Starting;

/// <summary>What the user asked of <c>up</c>; null: nothing was said about it.</summary>
public sealed record UpRequest(int? Members, int? Port, Durability? Durability, TimeSpan? Rto, string? Name)
{
    public const int DefaultMembers = 3;
    public const int MostMembers = 7;
    public const int DefaultPort = 5432;
    public const string DefaultName = "pgmahout";
    private const string Loopback = "127.0.0.1";
    private static readonly TimeSpan DefaultRto = TimeSpan.FromSeconds(3);

    /// <summary>Where WAL and backups go: a place, or <see cref="NewRepository.Nowhere"/>.</summary>
    public string? Repository { get; init; }

    /// <summary>Of <see cref="Repository"/>, when it is a bucket.</summary>
    public ImmutableSortedDictionary<string, string> RepositoryOptions { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>
    /// Where each member stands, in the order of their names: standbys of one site stream from one of them. Default:
    /// nothing was said.
    /// </summary>
    public ImmutableArray<string> Sites { get; init; }

    /// <summary>Where clients connect; 0: no proxy.</summary>
    public int? ProxyPort { get; init; }

    /// <summary>
    /// The cluster that a fresh home gets: members m1 to mN on this machine, on ports one after the other.
    /// </summary>
    public ClusterSpec SpecFor(HomeLayout home)
    {
        var names = Enumerable.Range(1, Members ?? DefaultMembers).Select(number => new MemberName($"m{number}"));
        var first = Port ?? DefaultPort;
        return new ClusterSpec(
            Name ?? DefaultName,
            [.. names.Select((name, index) => MemberFor(home, name, first + index) with { Site = SiteOf(index) })],
            Durability ?? Core.Cluster.Durability.Quorum,
            new Timing(Rto ?? DefaultRto),
            ClusterSpec.DefaultMaximumLag)
        {
            Cascade = Sites.IsDefault ? Cascade.Off : Cascade.BySite,
        };
    }

    private string? SiteOf(int index) => Sites.IsDefault ? null : Sites.ElementAtOrDefault(index);

    /// <summary>What a fresh home does about backups: they begin with it, unless that was refused.</summary>
    public BackupSettings BackupFor(HomeLayout home) =>
        NewRepository.At(Repository ?? home.DefaultRepository, RepositoryOptions);

    /// <summary>
    /// One address for clients, unless that was refused: on the port after those that members may have one day, and
    /// for reads on the next.
    /// </summary>
    public ProxySettings? ProxyFor(HomeLayout home)
    {
        if (ProxyPort == 0)
            return null;
        var write = ProxyPort ?? (Port ?? DefaultPort) + MostMembers + 1;
        return new ProxySettings
        {
            ListenHost = Loopback,
            WritePort = write,
            ReadPort = write + 1,
            SocketDirectory = home.RunDirectory,
        };
    }

    private static string SitesOf(ClusterSpec spec) => spec.Members.All(member => member.Site is null)
        ? "none"
        : string.Join(',', spec.Members.Select(member => member.Site ?? ""));

    public static MemberSpec MemberFor(HomeLayout home, MemberName name, int port) =>
        new(name, Loopback, port, home.ApiAddress(name));

    /// <summary>Each wish that the existing cluster does not fulfil, as a clause for people.</summary>
    public ImmutableArray<string> ContradictionsWith(ClusterSpec spec, BackupSettings backup, ProxySettings? proxy)
    {
        var found = ImmutableArray.CreateBuilder<string>();
        if (Members is { } members && members != spec.Members.Length)
            found.Add($"--members {members}, and it has {spec.Members.Length}");
        if (Port is { } port && port != spec.Members[0].Port)
            found.Add($"--port {port}, and its first member is on {spec.Members[0].Port}");
        if (Durability is { } durability && durability != spec.Durability)
            found.Add($"--durability {Words.Of(durability)}, and it has {Words.Of(spec.Durability)}");
        if (Rto is { } rto && rto != spec.Timing.Ttl)
            found.Add($"--rto {rto.TotalSeconds}s, and it has {spec.Timing.Ttl.TotalSeconds}s");
        if (Name is { } name && name != spec.Name)
            found.Add($"--name {name}, and it is called {spec.Name}");
        if (!Sites.IsDefault && !Sites.SequenceEqual(spec.Members.Select(member => member.Site ?? "")))
            found.Add($"--sites {string.Join(',', Sites)}, and it has {SitesOf(spec)}");
        if (Repository is { } place && !NewRepository.Fits(place, backup))
            found.Add($"--repository {place}, and it archives into {NewRepository.Text(backup)}");
        if (ProxyPort is { } wanted && wanted != (proxy?.WritePort ?? 0))
            found.Add((wanted, proxy) switch
            {
                (0, { WritePort: var taken }) => $"--no-proxy, and it has one on port {taken}",
                (_, { WritePort: var other }) => $"--proxy-port {wanted}, and its proxy is on port {other}",
                (_, null) => $"--proxy-port {wanted}, and it has no proxy (pgmahout proxy settings --port {wanted})",
            });
        return found.ToImmutable();
    }
}
