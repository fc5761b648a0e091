using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Npgsql;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests.Harness;

/// <summary>
/// Two clusters as <c>pgmahout deploy</c> makes them, of two hosts each and each with an etcd of its own; the one of
/// the later file follows the other one.
/// </summary>
internal sealed class RegionHosts : IHostServers, IAsyncDisposable
{
    public static readonly string[] Near = ["db1", "db2"];
    public static readonly string[] Far = ["db3", "db4"];

    private static readonly TimeSpan Making = TimeSpan.FromMinutes(8);

    private readonly string _directory = Directory.CreateTempSubdirectory("pgmahout-regions-").FullName;
    private string _password = "";

    private RegionHosts(Lab lab) => Lab = lab;

    public Lab Lab { get; }

    public string NearFile => Path.Combine(_directory, "near.yml");

    public string FarFile => Path.Combine(_directory, "far.yml");

    /// <param name="rules">Of nftables, on every host; null: everything comes in.</param>
    public static async Task<RegionHosts> UpAsync(string? rules = null)
    {
        var hosts = new RegionHosts(await Lab.UpAsync(4, "--dotnet"));
        try
        {
            foreach (var host in hosts.Lab.Hosts.Where(_ => rules is not null))
                await hosts.Lab.ShellAsync(host, $"nft -f - << 'END'\n{rules}\nEND");
            await hosts.DeployAsync();
            return hosts;
        }
        catch
        {
            await hosts.DisposeAsync();
            throw;
        }
    }

    public string ConnectionText(string host) => ConnectionText(host, 5432);

    public string ConnectionText(string host, int port) => new NpgsqlConnectionStringBuilder
    {
        Host = Lab.Address(host),
        Port = port,
        Username = "postgres",
        Password = _password,
        Database = "postgres",
        SslMode = SslMode.Require,
        Pooling = false,
        // The machine may be building something else on both of its cores.
        Timeout = 6,
        CommandTimeout = 10,
        CancellationTimeout = 500,
    }.ConnectionString;

    /// <summary>A verb of <c>deploy</c> is given the file by an option.</summary>
    public async Task<Ran> DeployAsync(string file, params string[] arguments)
    {
        var begun = Stopwatch.GetTimestamp();
        var ran = await Program.RunAsync(
            Program.Path,
            arguments.FirstOrDefault() is { } verb && !verb.StartsWith('-')
                ? ["deploy", .. arguments, "--file", file, "--known-hosts", Lab.KnownHosts]
                : ["deploy", file, .. arguments, "--known-hosts", Lab.KnownHosts],
            Making);
        var took = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        TestContext.Current.TestOutputHelper?.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"== {took:F1} s: {ran}"));
        return ran;
    }

    /// <summary>As an operator gives it who is on that host.</summary>
    public Task<Ran> RegionAsync(string host, params string[] arguments) =>
        Lab.ExecAsync(host, ["timeout", "80", "pgmahout", "region", .. arguments]);

    /// <summary>Of the cluster of that host and of the other one: role and term.</summary>
    public async Task<string[]> RolesAsync(string host) =>
        Roles((await RegionAsync(host, "status", "-o", "json")).Exits(0));

    /// <summary>The same, until it is so.</summary>
    public Task BecomeAsync(string host, params string[] roles) =>
        Eventually.HoldsAsync($"{string.Join(", ", roles)}, seen from {host}", Lab.Limit, async () =>
            await RegionAsync(host, "status", "-o", "json") is { Code: 0 } shown && Roles(shown).SequenceEqual(roles));

    private static string[] Roles(Ran shown)
    {
        using var document = JsonDocument.Parse(shown.Out);
        return [.. document.RootElement.GetProperty("regions").EnumerateArray().Select(region =>
            region.GetProperty("role").GetString() is { } role
                ? $"{region.GetProperty("name").GetString()} {role} {region.GetProperty("term").GetInt64()}"
                : "not seen")];
    }

    public async Task<Status> HealthyAsync(string host)
    {
        Status? status = null;
        await Eventually.HoldsAsync($"healthy, seen from {host}", Lab.Limit, async () =>
        {
            var ran = await Lab.ExecAsync(host, "timeout", "20", "pgmahout", "status", "-o", "json");
            return ran.Out.Length > 0 && (status = Status.Parse(ran.Out)).IsHealthy;
        });
        return status!;
    }

    public async Task<T?> AskAsync<T>(string host, string sql, int port = 5432)
    {
        await using var connection = new NpgsqlConnection(ConnectionText(host, port));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    public Task ArrivesAsync(string host, long id, int port = 5432) =>
        Eventually.HoldsAsync($"row {id} arrives at {host}, port {port}", Lab.Limit, async () =>
        {
            try
            {
                return await AskAsync<bool>(host, $"select exists (select from live where id = {id})", port);
            }
            catch (Exception failure) when (DeployedCluster.IsExpected(failure))
            {
                return false;
            }
        });

    public async ValueTask DisposeAsync()
    {
        if (Environment.GetEnvironmentVariable("PGMAHOUT_KEEP_HOSTS") is not { Length: > 0 })
            await Lab.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task DeployAsync()
    {
        await WriteAsync(NearFile, "orders", Near, "");
        await WriteAsync(FarFile, "far", Far, "follows: near.yml");
        (await DeployAsync(FarFile, "--dry-run")).Fails(3, "DEP-013");
        (await DeployAsync(NearFile, "--open-firewall")).Exits(0);
        _password = (await File.ReadAllTextAsync(
            Path.Combine(_directory, "orders.secrets", "superuser.password"))).Trim();
        await this.AdmitAsync(Near);
        var planned = (await DeployAsync(FarFile, "--dry-run", "--open-firewall")).Exits(0);
        Assert.Contains("say where far is", planned.Out, StringComparison.Ordinal);
        Assert.Contains("say where orders is", planned.Out, StringComparison.Ordinal);
        (await DeployAsync(FarFile, "--open-firewall")).Exits(0);
        await this.AdmitAsync(Far);
        await Task.WhenAll(Lab.Hosts.Select(host => Lab.ShellAsync(host, "sync")));
    }

    private Task WriteAsync(string file, string cluster, string[] hosts, string more) =>
        File.WriteAllTextAsync(file, $$"""
            cluster: {{cluster}}
            rto: 3s
            ssh: { user: root, identity: {{Lab.Identity}} }
            etcd: [{{hosts[0]}}]
            hosts:
            {{string.Join('\n', hosts.Select(host => $"  - {{ name: {host}, address: {Lab.Address(host)} }}"))}}
            {{more}}

            """);
}
