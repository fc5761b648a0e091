using System.Collections.Immutable;
using System.Security.Cryptography;
using PgMahout.Core.Deployment;
using PgMahout.Errors;
using PgMahout.Postgres.Files;

namespace PgMahout.Deploying;

/// <summary>
/// What an operator keeps beside cluster.yml, in CLUSTER.secrets (0700): the key of the cluster's authority, the
/// certificates of the hosts, and the passwords of the two roles that every host has. Whoever has it, has the cluster.
/// What is missing is made in memory, and kept only when it is used.
/// </summary>
internal sealed class OperatorSecrets
{
    private const UnixFileMode OwnerDirectory =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly Dictionary<string, KeyPair> _made = [];
    private readonly List<string> _news = [];

    private OperatorSecrets(string directory) => Path = directory;

    public string Path { get; }

    /// <summary>Who signs for this cluster at present, and who is believed besides.</summary>
    public (KeyPair Pair, string AlsoTrusted) Signer { get; private set; } = (new KeyPair("", ""), "");

    /// <summary>Whom hosts believe: PEM, of two while one authority takes the place of the other.</summary>
    public string AuthorityCertificate { get; private set; } = "";

    /// <summary>By the host's name.</summary>
    public ImmutableSortedDictionary<string, KeyPair> Hosts { get; private set; } =
        ImmutableSortedDictionary<string, KeyPair>.Empty;

    /// <summary>For somebody else's etcd: what a host calls them, and what is in them.</summary>
    public ImmutableArray<(string Name, string Content)> ForEtcd { get; private set; } = [];

    /// <summary>What was made anew, as clauses for people.</summary>
    public IReadOnlyList<string> News => _news;

    public static string DirectoryOf(string file, Blueprint blueprint) => System.IO.Path.Combine(
        System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(file))!, blueprint.Cluster + ".secrets");

    /// <summary>Reads them; makes what is missing, too old, or of another address. Nothing is written.</summary>
    /// <param name="isAsked">Of a host's name: its certificate is made anew in any case.</param>
    public static Attempt<OperatorSecrets> Look(
        string directory, Blueprint blueprint, Func<string, bool> isAsked, DateTimeOffset now)
    {
        var secrets = new OperatorSecrets(directory);
        try
        {
            secrets.Look(blueprint, isAsked, now);
            return secrets.ReadForEtcd(blueprint) is { } unreadable ? unreadable : secrets;
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException or CryptographicException
            or InvalidDataException)
        {
            return secrets.Failed(broken.Message);
        }
    }

    /// <summary>
    /// Keeps what was made, and makes the passwords if there are none; a password file for the operator's own clients
    /// is beside them.
    /// </summary>
    /// <param name="followed">Of the cluster that this one is a copy of; null: it has passwords of its own.</param>
    public Attempt<ClusterSecrets> Keep(
        IEnumerable<string> addresses, ClusterSecrets? followed = null)
    {
        try
        {
            Directory.CreateDirectory(Path, OwnerDirectory);
            // It may have been copied here, by somebody whose umask is another.
            File.SetUnixFileMode(Path, OwnerDirectory);
            foreach (var (name, pair) in _made)
                SecretPairs.Write(Path, name, pair);
            if (followed is not null)
                SecretFiles.Adopt(Path, followed);
            var passwords = SecretFiles.LoadOrCreate(Path);
            if (!passwords.TryGet(out var kept))
                return Failed(passwords.Failure!.Why);
            SecretFiles.WritePassFile(Path, kept, addresses);
            return kept;
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            return Failed(broken.Message);
        }
    }

    public override string ToString() => Path;

    private void Look(Blueprint blueprint, Func<string, bool> isAsked, DateTimeOffset now)
    {
        var change = AuthorityChange.Read(Path);
        if (change.Signer is not { } pair)
        {
            pair = CertificateAuthority.Create(blueprint.Cluster, now);
            _made[AuthorityChange.PresentName] = pair;
            _news.Add("an authority of the cluster's own");
        }
        Signer = (pair, change.AlsoTrusted);
        using var authority = CertificateAuthority.Load(pair);
        AuthorityCertificate = authority.Certificate + change.AlsoTrusted;
        Hosts = blueprint.Hosts.ToImmutableSortedDictionary(
            host => host.Name,
            host => Of(authority, (host.Name, AddressesOf(blueprint, host)), isAsked(host.Name), now),
            StringComparer.Ordinal);
    }

    private Failure? ReadForEtcd(Blueprint blueprint)
    {
        var files = blueprint.Etcd is EtcdBlueprint.External { Access: var access } ? access.Files : [];
        foreach (var (name, file) in files)
        {
            // The secrets themselves are a directory beside cluster.yml.
            var path = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, file);
            try
            {
                ForEtcd = ForEtcd.Add((name, File.ReadAllText(path)));
            }
            catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
            {
                return new Failure(
                        ErrorCatalogue.SecretsUnusable, $"{path}, which cluster.yml names for etcd, cannot be read")
                    .Because(broken.Message)
                    .Leaving("no host was changed")
                    .Try($"ls -l {path}");
            }
        }
        return null;
    }

    /// <summary>All that clients may find it at.</summary>
    private static ImmutableArray<string> AddressesOf(Blueprint blueprint, HostBlueprint host) =>
        blueprint.KeepsAddress(host)
            ? [host.Address, blueprint.VirtualAddress!.Address.ToString()]
            : [host.Address];

    private KeyPair Of(
        CertificateAuthority authority, (string Name, ImmutableArray<string> Addresses) host, bool isAsked,
        DateTimeOffset now)
    {
        var present = SecretPairs.Read(Path, host.Name);
        var why = present switch
        {
            null => "",
            _ when isAsked => " (as asked)",
            _ => authority.WhyRenew(present, host.Addresses, now) is { } reason ? $" ({reason})" : null,
        };
        if (why is null)
            return present!;
        _news.Add($"a certificate for {host.Name}{why}");
        return _made[host.Name] = authority.Issue(host.Name, "host", host.Addresses, now);
    }

    private Failure Failed(string why) =>
        new Failure(ErrorCatalogue.SecretsUnusable, $"the cluster's secrets in {Path} cannot be read or made")
            .Because(why)
            .Leaving("no host was changed")
            .Try($"ls -l {Path}");
}
