using System.Collections.Immutable;
using PgMahout.Core.Deployment;
using PgMahout.Core.Installation;
using PgMahout.Deploying;
using Xunit;

namespace PgMahout.Tests.Deployment;

/// <summary>What hosts of a cluster that is there are to have because another one follows it.</summary>
public sealed class TwinPlanTests
{
    private static readonly Blueprint Orders = Read("orders", "10.0.0", "");
    private static readonly Blueprint Far = Read("far", "10.1.0", "follows: orders.yml");

    private static Blueprint Read(string cluster, string network, string more) =>
        BlueprintReader.Read(YamlDocument.Read(new StringReader(
            $$"""
            cluster: {{cluster}}
            etcd: [db1]
            hosts:
              - { name: db1, address: {{network}}.1 }
              - { name: db2, address: {{network}}.2 }
            {{more}}

            """))).Blueprint!;

    private static readonly DeployedFile File = new(HostPaths.TwinFile, "far", "0600", "postgres");

    private static ImmutableSortedDictionary<string, HostGoods> Goods(Blueprint blueprint) =>
        blueprint.Hosts.ToImmutableSortedDictionary(
            host => host.Name,
            host => new HostGoods(HostDocument.Text(blueprint, host), [], []) { Twin = [File] });

    private static HostSurvey Survey(Blueprint blueprint, HostBlueprint host) => new()
    {
        Platform = new Platform("Debian GNU/Linux 12", PackageTool.Apt, 12, "x86_64", true),
        IsRoot = true,
        Addresses = [host.Address],
        MachineId = host.Address,
        FreeBytes = long.MaxValue,
        Program = "1.0",
        Programs = ["1.0"],
        Postgres = [15],
        HostFile = HostDocument.Text(blueprint, host),
    };

    private static ImmutableSortedDictionary<string, HostFinding> Found(
        Blueprint blueprint, Func<HostBlueprint, HostSurvey, HostFinding> change) =>
        blueprint.Hosts.ToImmutableSortedDictionary(
            host => host.Name, host => change(host, Survey(blueprint, host)));

    private static DeploymentQuestion Own(
        Func<HostSurvey, HostSurvey> change, bool opensFirewall = false) => new(
        Far, Found(Far, (_, survey) => new HostFinding.Found(change(survey))),
        new DeploymentGoods("1.0", "10.0.5", "x86_64", Goods(Far)), opensFirewall)
    {
        Twin = Orders,
    };

    private static DeploymentPlan Plan(
        Func<HostBlueprint, HostSurvey, HostFinding> change, bool needsAll = true, DeploymentQuestion? own = null) =>
        TwinPlan.For(new TwinQuestion(
            Orders, "orders.yml", Found(Orders, change), own ?? Own(survey => survey), Goods(Orders), needsAll));

    private static string[] Titles(DeploymentPlan plan) =>
        [.. plan.Hosts.SelectMany(host => host.Steps).Select(step => step.Title)];

    [Fact]
    public void Hosts_are_told_once_and_then_there_is_nothing_to_do()
    {
        var first = Plan((_, survey) => new HostFinding.Found(survey));
        var again = Plan((_, survey) => new HostFinding.Found(survey with
        {
            Digests = survey.Digests.Add(File.Path, File.Digest),
        }));

        const string Title = "say where far is, and with which certificate it is asked";
        Assert.Equal([Title, Title], Titles(first));
        Assert.True(again.IsNothing);
        Assert.Empty(first.Notes);
    }

    [Fact]
    public void Our_own_hosts_are_told_by_the_same_step()
    {
        var plan = DeploymentPlan.For(Own(survey => survey));

        Assert.Empty(plan.Refusals);
        Assert.All(plan.Hosts, host => Assert.Contains(host.Steps, step => step is HostStep.WriteTwin("orders")));
    }

    [Fact]
    public void A_host_that_cannot_be_had_is_passed_over_unless_the_pair_is_being_made()
    {
        static HostFinding One(HostBlueprint host, HostSurvey survey) => host.Name == "db1"
            ? new HostFinding.Unreachable("no route")
            : new HostFinding.Found(survey);

        Assert.Equal(
            "db1 of orders: ssh does not reach 10.0.0.1: no route",
            Assert.Single(Plan(One).Refusals) is var refusal ? $"{refusal.Host}: {refusal.What}" : "");
        var later = Plan(One, needsAll: false);
        Assert.Empty(later.Refusals);
        Assert.Single(Titles(later));
        Assert.Contains("db1 of orders does not hear of this deployment: ssh does not", Assert.Single(later.Notes));
    }

    [Fact]
    public void A_host_that_was_not_deployed_or_has_an_older_program_refuses()
    {
        Assert.Contains(
            "it is no host of orders yet: pgmahout deploy orders.yml",
            Plan((_, survey) => new HostFinding.Found(survey with { HostFile = "" })).Refusals[0].What);
        Assert.Contains(
            "it has pgmahout 0.9, and this is 1.0: pgmahout deploy upgrade --file orders.yml",
            Plan((_, survey) => new HostFinding.Found(survey with { Program = "0.9" })).Refusals[0].What);
        Assert.Contains(
            "it runs pgmahout 0.9, and 1.0 is to tell it of orders",
            DeploymentPlan.For(Own(survey => survey with
            {
                Program = "0.9", ActiveUnits = [SystemdUnits.Agent],
            })).Refusals[0].What);
    }

    [Fact]
    public void A_copy_is_not_begun_with_another_version_of_PostgreSQL()
    {
        Assert.Equal(
            "orders has PostgreSQL 15, and here would be 16",
            Plan((_, survey) => new HostFinding.Found(survey), own: Own(survey => survey with { Postgres = [15, 16] }))
                .Refusals[0].What);
        Assert.Equal(
            "orders has PostgreSQL 15, and here would be what Debian GNU/Linux 13 brings",
            Plan((_, survey) => new HostFinding.Found(survey), own: Own(survey => survey with
            {
                Postgres = [], Platform = survey.Platform with { Name = "Debian GNU/Linux 13" },
            })).Refusals[0].What);
        Assert.Empty(
            Plan((_, survey) => new HostFinding.Found(survey), own: Own(survey => survey with { Postgres = [] }))
                .Refusals);
    }

    [Fact]
    public void Closed_hosts_let_the_other_cluster_ask_the_store_and_the_agents_and_no_more()
    {
        static HostFinding Closed(HostBlueprint host, HostSurvey survey) =>
            new HostFinding.Found(survey with { Firewall = HostFirewall.Ufw });

        var told = Plan(Closed);
        Assert.Equal(2, told.Notes.Length);
        Assert.Contains("what comes from far is let in by --open-firewall only", told.Notes[0]);

        var opened = Plan(Closed, own: Own(survey => survey, opensFirewall: true));
        Assert.Empty(opened.Notes);
        var first = Assert.IsType<HostStep.OpenFirewall>(opened.Hosts[0].Steps[1]).Opening;
        Assert.Equal(["10.1.0.1", "10.1.0.2"], first.Twins);
        Assert.Equal([2379, 7432], first.TwinPorts);
        Assert.Equal([7432], Assert.IsType<HostStep.OpenFirewall>(opened.Hosts[1].Steps[1]).Opening.TwinPorts);
        var script = FirewallScript.Of(HostFirewall.Ufw, first);
        Assert.Contains("ufw allow proto tcp from 10.1.0.2 to any port 2379 comment pgmahout\n", script);
        Assert.DoesNotContain("10.1.0.2 to any port 2380", script);
        Assert.Contains(
            "ip saddr 10.1.0.1 tcp dport '{ 2379, 7432 }'", FirewallScript.Of(HostFirewall.Nftables, first));
        // A later deployment of the other cluster alone lays the same rules.
        Assert.Equal(first.Twins, FirewallOpening.For(Orders, Orders.Hosts[0], Far).Twins);
    }
}
