using PgMahout.Core.Access;
using Xunit;

namespace PgMahout.Tests.Access;

public sealed class HbaReviewTests
{
    [Fact]
    public void Trust_from_a_network_is_a_danger_and_needs_no_ssh_key()
    {
        var advice = Assert.Single(HbaReview.Of(Rules.Of("host all all 172.23.13.0/24 trust"), null));

        Assert.Equal(AdviceWeight.Danger, advice.Weight);
        Assert.Contains("no SSH key", advice.Text, StringComparison.Ordinal);
        Assert.Contains("superuser included", advice.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("host all all 0.0.0.0/0 scram-sha-256", AdviceWeight.Warning, "whole internet")]
    [InlineData("host all all ::/0 scram-sha-256", AdviceWeight.Warning, "whole internet")]
    [InlineData("host all all all scram-sha-256", AdviceWeight.Warning, "whole internet")]
    [InlineData("host all all 10.0.0.0/8 password", AdviceWeight.Danger, "as it is")]
    [InlineData("host all all 10.0.0.0/8 md5", AdviceWeight.Note, "deprecated")]
    [InlineData("local all all trust", AdviceWeight.Warning, "superuser")]
    [InlineData("host all all 127.0.0.1/32 trust", AdviceWeight.Warning, "on this machine")]
    [InlineData("host all all 10.0.0.0/8 ident", AdviceWeight.Warning, "ident server")]
    [InlineData("hostssl all all 10.0.0.0/8 scram-sha-256", AdviceWeight.Warning, "ssl = off")]
    [InlineData("host all all 172.23.13.5/24 scram-sha-256", AdviceWeight.Note, "172.23.13.0/24")]
    [InlineData("host all all 10.0.0.0 255.0.255.0 scram-sha-256", AdviceWeight.Warning, "not a prefix")]
    [InlineData("host all all 10.0.0.256 scram-sha-256", AdviceWeight.Warning, "host name")]
    [InlineData("host ALL x 10.0.0.0/8 scram-sha-256", AdviceWeight.Warning, "lower case")]
    [InlineData("host all replication 10.0.0.0/8 scram-sha-256", AdviceWeight.Note, "replication is none")]
    public void Rule_is_pointed_out(string line, AdviceWeight weight, string word)
    {
        var advice = Assert.Single(HbaReview.Of(Rules.Of(line), tls: false));

        Assert.Equal(weight, advice.Weight);
        Assert.Contains(word, advice.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("host all all 10.0.0.0/8 scram-sha-256")]
    [InlineData("local all all peer")]
    [InlineData("host all all all reject")]
    [InlineData("hostssl all all 10.0.0.0/8 cert")]
    [InlineData("local all app trust")]
    public void Rule_is_left_in_peace(string line) => Assert.Empty(HbaReview.Of(Rules.Of(line), tls: true));

    [Theory]
    [InlineData("host all all 10.0.0.0/8 md5", "host db ann 10.1.0.0/16 md5", true)]
    [InlineData("host all all 10.0.0.0/8 md5", "hostssl db ann 10.1.2.3/32 cert", true)]
    [InlineData("hostssl all all all cert", "host all all all md5", false)]
    [InlineData("host all all all md5", "host replication all all md5", false)]
    [InlineData("host replication all all md5", "host replication r 10.0.0.0/8 md5", true)]
    [InlineData("host a,b all all md5", "host a all all md5", true)]
    [InlineData("host a all all md5", "host a,b all all md5", false)]
    [InlineData("host samerole all all md5", "host sameuser all all md5", true)]
    [InlineData("host \"all\" all all md5", "host db all all md5", false)]
    [InlineData("host all all 10.1.0.0/16 md5", "host all all 10.0.0.0/8 md5", false)]
    [InlineData("host all all samenet md5", "host all all samehost md5", true)]
    [InlineData("local all all peer", "host all all all md5", false)]
    [InlineData("local all all peer", "local db ann trust", true)]
    public void Shadow_falls_on_what_is_wholly_covered(string earlier, string later, bool shadowed)
    {
        var rules = Rules.Of(earlier, later).Rules;

        Assert.Equal(shadowed, HbaReview.Shadows(rules[0], rules[1]));
    }

    [Fact]
    public void Shadowed_rule_names_the_line_that_decides()
    {
        var advice = HbaReview.Of(
            Rules.Of("local all all peer", "host all all all reject", "host all ann 10.0.0.0/8 scram-sha-256"), null);

        Assert.Contains("line 2 (host all all all reject)", Assert.Single(advice).Text, StringComparison.Ordinal);
    }
}
