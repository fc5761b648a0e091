using PgMahout.Core.Access;
using PgMahout.Core.Cluster;
using PgMahout.Postgres.Files;
using Xunit;

namespace PgMahout.Tests.Postgres;

public sealed class AuthenticationRulesTests
{
    private static readonly HbaDialect Dialect = new(15);

    [Fact]
    public void The_clusters_own_lines_are_right_and_come_first()
    {
        var file = HbaFile.Parse(AuthenticationRules.Render(PostgresSettings.OfA(), "local all all trust"), Dialect);

        Assert.True(file.IsUsable);
        Assert.Equal(HbaMethod.ScramSha256, file.Rules[0].Method);
        Assert.Equal(HbaMethod.Trust, file.Rules[^1].Method);
    }

    [Fact]
    public void Operator_line_that_no_server_takes_is_left_out_and_the_others_stay()
    {
        const string Lines = "host shop app 10.0.0.9/32 md5\nhost all all 10.0.0.0/8 md\nhost x y @z\nlocal a @f peer";

        var text = AuthenticationRules.Render(PostgresSettings.OfA(), Lines);

        var file = HbaFile.Parse(text, Dialect);
        Assert.True(file.IsUsable);
        Assert.Contains(
            "# left out: line 2, column 25: invalid authentication method \"md\"", text, StringComparison.Ordinal);
        Assert.Contains("# left out: line 4, column 9: could not open file \"f\"", text, StringComparison.Ordinal);
        Assert.Equal("host shop app 10.0.0.9/32 md5", file.Rules[^1].ToString());
    }

    [Fact]
    public void Other_members_may_replicate_and_rewind()
    {
        var file = HbaFile.Parse(AuthenticationRules.Render(PostgresSettings.OfA(), null), Dialect);
        var from = IpRange.Parse("10.0.0.2")!.Value;

        foreach (var login in new[]
        {
            LoginAttempt.Tcp(null, "pgmahout_replication", from), LoginAttempt.Tcp("postgres", "postgres", from),
        })
            Assert.Equal(ClientNeed.Password, HbaSimulation.Ask(file, login, Surroundings.Unknown).Need);
    }

    [Fact]
    public void A_proxy_on_a_host_without_a_member_comes_as_any_user_over_TLS()
    {
        var settings = PostgresSettings.OfA() with { Proxies = ["10.0.0.9"], CertificateDirectory = "/certs" };

        var line = Assert.Single(
            AuthenticationRules.Render(settings, null).Split('\n'),
            line => line.Contains("10.0.0.9/32", StringComparison.Ordinal));

        Assert.Equal(
            ["hostssl", "all", "all", "10.0.0.9/32", "scram-sha-256"],
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Servers_of_the_other_region_come_over_TLS_and_as_nobody_but_the_clusters_own_roles()
    {
        var twin = new RegionTwin("far", [new RegionServer("10.1.0.1", 5432)], null);
        var settings = PostgresSettings.OfA() with
        {
            Region = new Region(1, RegionRole.Leads, RegionSide.First, twin), CertificateDirectory = "/certs",
        };

        var lines = AuthenticationRules.Render(settings, null).Split('\n')
            .Where(line => line.Contains("10.1.0.1/32", StringComparison.Ordinal))
            .Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)));

        Assert.Equal(
            [
                "hostssl replication pgmahout_replication 10.1.0.1/32 scram-sha-256",
                "hostssl all postgres 10.1.0.1/32 scram-sha-256",
            ],
            lines);
    }

    [Fact]
    public void On_several_hosts_nobody_replicates_in_clear_and_proxies_come_as_anybody()
    {
        var settings = PostgresSettings.OfA() with { CertificateDirectory = "/certs" };
        var file = HbaFile.Parse(AuthenticationRules.Render(settings, null), Dialect);
        var from = IpRange.Parse("10.0.0.2")!.Value;

        Assert.Equal(ClientNeed.Impossible, Need(LoginAttempt.Tcp(null, "pgmahout_replication", from)));
        Assert.Equal(ClientNeed.Password, Need(LoginAttempt.Tcp(null, "pgmahout_replication", from, tls: true)));
        Assert.Equal(ClientNeed.Password, Need(LoginAttempt.Tcp("shop", "app", from)));

        ClientNeed Need(LoginAttempt login) => HbaSimulation.Ask(file, login, Surroundings.Unknown).Need;
    }

    /// <summary>As Debian writes it.</summary>
    private const string Debian =
        """
        local   all             postgres                                peer
        local   all             all                                     peer
        host    all             all             127.0.0.1/32            trust
        host    shop            app             10.0.0.0/24             md5
        local   replication     all                                     peer
        """;

    [Fact]
    public void Clients_of_an_adopted_server_get_in_as_before()
    {
        var settings = PostgresSettings.OfA() with { CertificateDirectory = "/certs" };
        var before = HbaFile.Parse(Debian, Dialect);
        var after = HbaFile.Parse(AuthenticationRules.Render(settings, null, Debian), Dialect);

        foreach (var login in new[]
        {
            LoginAttempt.Local("postgres", "postgres"), LoginAttempt.Local("shop", "app"),
            LoginAttempt.Local(null, "postgres"),
            LoginAttempt.Tcp("shop", "app", IpRange.Parse("127.0.0.1")!.Value),
            LoginAttempt.Tcp("shop", "postgres", IpRange.Parse("127.0.0.1")!.Value),
            LoginAttempt.Tcp("shop", "app", IpRange.Parse("10.0.0.2")!.Value, tls: true),
        })
            Assert.Equal(
                HbaSimulation.Ask(before, login, Surroundings.Unknown).Rule!.Method,
                HbaSimulation.Ask(after, login, Surroundings.Unknown).Rule!.Method);
        Assert.Equal(ClientNeed.Password, HbaSimulation.Ask(
            after, LoginAttempt.Tcp(null, "pgmahout_replication", IpRange.Parse("10.0.0.2")!.Value, tls: true),
            Surroundings.Unknown).Need);
    }

    [Fact]
    public void A_server_that_shuts_its_superuser_out_lets_the_cluster_in_nevertheless()
    {
        var text = AuthenticationRules.Render(
            PostgresSettings.OfA(), null, "local all all reject\nhost all all all reject\n");

        Assert.Equal(ClientNeed.Password, HbaSimulation.Ask(
            HbaFile.Parse(text, Dialect), LoginAttempt.Local("postgres", "postgres"), Surroundings.Unknown).Need);
    }
}
