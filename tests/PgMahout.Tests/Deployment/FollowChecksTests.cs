using PgMahout.Core.Deployment;
using PgMahout.Deploying;
using Xunit;

namespace PgMahout.Tests.Deployment;

public sealed class FollowChecksTests
{
    private const string Followed =
        """
        cluster: orders
        postgres: 15
        repository: s3://bucket/orders
        virtual_ip: { address: 10.0.0.100/24, interface: host0 }
        hosts:
          - { name: db1, address: 10.0.0.1 }
          - { name: db2, address: 10.0.0.2 }
          - { name: db3, address: 10.0.0.3 }
        """;

    private const string Following =
        """
        cluster: far
        follows: ../orders/cluster.yml
        hosts:
          - { name: db1, address: 10.1.0.1 }
          - { name: db2, address: 10.1.0.2 }
          - { name: db3, address: 10.1.0.3 }
        """;

    private static BlueprintReading Read(string text) =>
        BlueprintReader.Read(YamlDocument.Read(new StringReader(text)));

    private static BlueprintReading Judge(string following, string followed = Followed) =>
        FollowChecks.Judge(Read(following), Read(followed));

    private static string[] Said(string following, string followed = Followed)
    {
        var reading = Judge(following, followed);
        Assert.Null(reading.Blueprint);
        return [.. reading.Errors.Select(finding => finding.Text("far.yml"))];
    }

    [Fact]
    public void A_cluster_may_follow_one_with_members_of_the_same_names_and_has_its_version_of_PostgreSQL()
    {
        var reading = Judge(Following);

        Assert.Empty(reading.Findings);
        Assert.Equal("../orders/cluster.yml", reading.Blueprint!.Follows);
        Assert.Equal(15, reading.Blueprint.Postgres);
    }

    [Fact]
    public void Everything_that_keeps_two_clusters_from_being_a_pair_is_told_at_once_and_where()
    {
        var said = Said(
            """
            cluster: orders
            postgres: 16
            repository: s3://bucket/orders
            follows: ../orders/cluster.yml
            hosts:
              - { name: db1, address: 10.0.0.2 }
              - { name: other_region, address: 10.0.0.100 }
              - { name: db3, address: 10.1.0.3, adopt: { data: /data } }
            """);

        Assert.All(said, text => Assert.StartsWith("far.yml:4:10: ", text, StringComparison.Ordinal));
        Assert.Equal(
            [
                "both clusters are called orders",
                "orders is to have PostgreSQL 16 and orders has 15; a copy needs the same",
                "both clusters have the repository s3://bucket/orders, and would write over each other's WAL",
                "10.0.0.2 is db1 here and db2 of orders",
                "10.0.0.100 is other_region here and the virtual address of orders",
                "a host of orders is called other_region, as a standby leader calls the other cluster",
                "db3 is to adopt a server, and a cluster that follows begins as a copy of the other one",
            ],
            said.Select(text => text["far.yml:4:10: ".Length..]));
    }

    [Fact]
    public void A_third_cluster_cannot_follow() =>
        Assert.Contains(
            "orders follows another cluster itself (third.yml)",
            Assert.Single(Said(Following, "follows: third.yml\n" + Followed)), StringComparison.Ordinal);

    [Fact]
    public void A_file_with_mistakes_or_none_at_all_cannot_be_followed()
    {
        Assert.Contains(
            "far.yml:2:10: ../orders/cluster.yml has mistakes: ../orders/cluster.yml:1:1:",
            Assert.Single(Said(Following, "clusters" + Followed["cluster".Length..] + "\ncluster: orders")),
            StringComparison.Ordinal);
        var missing = FollowChecks.Unreadable(Read(Following), "no such file");
        Assert.Equal(
            "far.yml:2:10: '../orders/cluster.yml' cannot be read: no such file",
            Assert.Single(missing.Errors).Text("far.yml"));
    }

    [Fact]
    public void What_is_wrong_with_the_file_itself_is_told_with_it()
    {
        var said = Said(Following.Replace("10.1.0.3", "here", StringComparison.Ordinal), "follows: x\n" + Followed);

        Assert.Equal(2, said.Length);
        Assert.StartsWith("far.yml:2:10: ", said[0], StringComparison.Ordinal);
        Assert.StartsWith("far.yml:6:", said[1], StringComparison.Ordinal);
    }
}
