using System.Security.Cryptography;
using System.Text.Json;
using Npgsql;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Deployment;
using PgMahout.Core.Vocabulary;
using PgMahout.LiveTests.Harness;
using PgMahout.Store;
using PgMahout.Store.Records;
using Xunit;

namespace PgMahout.HostTests.Harness;

/// <summary>
/// A cluster on three hosts: on each a member, its agent under systemd, and a member of etcd. The homes are written
/// here, file by file, so that what a failing test says is about the cluster and not about its installation.
/// </summary>
internal sealed class HostCluster : IHostServers, IAsyncDisposable
{
    private const string Home = "/var/lib/pgmahout";
    private const string Program = "/opt/pgmahout/current/pgmahout";
    private const string Prefix = "/pgmahout/lab/";

    private readonly string _password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
    private readonly string _replication = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
    private readonly string _here = Directory.CreateTempSubdirectory("pgmahout-lab-").FullName;

    private HostCluster(Lab lab, Timing timing, string? shared)
    {
        Lab = lab;
        Timing = timing;
        Shared = shared;
    }

    public Lab Lab { get; }

    public Timing Timing { get; }

    /// <summary>The address that goes with the leadership, with its prefix length; null: none.</summary>
    public string? Shared { get; }

    public static async Task<HostCluster> UpAsync(TimeSpan rto, params string[] options) =>
        await UpAsync(new HostCluster(await Lab.UpWithProgramAsync(3, options), new Timing(rto), null));

    /// <param name="v6">The address is one of IPv6.</param>
    public static async Task<HostCluster> UpWithAddressAsync(TimeSpan rto, bool v6 = false)
    {
        var lab = await Lab.UpWithProgramAsync(3);
        return await UpAsync(
            new HostCluster(lab, new Timing(rto), v6 ? $"{lab.Network6}::100/64" : $"{lab.Network}.100/24"));
    }

    private static async Task<HostCluster> UpAsync(HostCluster cluster)
    {
        try
        {
            await cluster.InstallAsync();
            await cluster.HealthyAsync();
            await cluster.AdmitAsync(cluster.Lab.Hosts);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>As it is seen from one host, which must answer.</summary>
    public async Task<Status?> StatusAsync(string host)
    {
        var ran = await Lab.ExecAsync(
            host, "timeout", "20", "runuser", "-u", "postgres", "--", Program, "status", "-o", "json", "--home", Home);
        try
        {
            return ran.Out.Length > 0 ? Status.Parse(ran.Out) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public async Task<Status> StatusAsync(string condition, string from, Func<Status, bool> wanted)
    {
        Status? status = null;
        try
        {
            await Eventually.HoldsAsync(condition, Lab.Limit,
                async () => (status = await StatusAsync(from)) is not null && wanted(status));
            return status!;
        }
        catch (Xunit.Sdk.FailException late)
        {
            var said = await ReadStatusAsync(from);
            var journal = await Lab.ExecAsync(from, "journalctl", "--no-pager", "-n", "30", "-u", "pgmahout-*");
            Assert.Fail($"{late.Message}\n{said}\n{journal.Out}");
            throw;
        }
    }

    /// <summary>As people read it.</summary>
    public Task<Ran> ReadStatusAsync(string host) =>
        Lab.ExecAsync(host, "runuser", "-u", "postgres", "--", Program, "status", "--home", Home);

    public Task<Status> HealthyAsync(string from = "db1") =>
        StatusAsync("the cluster is healthy", from, status => status.IsHealthy && status.Members.Length == 3);

    /// <summary>The member of etcd that leads it, by the host's name.</summary>
    public async Task<string> EtcdLeaderAsync(string from)
    {
        var endpoints = string.Join(',', Lab.Hosts.Select(EtcdOf));
        var text = await Lab.ShellAsync(from, "ETCDCTL_API=3 etcdctl endpoint status -w json --command-timeout=5s "
            + $"--cacert {Home}/certs/ca.crt --cert {Home}/certs/host.crt --key {Home}/certs/host.key "
            + $"--endpoints {endpoints}");
        using var document = JsonDocument.Parse(text);
        foreach (var one in document.RootElement.EnumerateArray())
        {
            var status = one.GetProperty("Status");
            if (status.GetProperty("leader").GetUInt64()
                == status.GetProperty("header").GetProperty("member_id").GetUInt64())
                return Lab.Hosts.Single(host => EtcdOf(host) == one.GetProperty("Endpoint").GetString());
        }
        throw new InvalidOperationException($"etcd has no leader: {text}");
    }

    /// <summary>A connection that nothing is pooled or retried behind.</summary>
    public string ConnectionText(string host) => ConnectionTextTo(Lab.Address(host));

    /// <summary>To whoever has the shared address.</summary>
    public string ConnectionTextToShared => ConnectionTextTo(Shared!.Split('/')[0]);

    private string ConnectionTextTo(string address) => new NpgsqlConnectionStringBuilder
    {
        Host = address,
        Port = 5432,
        Username = "postgres",
        Password = _password,
        Database = "postgres",
        SslMode = SslMode.Require,
        Pooling = false,
        Timeout = 2,
        CommandTimeout = 10,
        CancellationTimeout = 500,
    }.ConnectionString;

    public async ValueTask DisposeAsync()
    {
        await Lab.DisposeAsync();
        Directory.Delete(_here, recursive: true);
    }

    private string EtcdOf(string host) => $"https://{Lab.Address(host)}:2379";

    private async Task InstallAsync()
    {
        using var authority = new HostAuthority();
        foreach (var host in Lab.Hosts)
            await WriteHomeAsync(host, authority);
        await Task.WhenAll(Lab.Hosts.Select(host => Lab.ShellAsync(
            host, $"systemctl enable --now {SystemdUnits.Etcd}")));
        await WriteSpecAsync(authority);
        await Task.WhenAll(Lab.Hosts.Select(host => Lab.ShellAsync(
            host, $"systemctl enable --now {SystemdUnits.Agent} {SystemdUnits.Member} "
                + (Shared is null ? "" : SystemdUnits.Address))));
    }

    private async Task WriteHomeAsync(string host, HostAuthority authority)
    {
        var address = Lab.Address(host);
        var (certificate, key) = authority.Sign(host, address);
        await Lab.ShellAsync(host, $"mkdir -p /etc/pgmahout {Home}/log {Home}/members/{host} {Home}/run "
            + $"{Home}/certs {Home}/secrets {Home}/etcd");
        var others = Lab.Hosts.Where(other => other != host).Prepend(host);
        var endpoints = string.Join(", ", others.Select(other => $"\"{EtcdOf(other)}\""));
        var files = new Dictionary<string, string>
        {
            [$"{Home}/certs/ca.crt"] = authority.Certificate,
            [$"{Home}/certs/host.crt"] = certificate,
            [$"{Home}/certs/host.key"] = key,
            [$"{Home}/secrets/superuser.password"] = _password + "\n",
            [$"{Home}/secrets/replication.password"] = _replication + "\n",
            [$"{Home}/host.json"] = $$"""
                { "host": "{{host}}", "members": ["{{host}}"],
                  {{(Shared is null ? "" : $$"""
                  "virtualIp": { "address": "{{Shared}}", "interface": "host0" },
                  """)}}
                  "store": { "etcd": [{{endpoints}}], "prefix": "{{Prefix}}" } }
                """,
            ["/etc/pgmahout/etcd.env"] = EtcdEnvironment(host),
        };
        var units = new UnitSettings(new MemberName(host), Timing)
        {
            HasEtcd = true, HasVirtualIp = Shared is not null,
        };
        foreach (var unit in SystemdUnits.For(units))
            files[unit.Path] = unit.Text;
        foreach (var (path, text) in files)
            await Lab.WriteAsync(host, path, text);
        await Lab.ShellAsync(host, $"chown -R postgres: {Home} && "
            + $"chmod 755 {Home} {Home}/run {Home}/log {Home}/members && "
            + $"chmod 700 {Home}/members/{host} {Home}/secrets {Home}/certs {Home}/etcd && "
            + $"chmod 600 {Home}/secrets/* {Home}/certs/host.key && systemctl daemon-reload");
    }

    private string EtcdEnvironment(string host)
    {
        var (address, certs) = (Lab.Address(host), $"{Home}/certs");
        var initial = string.Join(',', Lab.Hosts.Select(other => $"{other}=https://{Lab.Address(other)}:2380"));
        return $"""
            ETCD_NAME={host}
            ETCD_DATA_DIR={Home}/etcd
            ETCD_LISTEN_CLIENT_URLS=https://{address}:2379,https://127.0.0.1:2379
            ETCD_ADVERTISE_CLIENT_URLS=https://{address}:2379
            ETCD_LISTEN_PEER_URLS=https://{address}:2380
            ETCD_INITIAL_ADVERTISE_PEER_URLS=https://{address}:2380
            ETCD_INITIAL_CLUSTER={initial}
            ETCD_INITIAL_CLUSTER_STATE=new
            ETCD_HEARTBEAT_INTERVAL=100
            ETCD_ELECTION_TIMEOUT=1000
            ETCD_AUTO_COMPACTION_RETENTION=1
            ETCD_CERT_FILE={certs}/host.crt
            ETCD_KEY_FILE={certs}/host.key
            ETCD_TRUSTED_CA_FILE={certs}/ca.crt
            ETCD_CLIENT_CERT_AUTH=true
            ETCD_PEER_CERT_FILE={certs}/host.crt
            ETCD_PEER_KEY_FILE={certs}/host.key
            ETCD_PEER_TRUSTED_CA_FILE={certs}/ca.crt
            ETCD_PEER_CLIENT_CERT_AUTH=true

            """;
    }

    /// <summary>What the cluster is to be; from then on its agents make it so.</summary>
    private async Task WriteSpecAsync(HostAuthority authority)
    {
        var (certificate, key) = authority.Sign("operator", "127.0.0.1");
        foreach (var (name, text) in new[] { ("ca", authority.Certificate), ("crt", certificate), ("key", key) })
            await File.WriteAllTextAsync(Path.Combine(_here, name), text);
        var settings = new EtcdSettings([.. Lab.Hosts.Select(host => new Uri(EtcdOf(host)))], Prefix)
        {
            CaFile = Path.Combine(_here, "ca"),
            CertificateFile = Path.Combine(_here, "crt"),
            KeyFile = Path.Combine(_here, "key"),
        };
        var opened = Assert.IsType<StoreOpening.Ready>(Stores.Open(new StoreAddress.Etcd(settings)));
        await using var store = opened.Store;
        var members = Lab.Hosts.Select(host => new MemberSpec(
            new MemberName(host), Lab.Address(host), 5432, $"https://{Lab.Address(host)}:7432"));
        var spec = new ClusterSpec("lab", [.. members], Durability.Quorum, Timing, ClusterSpec.DefaultMaximumLag);
        var written = await store.WriteAsync(
            ClusterRecords.Create(spec, BackupSettings.None), TimeSpan.FromSeconds(10), CancellationToken.None);
        Assert.True(written is WriteOutcome.Done, $"the cluster was not written: {written}");
    }
}
