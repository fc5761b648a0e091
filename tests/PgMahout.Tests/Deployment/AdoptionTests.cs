using System.Collections.Immutable;
using PgMahout.Core.Deployment;
using PgMahout.Core.Installation;
using PgMahout.Deploying;
using Xunit;

namespace PgMahout.Tests.Deployment;

public sealed class AdoptionTests
{
    private const string Whole =
        """
        cluster: orders
        adopt: { data: /var/lib/postgresql/15/main }
        hosts:
          - { name: db1, address: 10.0.0.1 }
          - { name: db2, address: 10.0.0.2, adopt: { data: /srv/pg/data } }
          - { name: db3, address: 10.0.0.3 }
        """;

    private static readonly Blueprint Three = Read(Whole).Blueprint!;

    private static BlueprintReading Read(string text) =>
        BlueprintReader.Read(YamlDocument.Read(new StringReader(text)));

    /// <summary>What the script prints of the server of a host, of which db1 has the primary.</summary>
    private static string Printed(string name)
    {
        var standby = name != "db1";
        string[] lines =
        [
            "data\t/var/lib/postgresql/15/main", "owner\tpostgres", "version\t15", "beside\twritable", "pid\t812",
            "unit\tpostgresql@15-main.service", "debian\t/etc/postgresql/15/main", "socket\t/var/run/postgresql",
            "setting\tport\t5432", "setting\tlisten_addresses\t*", "setting\tssl_ca_file\t",
            "setting\tmax_wal_senders\t10", "setting\tmax_replication_slots\t10", "setting\twal_level\treplica",
            "setting\twal_log_hints\toff", "setting\tdata_checksums\ton", "setting\trecovery_target_timeline\tlatest",
            "setting\trecovery_min_apply_delay\t0", "setting\tfsync\ton",
            "setting\tconfig_file\t/etc/postgresql/15/main/postgresql.conf",
            "identity\t7300000000000000001", $"recovery\t{(standby ? "t" : "f")}", "position\t1000", "timeline\t3",
            .. standby
                ? new[] { $"receiver\tstreaming\tslot_of_{name}" }
                : ["sender\t10.0.0.2\tstreaming\t15/main", "sender\t10.0.0.3\tstreaming\t15/main", "password\tf"],
            "answered\tyes", "end\tyes",
        ];
        return string.Join('\n', lines);
    }

    private static DeploymentPlan Plan(Func<string, string> printed, bool mayRestart = false, bool settled = false)
    {
        var findings = Three.Hosts.ToImmutableSortedDictionary(host => host.Name, host => (HostFinding)
            new HostFinding.Found(Bare(host, settled) with { Adoption = AdoptionSurvey.Parse(printed(host.Name)) }));
        var goods = new DeploymentGoods("1.0", "10.0.5", "x86_64", Three.Hosts.ToImmutableSortedDictionary(
            host => host.Name,
            host => new HostGoods(HostDocument.Text(Three, host), [], [])
            {
                Started = [SystemdUnits.Etcd, SystemdUnits.Agent, SystemdUnits.Member],
            }));
        return DeploymentPlan.For(
            new DeploymentQuestion(Three, findings, goods, OpensFirewall: false) { MayRestart = mayRestart });
    }

    private static HostSurvey Bare(HostBlueprint host, bool settled) => new()
    {
        Platform = new Platform("Debian", PackageTool.Apt, 12, "x86_64", HasSystemd: true),
        IsRoot = true,
        MachineId = host.Name,
        Addresses = [host.Address],
        Listeners = ImmutableSortedDictionary<int, string>.Empty.Add(5432, "postgres"),
        HasAccount = true,
        Postgres = [15],
        FreeBytes = 1L << 40,
        EnabledUnits = settled ? [SystemdUnits.Agent, SystemdUnits.Member] : [],
    };

    private static string[] Refusals(Func<string, string> printed) =>
        [.. Plan(printed).Refusals.Select(refusal => $"{refusal.Host}: {refusal.What}")];

    private static Func<string, string> But(string host, string from, string to) =>
        name => name == host ? Printed(name).Replace(from, to, StringComparison.Ordinal) : Printed(name);

    [Fact]
    public void Words_for_all_hosts_can_differ_for_one()
    {
        Assert.Equal(
            ["/var/lib/postgresql/15/main", "/srv/pg/data", "/var/lib/postgresql/15/main"],
            Three.Hosts.Select(host => host.Adopt!.Data));
        var except = Read(Whole.Replace("10.0.0.3 }", "10.0.0.3, adopt: false }", StringComparison.Ordinal));
        Assert.Null(except.Blueprint!.Hosts[2].Adopt);
    }

    [Theory]
    [InlineData("relative/data")]
    [InlineData("/srv/$(reboot)")]
    [InlineData("/srv/it's")]
    [InlineData("/srv/../data")]
    public void A_place_that_a_shell_could_misread_is_a_mistake(string data) => Assert.Contains(
        Read(Whole.Replace("/srv/pg/data", data, StringComparison.Ordinal)).Errors,
        error => error.What.Contains("not a place for data", StringComparison.Ordinal));

    [Fact]
    public void The_primary_leads_before_its_standbys_have_agents()
    {
        var plan = Plan(Printed);

        Assert.Empty(plan.Refusals);
        Assert.Equal("db1", plan.Adoption!.Primary.Host.Name);
        Assert.Equal(
            [typeof(HostStep.Start), typeof(HostStep.AwaitLeader), typeof(HostStep.EncloseServer)],
            plan.Hosts[0].In(DeploymentStage.Lead).Select(step => step.GetType()));
        Assert.DoesNotContain(
            plan.Hosts[0].In(DeploymentStage.Members), step => step is HostStep.Start { Unit: SystemdUnits.Agent });
        foreach (var standby in plan.Hosts.Skip(1))
        {
            Assert.Empty(standby.In(DeploymentStage.Lead));
            Assert.Equal(2, standby.In(DeploymentStage.Adopt).Count());
            Assert.Contains(
                standby.In(DeploymentStage.Members), step => step is HostStep.Start { Unit: SystemdUnits.Agent });
        }
        Assert.Equal(["slot_of_db2", "slot_of_db3"], plan.Adoption.FormerSlots);
        Assert.Contains("start.conf", HostStep.EndFormerKeeper.Keeper(plan.Adoption.Primary.Survey),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Another_cluster_is_refused() => Assert.Equal(
        ["db2: its data is of another cluster: system identifier 42, and 7300000000000000001 on db1"],
        Refusals(But("db2", "7300000000000000001", "42")));

    [Fact]
    public void A_standby_that_receives_nothing_is_refused() => Assert.Equal(
        ["db3: its server is a standby and receives nothing from db1"],
        Refusals(But("db3", "receiver\tstreaming", "receiver\twaiting")));

    [Fact]
    public void A_standby_of_a_standby_is_refused() => Assert.Equal(
        ["db3: its server streams from another one than db1"],
        Refusals(But("db1", "sender\t10.0.0.3", "sender\t10.0.0.9")));

    [Fact]
    public void A_standby_far_behind_is_refused() => Assert.StartsWith(
        "db2: its server is",
        Refusals(But("db1", "position\t1000", "position\t900000000"))[0],
        StringComparison.Ordinal);

    [Fact]
    public void Two_primaries_are_refused() => Assert.Equal(
        ["db2: 2 servers are primaries: db1, db2"], Refusals(But("db2", "recovery\tt", "recovery\tf")));

    [Fact]
    public void No_primary_is_refused() =>
        Assert.Single(Refusals(But("db1", "recovery\tf", "recovery\tt")));

    [Theory]
    [InlineData("pid\t812\n", "", "no server runs on")]
    [InlineData("version\t15", "version\t13", "is not supported")]
    [InlineData("version\t15", "version\t14", "members would be of 15")]
    [InlineData("owner\tpostgres", "owner\tbob", "belongs to bob")]
    [InlineData("beside\twritable\n", "", "may not write beside")]
    [InlineData("main/postgresql.conf", "main/';reboot;'", "is of more than letters")]
    [InlineData("answered\tyes", "psql: error: no entry", "psql: error: no entry")]
    [InlineData("port\t5432", "port\t5433", "its server has port 5433")]
    [InlineData("listen_addresses\t*", "listen_addresses\tlocalhost", "does not listen on 10.0.0.1")]
    [InlineData("max_replication_slots\t10", "max_replication_slots\t2", "max_replication_slots is 2, and 3 are")]
    [InlineData("password\tf", "password\tt", "has a password")]
    public void What_a_member_lacks_is_refused(string from, string to, string said)
    {
        var plan = Plan(But("db1", from, to));

        var refusal = Assert.Single(plan.Refusals, refusal => refusal.Kind == RefusalKind.Adoption);
        Assert.Equal("db1", refusal.Host);
        Assert.Contains(said, refusal.What, StringComparison.Ordinal);
        Assert.Empty(plan.Hosts);
    }

    [Fact]
    public void A_setting_that_waits_for_a_start_needs_consent()
    {
        Func<string, string> printed = name => Printed(name).Replace(
            "data_checksums\ton", "data_checksums\toff", StringComparison.Ordinal);

        var refused = Plan(printed).Refusals;
        var allowed = Plan(printed, mayRestart: true);

        Assert.Equal(3, refused.Length);
        Assert.All(refused, refusal => Assert.Equal(RefusalKind.Restart, refusal.Kind));
        Assert.Empty(allowed.Refusals);
        Assert.Equal(["db2", "db3", "db1"], allowed.Adoption!.Restarts.Select(one => one.Host.Host.Name));
    }

    [Fact]
    public void Servers_that_are_members_are_not_adopted_again()
    {
        var plan = Plan(
            name => "done\tyes\n" + But("db1", "password\tf", "password\tt")(name).Replace(
                "recovery\tt", "recovery\tf", StringComparison.Ordinal),
            settled: true);

        Assert.Empty(plan.Refusals);
        Assert.Null(plan.Adoption);
        Assert.All(plan.Hosts, host => Assert.Empty(host.In(DeploymentStage.Adopt)));
    }
}
