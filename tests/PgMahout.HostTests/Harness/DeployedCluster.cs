using System.Globalization;
using System.Net.Sockets;
using Npgsql;
using PgMahout.LiveTests.Harness;

namespace PgMahout.HostTests.Harness;

/// <summary>
/// Three hosts as <c>pgmahout deploy</c> makes them, with a proxy on each; the last one a witness if wanted. Clients
/// know the proxies only.
/// </summary>
internal sealed class DeployedCluster : IAsyncDisposable
{
    public const string Program = "/opt/pgmahout/current/pgmahout";
    public const string Home = "/var/lib/pgmahout";
    private const string Certificates = $"{Home}/certs";

    public const int WritePort = 6432;
    public const int ReadPort = 6433;

    private const string WhichMember = "select substring(current_setting('data_directory') from 'members/([^/]+)')";

    private const string Whole = "select count(*) from pg_stat_replication "
        + "where state = 'streaming' and sync_state in ('quorum', 'sync')";

    private static readonly TimeSpan Making = TimeSpan.FromMinutes(5);

    private readonly string _directory = Directory.CreateTempSubdirectory("pgmahout-deployed-").FullName;
    private string _password = "";

    private DeployedCluster(Lab lab, TimeSpan rto, bool hasWitness)
    {
        ClusterFile = Path.Combine(_directory, "cluster.yml");
        Lab = lab;
        Rto = rto;
        Data = [.. lab.Hosts.Take(hasWitness ? 2 : 3)];
    }

    public Lab Lab { get; }

    public TimeSpan Rto { get; }

    /// <summary>Hosts with a member.</summary>
    public IReadOnlyList<string> Data { get; }

    public string ClusterFile { get; }

    /// <param name="more">Lines at the end of cluster.yml, once the hosts' network is known.</param>
    public static async Task<DeployedCluster> UpAsync(
        TimeSpan rto, bool hasWitness = false, Func<Lab, Task<string>>? more = null)
    {
        var cluster = new DeployedCluster(await Lab.UpAsync(3, "--dotnet"), rto, hasWitness);
        try
        {
            await cluster.DeployAsync(more is null ? "" : await more(cluster.Lab));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Of one proxy. Nothing is pooled or retried behind it.</summary>
    public string ConnectionText(string host, int port = WritePort) => new NpgsqlConnectionStringBuilder
    {
        Host = Lab.Address(host),
        Port = port,
        Username = "postgres",
        Password = _password,
        Database = "postgres",
        SslMode = SslMode.Prefer,
        Pooling = false,
        NoResetOnClose = true,
        Timeout = 2,
        CommandTimeout = 6,
        CancellationTimeout = 500,
    }.ConnectionString;

    /// <summary>Through any proxy, again until it works: only what may be done twice.</summary>
    public async Task DoAsync(string sql) =>
        await Eventually.HoldsAsync(sql, Lab.Limit, async () =>
            await AskAsync<string>($"{sql}; select 'done'") == "done");

    /// <summary>A number for each row, through any proxy.</summary>
    public async Task<IReadOnlySet<long>> NumbersAsync(string sql)
    {
        long[]? found = null;
        await Eventually.HoldsAsync(sql, Lab.Limit, async () =>
            (found = await AskAsync<long[]>($"select coalesce(array_agg(n), '{{}}') from ({sql}) as all_of(n)"))
                is not null);
        return found!.ToHashSet();
    }

    /// <summary>A command of an operator on a host; root's home is no place of the cluster's.</summary>
    /// <remarks>Again where etcd did not answer in time: the machine may be building something.</remarks>
    public Task<Ran> OnAsync(string host, params string[] command) => OnWithinAsync(Lab.Limit, host, command);

    /// <param name="limit">Of one attempt.</param>
    public async Task<Ran> OnWithinAsync(TimeSpan limit, string host, params string[] command)
    {
        Ran? ran = null;
        await Eventually.HoldsAsync($"the store answers {host}", Lab.Limit, async () =>
        {
            ran = await Lab.ExecWithinAsync(limit, host, ["pgmahout", .. command]);
            return !ran.Error.Contains("UP-008", StringComparison.Ordinal);
        });
        return ran!;
    }

    /// <summary>A server on a restored copy, for one question: its lines.</summary>
    public async Task<string[]> AskCopyAsync(string host, string copy, string sql)
    {
        var text = await Lab.ShellAsync(host, $"""
            set -eu
            export PGPASSWORD=$(cat {Home}/secrets/superuser.password)
            run() (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$@")
            run /usr/lib/postgresql/15/bin/pg_ctl -D {copy} -w -t 60 -l {copy}/restored.log \
                -o '-p 5999 -k /tmp -c listen_addresses=' start > /dev/null
            run psql -h /tmp -p 5999 -U postgres -XAtc "{sql}" postgres
            run /usr/lib/postgresql/15/bin/pg_ctl -D {copy} -m immediate stop > /dev/null
            """);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>The first answer that any proxy has; null when none has one.</summary>
    public async Task<T?> AskAsync<T>(string sql)
        where T : class
    {
        var asked = Lab.Hosts.Select(host => AskAsync<T>(host, sql)).ToList();
        while (asked.Count > 0)
        {
            var one = await Task.WhenAny(asked);
            asked.Remove(one);
            if (await one is { } answer)
                return answer;
        }
        return null;
    }

    /// <summary>The host whose member answers at the port for writes; null when nobody does.</summary>
    public Task<string?> PrimaryAsync() => AskAsync<string>(WhichMember);

    /// <summary>Every standby streams and counts.</summary>
    public async Task<bool> IsWholeAsync() =>
        await AskAsync<string>(Whole.Replace("count(*)", "count(*)::text", StringComparison.Ordinal))
            == (Data.Count - 1).ToString(CultureInfo.InvariantCulture);

    /// <summary>The host whose member of etcd leads it; null while none does.</summary>
    public async Task<string?> EtcdLeaderAsync()
    {
        foreach (var host in Lab.Hosts)
        {
            var ran = await Lab.TryAsync("exec", host, "bash", "-c", "ETCDCTL_API=3 etcdctl endpoint status "
                + $"--command-timeout=1s --cacert {Certificates}/ca.crt --cert {Certificates}/host.crt "
                + $"--key {Certificates}/host.key --endpoints https://{Lab.Address(host)}:2379");
            // ENDPOINT, ID, VERSION, SIZE, IS LEADER, ...
            if (ran.Code == 0 && ran.Out.Split(',') is { Length: > 4 } fields && fields[4].Trim() == "true")
                return host;
        }
        return null;
    }

    public Task WholeAsync(TimeSpan limit) =>
        Eventually.HoldsAsync("every standby streams and counts", limit, IsWholeAsync);

    public async ValueTask DisposeAsync()
    {
        if (Environment.GetEnvironmentVariable("PGMAHOUT_KEEP_HOSTS") is not { Length: > 0 })
            await Lab.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<T?> AskAsync<T>(string host, string sql)
        where T : class
    {
        try
        {
            await using var connection = new NpgsqlConnection(ConnectionText(host));
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 2 };
            return await command.ExecuteScalarAsync() as T;
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            return null;
        }
    }

    /// <summary>What a client sees of a failure that is not its own.</summary>
    public static bool IsExpected(Exception failure) =>
        failure is NpgsqlException or SocketException or IOException or TimeoutException or OperationCanceledException
            or InvalidOperationException or ObjectDisposedException;

    /// <summary>As an operator does it again.</summary>
    public Task<Ran> DeployAgainAsync(params string[] arguments) => LiveTests.Harness.Program.RunAsync(
        LiveTests.Harness.Program.Path, ["deploy", ClusterFile, "--known-hosts", Lab.KnownHosts, .. arguments], Making);

    /// <summary>A verb of deploy, with the words that name the cluster.</summary>
    public string[] Verb(params string[] words) =>
        ["deploy", .. words, "--file", ClusterFile, "--known-hosts", Lab.KnownHosts];

    private async Task DeployAsync(string more)
    {
        var hosts = Lab.Hosts.Select(host => $"  - {{ name: {host}, address: {Lab.Address(host)}"
            + $"{(Data.Contains(host) ? "" : ", role: witness")} }}");
        await File.WriteAllTextAsync(ClusterFile, string.Create(CultureInfo.InvariantCulture, $$"""
            cluster: orders
            rto: {{Rto.TotalSeconds}}s
            ssh: { user: root, identity: {{Lab.Identity}} }
            etcd: [{{string.Join(", ", Lab.Hosts)}}]
            proxy: { port: {{WritePort}}, read_port: {{ReadPort}}, hosts: [{{string.Join(", ", Lab.Hosts)}}] }
            hosts:
            {{string.Join('\n', hosts)}}
            {{more}}

            """));
        (await DeployAgainAsync()).Exits(0);
        _password = (await File.ReadAllTextAsync(
            Path.Combine(_directory, "orders.secrets", "superuser.password"))).Trim();
        await WholeAsync(Lab.Limit);
        await Task.WhenAll(Lab.Hosts.Select(host => Lab.ShellAsync(host, "sync")));
    }
}
