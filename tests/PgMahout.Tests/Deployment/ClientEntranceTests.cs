using System.Text.Json;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Deployment;
using PgMahout.Core.Proxy;
using PgMahout.Deploying;
using PgMahout.Deploying.OnHost;
using PgMahout.Postgres.Files;
using PgMahout.Status;
using PgMahout.Store;
using PgMahout.Store.Records;
using PgMahout.Tests.Store;
using Xunit;

namespace PgMahout.Tests.Deployment;

public sealed class ClientEntranceTests : IDisposable
{
    private const string Hosts =
        """
        cluster: orders
        hosts:
          - { name: db1, address: 10.0.0.1 }
          - { name: db2, address: 10.0.0.2 }
          - { name: w1, address: 10.0.0.3, role: witness }

        """;

    private const string Shared = "virtual_ip: { address: 10.0.0.100/24, interface: eth0 }\n";

    private readonly HomeLayout _home = new(Directory.CreateTempSubdirectory("pgmahout-uri-").FullName);

    public void Dispose() => Directory.Delete(_home.Root, recursive: true);

    [Theory]
    [InlineData("", "10.0.0.1:6432,10.0.0.2:6432")]
    [InlineData("proxy: { hosts: [db2, w1], port: 7000 }", "10.0.0.2:7000,10.0.0.3:7000")]
    [InlineData(Shared, "10.0.0.100:6432")]
    // On its way to a host without a proxy it would find nobody there.
    [InlineData(Shared + "proxy: { hosts: [db2] }", "10.0.0.100:5432")]
    [InlineData(Shared + "proxy: false", "10.0.0.100:5432")]
    public async Task Every_host_says_what_deploy_says(string more, string where)
    {
        var blueprint = Read(more);
        var (spec, proxy) = await FoundAsync(blueprint);

        var said = ClientAddresses.Uri(blueprint, _home.PassFile);

        Assert.Equal($"postgresql://postgres@{where}/postgres?connect_timeout=5&passfile={_home.PassFile}", said);
        foreach (var host in blueprint.Hosts)
            Assert.Equal(said, ClientUri.For(ClientsOn(blueprint, host), spec, proxy, _home, read: false));
        InPassFile(blueprint, said);
    }

    [Fact]
    public async Task Without_any_proxy_servers_are_named_and_the_password_file_has_them()
    {
        var blueprint = Read("proxy: false");
        var (spec, proxy) = await FoundAsync(blueprint);

        var said = ClientUri.For(ClientsOn(blueprint, blueprint.Hosts[2]), spec, proxy, _home, read: false);

        Assert.StartsWith(
            "postgresql://postgres@10.0.0.1:5432,10.0.0.2:5432/postgres?target_session_attrs=read-write&", said,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "postgresql://postgres@10.0.0.1:5432,10.0.0.2:5432/postgres?target_session_attrs=read-write&",
            ClientAddresses.Uri(blueprint, _home.PassFile), StringComparison.Ordinal);
        InPassFile(blueprint, said);
    }

    [Theory]
    [InlineData("", "10.0.0.1:6433,10.0.0.2:6433/postgres?connect")]
    [InlineData(Shared, "10.0.0.1:6433,10.0.0.2:6433/postgres?connect")]
    [InlineData(Shared + "proxy: false", "10.0.0.1:5432,10.0.0.2:5432/postgres?target_session_attrs=prefer-standby")]
    public async Task Reads_go_to_proxies_also_while_nobody_has_the_virtual_address(string more, string where)
    {
        var blueprint = Read(more);
        var (spec, proxy) = await FoundAsync(blueprint);

        var said = ClientUri.For(ClientsOn(blueprint, blueprint.Hosts[2]), spec, proxy, _home, read: true);

        Assert.StartsWith("postgresql://postgres@" + where, said, StringComparison.Ordinal);
        InPassFile(blueprint, said);
    }

    [Fact]
    public async Task Ports_are_those_that_proxies_have_now()
    {
        var blueprint = Read("");
        var (spec, proxy) = await FoundAsync(blueprint);
        var clients = ClientsOn(blueprint, blueprint.Hosts[0]);

        string Said(ProxySettings? now, bool read = false) => ClientUri.For(clients, spec, now, _home, read);

        Assert.Contains("@10.0.0.1:7000,10.0.0.2:7000/", Said(proxy! with { WritePort = 7000 }));
        Assert.Contains("target_session_attrs=prefer-standby", Said(proxy with { ReadPort = 0 }, read: true));
        Assert.Contains("target_session_attrs=read-write", Said(null));
        // Each of them is asked to listen on this one address, which only one host can have, or every host for itself.
        Assert.Contains("@127.0.0.1:6432/", Said(proxy with { ListenHost = "127.0.0.1" }));
    }

    [Fact]
    public async Task A_home_that_was_written_before_hosts_knew_it_tells_its_own_proxy()
    {
        var blueprint = Read(Shared);
        var (spec, proxy) = await FoundAsync(blueprint);
        var written = new HostFile("db1", [], new HostStore([new Uri("https://10.0.0.1:2379")], "/pgmahout/orders/"));
        File.WriteAllText(_home.HostFile, written.ToJson());

        Assert.Contains(
            "@127.0.0.1:6432/", ClientUri.For(HostFile.Read(_home)!.Clients, spec, proxy, _home, read: false));
    }

    [Theory]
    [InlineData("", "10.0.0.1 10.0.0.2 127.0.0.1 \\:\\:1")]
    [InlineData("proxy: { hosts: [db2, w1] }", "10.0.0.1 10.0.0.2 10.0.0.3 127.0.0.1 \\:\\:1")]
    [InlineData(Shared + "proxy: false", "10.0.0.1 10.0.0.2 10.0.0.100")]
    public void The_password_file_of_a_host_holds_at_whatever_port_a_proxy_comes_to_listen(string more, string where)
    {
        var file = SecretFiles.WritePassFile(
            _home.Root, new ClusterSecrets("secret", "other"), ClientAddresses.Of(Read(more)));

        Assert.Equal(where.Split(' ').Select(host => $"{host}:*:*:postgres:secret"), File.ReadLines(file));
    }

    private static Blueprint Read(string more) =>
        BlueprintReader.Read(YamlDocument.Read(new StringReader(Hosts + more))).Blueprint!;

    private ClientEntrance ClientsOn(Blueprint blueprint, HostBlueprint host)
    {
        File.WriteAllText(_home.HostFile, PgMahout.Core.Deployment.HostDocument.Text(blueprint, host));
        return HostFile.Read(_home)!.Clients!;
    }

    /// <summary>As the first deployment writes it into the store.</summary>
    private async Task<(ClusterSpec Spec, ProxySettings? Proxy)> FoundAsync(Blueprint blueprint)
    {
        await using var store = new InMemoryClusterStore();
        var wanted = JsonSerializer.Deserialize(
            FoundingText.Of(blueprint, null, null, null), HostJson.Default.FoundingDocument)!;
        Assert.NotNull((await HostFounding.FoundAsync(_home, store, wanted)).Answer);
        var content = Assert.IsType<StoreRead.Content>(await store.ReadAsync(TimeSpan.FromSeconds(5), default));
        var read = Assert.IsType<RecordsRead.Decoded>(ClusterRecords.Decode(content, ClusterRecords.None));
        return (read.Records.Spec!.Value, read.Records.Proxy?.Value);
    }

    /// <summary>Each host gets a line for each of these addresses.</summary>
    private static void InPassFile(Blueprint blueprint, string uri)
    {
        var named = uri.Split('@', '/')[3].Split(',').Select(place => place[..place.LastIndexOf(':')]);
        Assert.Subset(ClientAddresses.Of(blueprint).ToHashSet(), named.ToHashSet());
    }
}
