using System.Collections.Immutable;
using System.Diagnostics;
using System.Security.Cryptography;
using PgMahout.Store;

namespace PgMahout.Tests.Store;

/// <summary>Real etcd on loopback addresses of its own, in memory; it goes with this object.</summary>
internal sealed class EtcdCluster : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly string _directory;

    private EtcdCluster(int members, Func<string[], EtcdCertificates>? issue, string? directory)
    {
        // Each cluster has addresses of its own in 127/8, so that no port of another test can be in the way.
        var net = $"127.{RandomNumberGenerator.GetInt32(64, 192)}.{RandomNumberGenerator.GetInt32(256)}";
        var parent = directory ?? (Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath());
        _directory = Path.Combine(parent, $"pgm-etcd-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5))}");
        Directory.CreateDirectory(_directory);
        string[] hosts = [.. Enumerable.Range(1, members).Select(i => $"{net}.{i}")];
        var certificates = issue?.Invoke(hosts);
        Members =
        [
            .. hosts.Select((host, i) => new EtcdMember($"e{i}", host, _directory)
            {
                Certificates = certificates,
                All = string.Join(',', hosts.Select((other, j) => $"e{j}=http://{other}:2380")),
            }),
        ];
    }

    /// <summary>Why there is no etcd here; null when there is.</summary>
    public static string? Missing =>
        EtcdMember.Program is null ? "there is no etcd here: scripts/fetch-etcd says why not" : null;

    public ImmutableArray<EtcdMember> Members { get; private set; }

    /// <summary>One more, which the others know of already.</summary>
    /// <param name="peer">Of <see cref="NextPeer"/>.</param>
    /// <param name="known">name=peer address, of those that are there.</param>
    public async Task<EtcdMember> JoinAsync(string peer, IEnumerable<(string Name, string Peer)> known)
    {
        var name = $"e{Members.Length}";
        var member = new EtcdMember(name, new Uri(peer).Host, _directory)
        {
            All = string.Join(',', known.Append((Name: name, Peer: peer)).Select(one => $"{one.Name}={one.Peer}")),
            Joins = true,
        };
        Members = Members.Add(member);
        await member.StartAsync();
        return member;
    }

    /// <summary>An address of its own for one more.</summary>
    public string NextPeer
    {
        get
        {
            var last = Members[^1].Address.Host;
            return $"http://{last[..last.LastIndexOf('.')]}.{Members.Length + 1}:2380";
        }
    }

    /// <param name="issue">
    /// Makes certificates for the addresses of the members: each shows one, and clients must show one; null: HTTP.
    /// </param>
    /// <param name="directory">What etcd flushes goes there; null: to memory.</param>
    public static async Task<EtcdCluster> StartAsync(
        int members, Func<string[], EtcdCertificates>? issue = null, string? directory = null)
    {
        var cluster = new EtcdCluster(members, issue, directory);
        foreach (var member in cluster.Members)
            await member.StartAsync();
        foreach (var member in cluster.Members)
            await member.IsHealthyAsync();
        return cluster;
    }

    /// <summary>The endpoints in the order of the members, first the one with the index.</summary>
    public EtcdSettings Settings(string prefix = "/pgmahout/test/", int first = 0) => new(
        [.. Enumerable.Range(0, Members.Length).Select(i => Members[(first + i) % Members.Length].Address)], prefix);

    public async Task<EtcdMember> LeaderAsync()
    {
        var waited = Stopwatch.StartNew();
        while (waited.Elapsed < Limit)
        {
            foreach (var member in Members)
                if (await member.LeadsAsync())
                    return member;
            await Task.Delay(20);
        }
        throw new TimeoutException("etcd has no leader");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in Members)
            await member.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
