using PgMahout.Core.Access;
using Xunit;

namespace PgMahout.Tests.Access;

public sealed class HbaFileTests
{
    [Fact]
    public void The_line_that_took_a_server_down_for_hours_is_explained()
    {
        var file = Rules.Of(
            "# for repmgr",
            "local           replication             repmgr                                   peer",
            "host            replication             repmgr          172.23.13.0/24           md");

        var error = Assert.Single(file.Errors);

        Assert.Equal(
            "line 3, column 82: invalid authentication method \"md\": did you mean md5?", error.ToString());
        Assert.False(file.IsUsable);
    }

    [Theory]
    [InlineData("host all all 127.0.0.1/32 tust", "did you mean trust?")]
    [InlineData("hosts all all 127.0.0.1/32 trust", "did you mean host?")]
    [InlineData("host all all 127.0.0.1/32 scram-sha256", "did you mean scram-sha-256?")]
    [InlineData("host all all 127.0.0.1/32 SCRAM-SHA-256", "did you mean scram-sha-256?")]
    [InlineData("host all all 127.0.0.1 trust", "127.0.0.1/32 is that one alone")]
    [InlineData("host all all 127.0.0.1", "127.0.0.1/32 is that one alone")]
    [InlineData("host all 172.23.13.0/24 trust", "172.23.13.0/24 stands where the user belongs")]
    [InlineData("host 172.23.13.0/24 trust", "172.23.13.0/24 stands where the database belongs")]
    [InlineData("local all all 127.0.0.1/32 trust", "a local line has no address")]
    [InlineData("host all all 127.0.0.1/32 peer", "scram-sha-256")]
    [InlineData("host all all all cert", "write hostssl first")]
    [InlineData("host all all 10.0.0.256/24 md5", "10.0.0.256 is not an IP address")]
    [InlineData("host all all 10.0.0.0/33 md5", "from 0 to 32")]
    [InlineData("host all all all trust no password", "a comment begins with #")]
    [InlineData("host all all all ident mpa=x", "did you mean map?")]
    [InlineData("host all all all oauth", "from PostgreSQL 18 on")]
    [InlineData("include other.conf", "from PostgreSQL 16 on")]
    public void A_mistake_comes_with_what_was_probably_meant(string line, string suggestion)
    {
        var error = Assert.Single(Rules.Of(line).Errors);

        Assert.Contains(suggestion, error.Suggestion, StringComparison.Ordinal);
    }

    [Fact]
    public void Column_is_that_of_the_wrong_word_also_on_a_continued_line()
    {
        var error = Assert.Single(Rules.Of("# first", "host all all \\", "  10.0.0.0/8 md").Errors);

        Assert.Equal((3, 14), (error.Line, error.Column));
    }

    [Fact]
    public void Quoted_keyword_is_a_name()
    {
        var rule = Assert.Single(Rules.Of("local \"all\",replication all peer").Rules);

        Assert.False(rule.Databases[0].IsKeyword("all"));
        Assert.True(rule.Databases[1].IsKeyword("replication"));
        Assert.Equal("local \"all\",replication all peer", rule.ToString());
    }

    [Fact]
    public void Ident_on_a_unix_socket_is_peer() =>
        Assert.Equal(HbaMethod.Peer, Assert.Single(Rules.Of("local all all ident").Rules).Method);

    [Theory]
    [InlineData(15, HbaMethod.Trust, false)]
    [InlineData(16, HbaMethod.Trust, true)]
    public void Slash_begins_a_regular_expression_from_version_16_on(int version, HbaMethod method, bool pattern)
    {
        var rule = Assert.Single(Rules.For(version, "local \"/^db[0-9]+$\" all trust").Rules);

        Assert.Equal(method, rule.Method);
        Assert.Equal(pattern, rule.Databases[0].IsPattern);
    }

    [Fact]
    public void Broken_regular_expression_is_refused_from_version_16_on()
    {
        Assert.Empty(Rules.For(15, "local /( all trust").Errors);
        Assert.Single(Rules.For(16, "local /( all trust").Errors);
    }

    [Theory]
    [InlineData("include other.conf", HbaInclude.File)]
    [InlineData("include_if_exists other.conf", HbaInclude.FileIfThere)]
    [InlineData("include_dir other.conf", HbaInclude.Directory)]
    public void Includes_are_known_from_version_16_on(string line, HbaInclude kind)
    {
        var include = Assert.IsType<HbaEntry.Include>(Assert.Single(Rules.For(16, line).Entries));

        Assert.Equal((kind, "other.conf"), (include.Kind, include.Path));
    }

    [Fact]
    public void File_without_a_rule_is_not_usable() => Assert.False(Rules.Of("# nothing").IsUsable);

    [Theory]
    [InlineData("172.23.13.0/24", "172.23.13.0/24")]
    [InlineData("172.23.13.5", "172.23.13.5")]
    [InlineData("127.1", "127.0.0.1")]
    [InlineData("0x7f.0.0.01", "127.0.0.1")]
    [InlineData("::/0", "::/0")]
    [InlineData("2001:DB8:0:0:1::1", "2001:db8::1:0:0:1")]
    [InlineData("::ffff:10.0.0.1/128", "::ffff:a00:1")]
    [InlineData("fe80::1%eth0/64", "fe80::/64")]
    public void Addresses_are_read_as_the_resolver_reads_them(string written, string read) =>
        Assert.Equal(read, Rules.Network(written).ToString());

    [Theory]
    [InlineData("172.23.13.0/33")]
    [InlineData("172.23.13.256")]
    [InlineData("1.2.3.4.5")]
    [InlineData("08.1.1.1")]
    [InlineData("::1::")]
    [InlineData("1:2:3:4:5:6:7:8:9")]
    [InlineData("localhost")]
    [InlineData("")]
    public void What_is_no_address_is_not_one(string written) => Assert.Null(IpRange.Parse(written));

    [Fact]
    public void Filter_keeps_what_a_server_takes_and_comments_the_rest_out()
    {
        var filter = HbaFilter.Apply(
            "# mine\nhost all all \\\n  all md\nlocal @there all peer\nlocal @gone all peer \\\n",
            new HbaDialect(15), path => path == "there");

        Assert.Equal(
            [
                "# mine",
                "# left out: line 3, column 7: invalid authentication method \"md\": did you mean md5?",
                "# left out: (continued)",
                "local @there all peer",
                "# left out: line 5, column 7: could not open file \"gone\"",
                "",
            ],
            filter.Text.Split('\n'));
        Assert.Equal([3, 5], filter.LeftOut.Select(error => error.Line));
        Assert.Empty(HbaFile.Parse(filter.Text + "local all all peer", new HbaDialect(15)).Errors);
    }
}
