using PgMahout.Core.Access;
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
}
