using System.Collections.Immutable;
using PgMahout.Core.Deployment;
using PgMahout.Deploying;
using Xunit;

namespace PgMahout.Tests.Deployment;

public sealed class DeploymentPlanTests
{
    private const string Bare =
        """
        time	1000.5
        uid	0
        machine	MACHINE
        architecture	x86_64
        os	PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
        os	VERSION_ID="12"
        manager	apt-get
        systemd	yes
        address	lo 127.0.0.1
        address	lo ::1
        address	eth0@if5 ADDRESS
        listener	0.0.0.0:22 users:(("sshd",pid=36,fd=3))
        listener	[::]:22 users:(("sshd",pid=36,fd=4))
        free	7710448
        end	yes

        """;

    private static readonly Blueprint Three = BlueprintReader.Read(YamlDocument.Read(new StringReader(
        """
        cluster: orders
        postgres: 15
        hosts:
          - { name: db1, address: 10.0.0.1 }
          - { name: db2, address: 10.0.0.2 }
          - { name: w1, address: 10.0.0.3, role: witness }
        """))).Blueprint!;

    private static readonly DeploymentGoods Goods = new(
        "1.0-abc",
        "10.0.5",
        "x86_64",
        Three.Hosts.ToImmutableSortedDictionary(
            host => host.Name,
            host => new HostGoods(
                HostDocument.Text(Three, host),
                [new DeployedFile(HostPaths.CertificateFile("host.crt"), host.Name, "0600", "postgres")],
                [new DeployedFile("/etc/systemd/system/pgmahout-agent.service", "unit", "0644", "root")])
            {
                Started = host.Role == HostRole.Data
                    ? [SystemdUnits.Etcd, SystemdUnits.Agent, SystemdUnits.Archiver]
                    : [SystemdUnits.Etcd],
            }));

    /// <summary>What a host that has everything says: made of what is wanted, in the script's own form.</summary>
    private static string Complete(string name)
    {
        var goods = Goods.ForHosts[name];
        var digests = goods.Certificates.AddRange(goods.Units)
            .Select(file => $"digest\t{file.Digest}  {file.Path}");
        var started = goods.Started.SelectMany(unit => new[] { $"active\t{unit}", $"enabled\t{unit}" });
        string[] lines =
        [
            "account\tyes", "postgres\t15", "etcd\tyes", "current\t1.0-abc", "program\t1.0-abc", "runtime\t10.0.7",
            "home\tyes", "entry\thost.json", .. digests, .. started,
            .. goods.HostFile.Split('\n').Select(line => "host\t" + line),
            "listener\t10.0.0.1:5432 users:((\"postgres\",pid=9,fd=3))",
        ];
        return string.Concat(lines.Select(line => line + "\n"));
    }

    private static DeploymentPlan Plan(
        Func<string, string> more, bool opensFirewall = false, DeploymentGoods? goods = null) =>
        DeploymentPlan.For(new DeploymentQuestion(
            Three,
            Three.Hosts.ToImmutableSortedDictionary(host => host.Name, host => Found(host, more(host.Name))),
            goods ?? Goods,
            opensFirewall));

    private static HostFinding Found(HostBlueprint host, string more) => new HostFinding.Found(SurveyText.Parse(
        (Bare + more).Replace("ADDRESS", host.Address).Replace("MACHINE", "machine of " + host.Name), 1000)!);

    private static string Refused(Func<string, string> more) => string.Join(
        '\n', Plan(more).Refusals.Select(refusal => $"{refusal.Host}: {refusal.What}"));

    private static string[] Steps(DeploymentPlan plan, string host) =>
        [.. plan.Hosts.Single(one => one.Host.Name == host).Steps.Select(step => step.Title)];

    [Fact]
    public void A_bare_host_gets_everything_in_order()
    {
        var plan = Plan(_ => "");

        Assert.Empty(plan.Refusals);
        Assert.Equal(
            [
                "install PostgreSQL 15 and etcd", "copy .NET 10.0.5", "copy pgmahout 1.0-abc",
                "make 1.0-abc the current one", "make the home", "write units", "start pgmahout-etcd.service",
                "start pgmahout-agent.service", "start pgmahout-archiver.service",
            ],
            Steps(plan, "db1"));
    }

    [Fact]
    public void Etcd_is_started_anew_where_it_does_not_know_the_present_authorities()
    {
        const string Authority = "/var/lib/pgmahout/certs/ca.crt";
        const string Anew = "start pgmahout-etcd.service anew";
        var trusting = Goods.ForHosts.ToImmutableSortedDictionary(pair => pair.Key, pair => pair.Value with
        {
            Certificates = pair.Value.Certificates.Add(new DeployedFile(Authority, "both", "0600", "postgres")),
        });
        var there = new DeployedFile(Authority, "both", "", "").Digest;
        DeploymentPlan With(string more) => DeploymentPlan.For(new DeploymentQuestion(
            Three,
            Three.Hosts.ToImmutableSortedDictionary(host => host.Name, host => Found(host, Complete(host.Name) + more)),
            Goods with { ForHosts = trusting },
            OpensFirewall: false));

        Assert.Equal(["renew certificates", Anew], Steps(With($"digest\t{new string('0', 64)}  {Authority}\n"), "w1"));
        Assert.Equal([Anew], Steps(With($"digest\t{there}  {Authority}\noutdated\t{SystemdUnits.Etcd}\n"), "w1"));
        Assert.True(With($"digest\t{there}  {Authority}\n").IsNothing);
    }

    [Fact]
    public void An_address_that_the_file_has_no_more_is_taken_from_the_hosts_that_kept_it()
    {
        const string Left = "active\tpgmahout-address.service\nenabled\tpgmahout-address.service\n";

        var plan = Plan(name => Complete(name) + (name == "w1" ? "" : Left));

        Assert.Equal(["remove pgmahout-address.service"], Steps(plan, "db1"));
        Assert.Empty(Steps(plan, "w1"));
    }

    [Fact]
    public void What_a_home_says_of_itself_is_read_by_an_agent_that_is_started_anew()
    {
        var shared = Three with { VirtualAddress = VirtualAddress.Parse("10.0.0.100/24", "eth0") };

        var plan = Plan(name => Complete(name).Replace("\"host\": \"db1\"", "\"host\": \"db1\", \"other\": 1"));

        Assert.Equal(["change the home's settings", "start pgmahout-agent.service anew"], Steps(plan, "db1"));
        Assert.Contains("\"10.0.0.100/24\"", HostDocument.Text(shared, shared.Hosts[0]), StringComparison.Ordinal);
        Assert.True(HostDocument.IsSameToAgents(
            HostDocument.Text(Three, Three.Hosts[2]), HostDocument.Text(shared, shared.Hosts[2])));
    }

    [Fact]
    public void Where_clients_come_in_is_known_to_every_host_and_no_agent_is_started_anew_for_it()
    {
        var more = Three with
        {
            Hosts = Three.Hosts.Add(new HostBlueprint("db3", "10.0.0.4", HostRole.Data, null, 100)),
        };
        var goods = Goods with
        {
            ForHosts = Goods.ForHosts.ToImmutableSortedDictionary(pair => pair.Key, pair => pair.Value with
            {
                HostFile = HostDocument.Text(more, more.Find(pair.Key)!),
            }),
        };

        var plan = Plan(Complete, goods: goods);

        foreach (var host in Three.Hosts)
            Assert.Equal(["change the home's settings"], Steps(plan, host.Name));
    }

    [Fact]
    public void A_witness_gets_no_server_but_its_account()
    {
        var steps = Steps(Plan(_ => ""), "w1");

        Assert.Equal(["install etcd", "make the account postgres"], steps.Take(2));
        Assert.DoesNotContain("start pgmahout-agent.service", steps);
    }

    [Fact]
    public void Hosts_that_have_everything_get_nothing() => Assert.True(Plan(Complete).IsNothing);

    [Fact]
    public void What_an_interrupted_run_left_is_done_by_the_next()
    {
        var plan = Plan(name => Complete(name).Replace("active\tpgmahout-agent.service\n", ""));

        Assert.Equal(["start pgmahout-agent.service"], Steps(plan, "db1"));
    }

    [Fact]
    public void An_archiver_that_ended_for_want_of_a_repository_is_left_alone() =>
        Assert.True(Plan(name => Complete(name).Replace("active\tpgmahout-archiver.service\n", "")).IsNothing);

    [Fact]
    public void Other_keys_of_the_repository_are_brought_and_read()
    {
        var secret = new DeployedFile(HostPaths.RepositoryCredentials, "two lines", "0600", "postgres");
        var goods = Goods with
        {
            ForHosts = Goods.ForHosts.ToImmutableSortedDictionary(
                one => one.Key, one => one.Value with { Secrets = [secret] }),
        };

        string With(string name, string digest) => Complete(name) + $"digest\t{digest}  {secret.Path}\n";

        Assert.Equal(["bring what the repository is entered with"], Steps(Plan(Complete, goods: goods), "db1"));
        Assert.Equal(
            ["bring what the repository is entered with", "start pgmahout-archiver.service anew"],
            Steps(Plan(name => With(name, new string('0', 64)), goods: goods), "db2"));
        Assert.True(Plan(name => With(name, secret.Digest), goods: goods).IsNothing);
    }

    [Fact]
    public void A_new_certificate_is_brought_without_anything_else()
    {
        var plan = Plan(name =>
            Complete(name).Replace(Goods.ForHosts[name].Certificates[0].Digest, new string('0', 64)));

        Assert.Equal(["renew certificates"], Steps(plan, "db2"));
    }

    [Fact]
    public void A_program_that_runs_is_not_changed_in_passing()
    {
        var plan = Plan(name => Complete(name).Replace("1.0-abc", "0.9-old"));

        Assert.True(plan.IsNothing);
        Assert.Contains("db1 runs pgmahout 0.9-old; `pgmahout deploy upgrade` brings 1.0-abc", plan.Notes);
    }

    [Theory]
    [InlineData("uid\t1000\n", "neither root, nor sudo without a password")]
    [InlineData("architecture\taarch64\n", "its processor is aarch64")]
    [InlineData("time\t1004\n", "its clock is 4.0 s ahead")]
    [InlineData("time\t990\n", "its clock is 10.0 s behind")]
    [InlineData("free\t1000\n", "are free where /var/lib/pgmahout will be")]
    public void A_host_that_is_otherwise_refuses(string line, string because)
    {
        var key = line.Split('\t')[0] + "\t";
        var text = string.Join('\n', Bare.Split('\n').Where(other => !other.StartsWith(key, StringComparison.Ordinal)));

        var survey = SurveyText.Parse((text + line).Replace("ADDRESS", "10.0.0.1"), 1000)!;
        var refusals = HostChecks.Refusals(new DeploymentQuestion(
            Three with { Hosts = [Three.Hosts[0]] },
            ImmutableSortedDictionary<string, HostFinding>.Empty.Add("db1", new HostFinding.Found(survey)),
            Goods,
            OpensFirewall: false));

        Assert.Contains(because, Assert.Single(refusals).What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("listener\t*:5432 users:((\"ruby\",pid=1,fd=2))\n", "port 5432, for PostgreSQL, is taken by ruby")]
    [InlineData("listener\t10.0.0.2:2379 \n", "port 2379, for etcd, is taken")]
    [InlineData("home\tyes\nentry\tmembers\n", "/var/lib/pgmahout holds something that was not deployed: members")]
    [InlineData("home\tyes\nhost\tnot JSON\n", "another cluster is there already")]
    public void What_is_there_already_is_not_overwritten(string found, string because)
    {
        var plan = Plan(name => name == "db2" ? found : "");

        Assert.Empty(plan.Hosts);
        Assert.Contains(because, Assert.Single(plan.Refusals).What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_home_with_nothing_but_what_file_systems_begin_with_is_empty() =>
        Assert.Empty(Refused(_ => "home\tyes\nentry\tlost+found\n"));

    [Fact]
    public void A_host_keeps_the_name_that_it_has() => Assert.Contains(
        "db2: it is db1 of this cluster already", Refused(name => name == "db2" ? Complete("db1") : ""));

    [Fact]
    public void Another_set_of_etcds_hosts_is_not_taken_in_passing() => Assert.Contains(
        "db1: it knows etcd at https://10.0.0.1:2379, https://10.0.0.2:2379, https://10.0.0.9:2379; the file has it at "
        + "https://10.0.0.1:2379, https://10.0.0.2:2379, https://10.0.0.3:2379",
        Refused(name => Complete(name).Replace("https://10.0.0.3", "https://10.0.0.9")));

    [Fact]
    public void Two_names_of_one_machine_are_seen()
    {
        var question = new DeploymentQuestion(
            Three,
            Three.Hosts.ToImmutableSortedDictionary(
                host => host.Name,
                HostFinding (host) => new HostFinding.Found(
                    SurveyText.Parse(Bare.Replace("ADDRESS", host.Address), 1000)!)),
            Goods,
            OpensFirewall: false);

        Assert.Contains(HostChecks.Refusals(question), refusal => refusal.What == "it is the same machine as db1");
    }

    [Fact]
    public void A_silent_host_stops_everything_and_says_what_ssh_said()
    {
        var findings = Three.Hosts.ToImmutableSortedDictionary(host => host.Name, host => Found(host, ""))
            .SetItem("db2", new HostFinding.Unreachable("Connection refused"));

        var plan = DeploymentPlan.For(new DeploymentQuestion(Three, findings, Goods, OpensFirewall: false));

        Assert.Equal(
            ("db2", "ssh does not reach 10.0.0.2: Connection refused"),
            (Assert.Single(plan.Refusals).Host, plan.Refusals[0].What));
        Assert.Empty(plan.Hosts);
    }

    [Fact]
    public void A_firewall_is_opened_again_on_a_host_where_everything_runs()
    {
        var plan = Plan(name => Complete(name) + "firewall\tnftables\n", opensFirewall: true);

        Assert.Equal(["open the firewall (nftables)"], Steps(plan, "db2"));
    }

    [Fact]
    public void A_firewall_is_opened_only_by_whoever_says_so()
    {
        var closed = Plan(_ => "firewall\tufw\n");
        var opened = Plan(_ => "firewall\tufw\n", opensFirewall: true);

        Assert.Contains("db1 has a firewall (ufw); ports are opened by --open-firewall only", closed.Notes);
        Assert.Contains("open the firewall (ufw)", Steps(opened, "db1"));
        Assert.Equal(
            """
            ufw allow proto tcp from 10.0.0.2 to any port 2379 comment pgmahout
            ufw allow proto tcp from 10.0.0.2 to any port 2380 comment pgmahout
            ufw allow proto tcp from 10.0.0.2 to any port 7432 comment pgmahout
            ufw allow proto tcp from 10.0.0.3 to any port 2379 comment pgmahout
            ufw allow proto tcp from 10.0.0.3 to any port 2380 comment pgmahout
            ufw allow proto tcp from 10.0.0.3 to any port 7432 comment pgmahout
            ufw allow 5432/tcp comment pgmahout
            ufw allow 6432/tcp comment pgmahout
            ufw allow 6433/tcp comment pgmahout

            """,
            FirewallScript.Of(HostFirewall.Ufw, FirewallOpening.For(Three, Three.Hosts[0])));
    }

    [Theory]
    [InlineData("10.0.5", "10.0.5", true)]
    [InlineData("10.0.7", "10.0.5", true)]
    [InlineData("10.0.4", "10.0.5", false)]
    [InlineData("10.1.0", "10.0.5", false)]
    [InlineData("9.0.9", "10.0.5", false)]
    [InlineData("odd", "10.0.5", false)]
    public void A_runtime_of_the_same_release_serves(string has, string wanted, bool serves) =>
        Assert.Equal(serves, DeploymentPlan.Serves(has, wanted));

    [Fact]
    public void A_look_that_broke_off_is_no_look() => Assert.Null(SurveyText.Parse("uid\t0\n", 1000));
}
