using PgMahout.Core.Cluster;
using PgMahout.Core.Deployment;
using PgMahout.Deploying;
using YamlDotNet.Core;
using Xunit;

namespace PgMahout.Tests.Deployment;

public sealed class BlueprintReaderTests
{
    private const string Whole =
        """
        cluster: orders
        postgres: 15
        rto: 3s
        durability: strict
        ssh: { user: admin, port: 2222, identity: ~/.ssh/id_ed25519 }
        hosts:
          - { name: db1, address: 10.0.0.1, site: seoul, priority: 100 }
          - { name: db2, address: 10.0.0.2, site: busan, priority: 50 }
          - { name: w1, address: 10.0.0.3, site: daegu, role: witness }
        etcd: [db1, db2, w1]
        proxy: { port: 6500, read_port: 6501 }
        virtual_ip: { address: 10.0.0.100/24, interface: host0 }
        repository: s3://bucket/orders
        ports: { postgres: 5433, api: 7433 }
        """;

    private const string Smallest =
        """
        cluster: orders
        hosts:
          - { name: db1, address: 10.0.0.1 }
          - { name: db2, address: 10.0.0.2 }
          - { name: db3, address: 10.0.0.3 }
        """;

    private static BlueprintReading Read(string text) =>
        BlueprintReader.Read(YamlDocument.Read(new StringReader(text)));

    private static string[] Said(string text) =>
        [.. Read(text).Findings.Select(finding => finding.Text("c.yml"))];

    [Fact]
    public void Everything_that_can_be_said_is_read()
    {
        var reading = Read(Whole);

        Assert.Empty(reading.Findings);
        var blueprint = reading.Blueprint!;
        Assert.Equal("orders", blueprint.Cluster);
        Assert.Equal(15, blueprint.Postgres);
        Assert.Equal(TimeSpan.FromSeconds(3), blueprint.Timing.Ttl);
        Assert.Equal(Durability.Strict, blueprint.Durability);
        Assert.Equal(new SshAccess("admin", 2222, "~/.ssh/id_ed25519"), blueprint.Ssh);
        Assert.Equal(
            [
                new HostBlueprint("db1", "10.0.0.1", HostRole.Data, "seoul", 100),
                new HostBlueprint("db2", "10.0.0.2", HostRole.Data, "busan", 50),
                new HostBlueprint("w1", "10.0.0.3", HostRole.Witness, "daegu", 100),
            ],
            blueprint.Hosts);
        Assert.Equal(
            ["https://10.0.0.1:2379", "https://10.0.0.2:2379", "https://10.0.0.3:2379"], blueprint.StoreEndpoints);
        Assert.Equal((6500, 6501), (blueprint.Proxy!.Port, blueprint.Proxy.ReadPort));
        Assert.Equal("10.0.0.100/24 host0", $"{blueprint.VirtualAddress} {blueprint.VirtualAddress!.Interface}");
        Assert.Equal(new RepositoryBlueprint("s3://bucket/orders"), blueprint.Repository);
        Assert.Equal(new PortBlueprint(5433, 7433, 2379, 2380), blueprint.Ports);
    }

    [Fact]
    public void A_repository_is_one_value_or_a_group_of_keys()
    {
        Assert.Null(Read(Smallest + "\nrepository: none").Blueprint!.Repository);
        Assert.Equal("/mnt/backup", Read(Smallest + "\nrepository: /mnt/backup/").Blueprint!.Repository!.Address);
        var reading = Read(Smallest + """

            repository:
              address: s3://bucket/orders
              endpoint: https://s3.example.com:9000
              region: eu-central-1
              credentials: s3.credentials
              encrypted: yes
            """);

        Assert.Empty(reading.Findings);
        Assert.Equal(
            new RepositoryBlueprint("s3://bucket/orders")
            {
                Endpoint = "https://s3.example.com:9000",
                Region = "eu-central-1",
                Credentials = "s3.credentials",
                IsEncrypted = true,
            },
            reading.Blueprint!.Repository);
    }

    [Fact]
    public void Names_and_addresses_are_enough()
    {
        var reading = Read(Smallest);

        Assert.Empty(reading.Findings);
        Assert.Equal(["db1", "db2", "db3"], Assert.IsType<EtcdBlueprint.On>(reading.Blueprint!.Etcd).Names);
        Assert.Equal(ProxyBlueprint.DefaultPort, reading.Blueprint.Proxy!.Port);
        Assert.Equal(TimeSpan.FromSeconds(3), reading.Blueprint.Timing.Ttl);
        Assert.All(reading.Blueprint.Hosts, host => Assert.True(reading.Blueprint.RunsProxy(host)));
    }

    [Fact]
    public void All_mistakes_are_told_at_once_each_with_its_place()
    {
        var said = Said(
            """
            cluster: 1orders
            postgers: 15
            rto: 3
            durability: quorun
            hosts:
              - { name: db-1, address: db1.example.com }
              - { name: db2, adress: 10.0.0.2 }
              - db3
            etcd: [db2, dv2]
            etcd: [db2]
            """);

        Assert.Equal(
            [
                "c.yml:1:10: '1orders' is not a cluster name (up to 40 letters, digits, hyphens or underscores, "
                    + "beginning with a letter)",
                "c.yml:2:1: cluster.yml has no key 'postgers'; did you mean 'postgres'? (keys: cluster, postgres, rto, "
                    + "durability, ssh, hosts, etcd, proxy, virtual_ip, repository, ports, adopt, cascade, follows)",
                "c.yml:3:6: 'rto' is '3' (a duration from 1s to 5m, such as 3s)",
                "c.yml:4:13: 'durability' is 'quorun'; did you mean 'quorum'? (one of quorum, strict, async)",
                "c.yml:6:13: 'db-1' cannot be a member's name; 'db_1' could (a lower-case letter, then up to 39 "
                    + "lower-case letters, digits or underscores)",
                "c.yml:6:28: 'db1.example.com' is not an address (an address in numbers, such as 10.0.0.1: a cluster "
                    + "that needs names needs who resolves them)",
                "c.yml:7:5: 'address' is missing (an address in numbers, such as 10.0.0.1: a cluster that needs names "
                    + "needs who resolves them)",
                "c.yml:7:18: a host has no key 'adress'; did you mean 'address'? (keys: name, address, site, role, "
                    + "priority, adopt)",
                "c.yml:8:5: this is not a host ({ name: NAME, address: ADDRESS })",
                "c.yml:9:13: there is no host 'dv2'; did you mean 'db2'? (hosts: db-1, db2)",
                "c.yml:10:1: 'etcd' is there a second time; the first is in line 9",
            ],
            said.Where(line => !line.Contains("warning")));
    }

    [Theory]
    [InlineData("  - { name: db1, address: 10.0.0.9 }", "db1 is the name of two hosts; the first is in line 3")]
    [InlineData("  - { name: db9, address: 10.0.0.1 }", "10.0.0.1 is the address of two hosts")]
    [InlineData("  - { name: db9, address: 127.0.0.1 }", "is not an address at which other hosts find this one")]
    [InlineData("  - { name: db9, address: 10.1 }", "'10.1' is not an address")]
    [InlineData("  - { name: db9, address: 10.0.0.9, priority: -1 }", "'priority' is '-1'")]
    [InlineData("  - { name: db9, address: 10.0.0.9, role: witnes }", "did you mean 'witness'?")]
    [InlineData("  - { name: db9, address: 10.0.0.9, role: witness, priority: 1 }", "it has no priority")]
    [InlineData("  - { name: db9, address: }", "'address' has no single value")]
    [InlineData("etcd: [db1, db1, db2]", "'db1' stands in 'etcd' a second time")]
    [InlineData("etcd: { endpoints: [10.0.0.7:2379] }", "'10.0.0.7:2379' is not an address of etcd")]
    [InlineData("etcd: { endpoint: [https://10.0.0.7:2379] }", "did you mean 'endpoints'?")]
    [InlineData("etcd: { endpoints: [https://10.0.0.7:2379], key: a.key }", "'certificate' and 'key' go together")]
    [InlineData("etcd: { endpoints: [https://10.0.0.7:2379], user: u }", "'user' and 'password_file' go together")]
    [InlineData(
        "etcd: { endpoints: [http://10.0.0.7:2379], user: u, password_file: p }",
        "a password would be sent to http://10.0.0.7:2379 in clear")]
    [InlineData("ports: { postgres: 7432 }", "port 7432 is for ports.postgres and for ports.api")]
    [InlineData("proxy: { port: 2379 }", "port 2379 is for ports.etcd and for proxy.port")]
    [InlineData("proxy: perhaps", "'proxy' is something else")]
    [InlineData("proxy: { hosts: [db7] }", "there is no host 'db7'")]
    [InlineData("virtual_ip: { address: 10.0.0.2/24, interface: eth0 }", "10.0.0.2 is the address of db2")]
    [InlineData("virtual_ip: { address: 10.9.0.2/24, interface: eth0 }", "db1 (10.0.0.1) is not in the network")]
    [InlineData("virtual_ip: { address: 10.0.0.100, interface: eth0 }", "'10.0.0.100' is not such an address")]
    [InlineData("virtual_ip: { address: 10.0.0.255/24, interface: eth0 }", "10.0.0.255 is not a host's address")]
    [InlineData("virtual_ip: { address: 10.0.0.100/24, interface: eth0 }\nrto: 1.5s", "the lease is too short for")]
    [InlineData("ssh: { user: -oProxyCommand=x }", "is not a user's name")]
    [InlineData("postgres: 13", "'postgres' is '13'")]
    [InlineData("repository: backup", "'repository' is 'backup'")]
    [InlineData("repository: s3://", "'repository' is 's3://'")]
    [InlineData("repository: { adress: /mnt/backup }", "did you mean 'address'?")]
    [InlineData("repository: { encrypted: yes }", "'address' is missing")]
    [InlineData("repository: { address: /mnt/backup, region: x }", "'region' is for s3://BUCKET/PREFIX")]
    [InlineData("repository: { address: s3://b, endpoint: s3.example.com }", "'endpoint' is 's3.example.com'")]
    [InlineData("repository: { address: s3://b, endpoint: 'https://me:it@s3' }", "'endpoint' has a password in it")]
    [InlineData("repository: { address: s3://b, encrypted: maybe }", "'encrypted' is 'maybe'")]
    public void What_cannot_be_is_refused(string line, string because)
    {
        var reading = Read(Smallest + "\n" + line);

        Assert.Null(reading.Blueprint);
        Assert.Contains(reading.Errors, finding => finding.Text("").Contains(because, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("etcd: [db1, db2]", "etcd on 2 hosts survives the loss of 0, no more than on 1")]
    [InlineData("etcd: [db1]", "etcd is on db1 alone")]
    [InlineData(
        "virtual_ip: { address: 10.0.0.100/24, interface: eth0 }\nproxy: { hosts: [db1] }",
        "so the address leads to PostgreSQL itself")]
    public void What_is_unwise_is_told_and_done(string line, string warning)
    {
        var reading = Read(Smallest + "\n" + line);

        Assert.NotNull(reading.Blueprint);
        Assert.Contains(warning, Assert.Single(reading.Findings).What, StringComparison.Ordinal);
    }

    [Fact]
    public void Cascading_is_read_and_told_where_no_site_has_two_members()
    {
        Assert.Equal(Cascade.Off, Read(Smallest).Blueprint!.Cascade);
        var far = Smallest.Replace("0.3 }", "0.3, site: far }", StringComparison.Ordinal)
            .Replace("0.2 }", "0.2, site: far }", StringComparison.Ordinal);

        Assert.Equal(Cascade.BySite, Read(far + "\ncascade: by-site").Blueprint!.Cascade);
        Assert.DoesNotContain(
            Said(far + "\ncascade: by-site"), said => said.Contains("no site has", StringComparison.Ordinal));
        Assert.Contains(
            Said(Smallest + "\ncascade: by-site"), said => said.Contains("no site has two", StringComparison.Ordinal));
        Assert.NotEmpty(Read(Smallest + "\ncascade: by-sight").Errors);
    }

    [Fact]
    public void A_site_with_the_majority_of_the_voters_is_told()
    {
        var warnings = Said(
            """
            cluster: orders
            hosts:
              - { name: db1, address: 10.0.0.1, site: seoul }
              - { name: db2, address: 10.0.0.2, site: seoul }
              - { name: db3, address: 10.0.0.3, site: busan }
            """);

        Assert.Contains("2 of 3 etcd hosts are at 'seoul'", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("D1", "D1")]
    [InlineData("D1 D2", "D1")]
    [InlineData("D1 D2 D3", "D1 D2 D3")]
    [InlineData("D1 D2 D3 W4", "D1 D2 W4")]
    [InlineData("D1 D2 D3 D4 D5 D6", "D1 D2 D3 D4 D5")]
    [InlineData("D1a D2a D3b D4b W5c W6c", "D1a D2a D3b W5c W6c")]
    [InlineData("D1a D2a D3a D4b", "D1a D2a D4b")]
    public void Voters_are_odd_in_number_witnesses_first_and_spread_over_sites(string hosts, string chosen)
    {
        var all = hosts.Split(' ').Select(word => new HostBlueprint(
            word,
            "10.0.0." + word[1],
            word[0] == 'W' ? HostRole.Witness : HostRole.Data,
            word.Length > 2 ? word[2..] : null,
            100));

        Assert.Equal(chosen, string.Join(' ', Voters.Choose([.. all])));
    }

    [Theory]
    [InlineData("cluster: [orders", 2)]
    [InlineData("cluster: &a orders\nhosts: *a", 1)]
    [InlineData("cluster: !!str orders", 1)]
    [InlineData("cluster: a\n---\ncluster: b", 2)]
    public void What_is_not_plain_YAML_is_refused_with_its_line(string text, int line)
    {
        var broken = Assert.ThrowsAny<YamlException>(() => YamlDocument.Read(new StringReader(text)));

        Assert.Equal(line, YamlDocument.Finding(broken).At.Line);
    }

    [Theory]
    [InlineData("")]
    [InlineData("- a")]
    [InlineData("orders")]
    public void A_text_without_keys_is_no_blueprint(string text) =>
        Assert.Contains("not a group of keys", Assert.Single(Read(text).Errors).What, StringComparison.Ordinal);
}
