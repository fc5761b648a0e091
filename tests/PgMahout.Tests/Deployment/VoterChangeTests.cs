using System.Collections.Immutable;
using PgMahout.Core.Deployment;
using PgMahout.Core.Installation;
using PgMahout.Deploying;
using Xunit;

namespace PgMahout.Tests.Deployment;

/// <summary>Who keeps the store of a cluster that is there already.</summary>
public sealed class VoterChangeTests
{
    private static readonly HostSurvey Bare = new() { Platform = Platform.Read("", [], "x86_64", true) };

    private static Blueprint Of(string hosts, string more = "") => BlueprintReader.Read(YamlDocument.Read(
        new StringReader(
            "cluster: orders\nhosts:\n"
            + string.Concat(hosts.Split(' ').Select(name =>
                $"  - {{ name: {name}, address: 10.0.0.{name[^1]}{(name[0] == 'w' ? "9, role: witness" : "")} }}\n"))
            + more))).Blueprint!;

    private static string Voting(Blueprint blueprint) =>
        string.Join(' ', blueprint.Hosts.Where(blueprint.RunsEtcd).Select(host => host.Name));

    /// <summary>What a host says on which <paramref name="deployed"/> was deployed.</summary>
    private static HostSurvey Deployed(Blueprint deployed) =>
        Bare with { HostFile = HostDocument.Text(deployed, deployed.Hosts[0]), HasEtcdData = true };

    private static KnownVoter Voter(string name, bool isLearner = false, bool isStarted = true) =>
        new(name[^1], isStarted ? name : "", $"https://10.0.0.{name[^1]}:2380", isLearner);

    private static DeploymentQuestion Question(
        Blueprint blueprint, IEnumerable<KnownVoter> known, params string[] withoutData) => new(
        blueprint,
        blueprint.Hosts.ToImmutableSortedDictionary(
            host => host.Name,
            host => (HostFinding)new HostFinding.Found(
                Bare with { HasEtcdData = !withoutData.Contains(host.Name) })),
        new DeploymentGoods("", "", "", ImmutableSortedDictionary<string, HostGoods>.Empty), OpensFirewall: false)
    {
        Voters = [.. known],
    };

    private static string Steps(DeploymentQuestion question) => string.Join(
        "; ", question.Blueprint.Hosts.SelectMany(host =>
            VoterChange.Steps(question, host).Select(step => $"{host.Name} {step.Title}")));

    [Fact]
    public void Hosts_that_keep_etcd_go_on_when_others_come_that_would_have_been_chosen_before_them()
    {
        var three = Of("d1 d2 d3");

        Assert.Equal("d1 d2 d3", Voting(Voters.Keep(Of("d1 d2 d3 d4 d5"), [Deployed(three), Bare])));
        Assert.Equal("d1 d2 d3", Voting(Voters.Keep(Of("d1 d2 d3 w4"), [Deployed(three)])));
    }

    [Fact]
    public void A_host_comes_in_the_place_of_one_that_is_gone()
    {
        var three = Of("d1 d2 d3");

        Assert.Equal("d2 d3 d4", Voting(Voters.Keep(Of("d2 d3 d4 d5"), [Deployed(three)])));
        Assert.Equal("d2 d3 w4", Voting(Voters.Keep(Of("d2 d3 d5 w4"), [Deployed(three)])));
    }

    [Fact]
    public void Nobody_leaves_where_an_even_number_is_left_and_the_next_host_makes_it_odd()
    {
        var two = Voters.Keep(Of("d2 d3"), [Deployed(Of("d1 d2 d3"))]);

        Assert.Equal("d2 d3", Voting(two));
        Assert.Equal("d2 d3 d4", Voting(Voters.Keep(Of("d2 d3 d4 d5"), [Deployed(two)])));
    }

    [Fact]
    public void What_the_file_says_goes_before_what_is_there()
    {
        var asked = Of("d1 d2 d3 d4 d5", "etcd: [d1, d2, d3, d4, d5]\n");

        Assert.Equal("d1 d2 d3 d4 d5", Voting(Voters.Keep(asked, [Deployed(Of("d1 d2 d3"))])));
    }

    [Fact]
    public void Nothing_is_done_where_etcd_has_the_members_that_are_wanted() =>
        Assert.Equal("", Steps(Question(Of("d1 d2 d3"), [Voter("d1"), Voter("d2"), Voter("d3")])));

    [Fact]
    public void New_hosts_come_before_others_leave()
    {
        var moved = Question(Of("d1 d2 d3 d4", "etcd: [d1, d2, d4]\n"), [Voter("d1"), Voter("d2"), Voter("d3")], "d4");

        Assert.Equal("d3 leave etcd; d4 join etcd", Steps(moved));
        Assert.True(DeploymentStage.NewVoters < DeploymentStage.FormerVoters);
    }

    [Fact]
    public void A_host_that_forgot_that_it_voted_gets_another_number()
    {
        var wiped = Question(Of("d1 d2 d3"), [Voter("d1"), Voter("d2"), Voter("d3")], "d2");

        Assert.Equal("d2 join etcd, in place of its former member", Steps(wiped));
    }

    [Fact]
    public void A_change_that_was_interrupted_is_gone_on_with()
    {
        var known = new[] { Voter("d1"), Voter("d2") };

        var added = Question(Of("d1 d2 d3"), [.. known, Voter("d3", isLearner: true, isStarted: false)], "d3");
        var started = Question(Of("d1 d2 d3"), [.. known, Voter("d3", isLearner: true)]);

        Assert.Equal("d3 join etcd, in place of its former member", Steps(added));
        Assert.Equal("d3 vote in etcd", Steps(started));
    }

    [Fact]
    public void A_voter_that_is_not_in_the_file_is_not_taken_for_lost()
    {
        var question = Question(Of("d2 d3 d4"), [Voter("d1"), Voter("d2"), Voter("d3")], "d4");

        var refusal = Assert.Single(VoterChange.Refusals(question));
        Assert.Equal("d1", refusal.Host);
        Assert.Contains("deploy remove d1 --lost", refusal.Next, StringComparison.Ordinal);
        Assert.Empty(VoterChange.Refusals(question with { Voters = null }));
    }

    [Fact]
    public void A_member_that_joins_is_told_of_all_the_others_and_that_they_are_there()
    {
        var blueprint = Of("d2 d3 d4");
        var settings = EtcdSettingsText.Of(blueprint, blueprint.Find("d4")!, "x86_64");

        var joining = EtcdSettingsText.Joining(
            settings, "d4", "https://10.0.0.4:2380",
            [Voter("d1"), Voter("d2"), Voter("d4", isLearner: true, isStarted: false)]);

        Assert.Contains(
            "\nETCD_INITIAL_CLUSTER=d1=https://10.0.0.1:2380,d2=https://10.0.0.2:2380,d4=https://10.0.0.4:2380\n",
            joining, StringComparison.Ordinal);
        Assert.Contains("\nETCD_INITIAL_CLUSTER_STATE=existing\n", joining, StringComparison.Ordinal);
        Assert.Equal(settings.Split('\n').Length, joining.Split('\n').Length);
        Assert.Equal(
            2, settings.Split('\n').Zip(joining.Split('\n')).Count(pair => pair.First != pair.Second));
    }
}
