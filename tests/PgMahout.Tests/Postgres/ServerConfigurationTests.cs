using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Observation;
using Xunit;

namespace PgMahout.Tests.Postgres;

public sealed class ServerConfigurationTests
{
    private static readonly AssignedRole Following =
        new(PostgresSettings.B.Name, SynchronousSet.Of(1, [PostgresSettings.B.Name, PostgresSettings.C.Name]));

    [Fact]
    public void Role_is_read_back_as_it_was_written()
    {
        var text = Render(Following);

        Assert.Equal(Following, ServerConfiguration.ReadAssignedRole(text));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("primary_conninfo = 'host=elsewhere'")]
    public void Text_that_is_not_ours_follows_nobody(string? text)
    {
        Assert.Equal(AssignedRole.Alone, ServerConfiguration.ReadAssignedRole(text));
    }

    [Fact]
    public void Tuning_stands_before_what_the_cluster_rules_so_that_it_cannot_win()
    {
        var text = Render(Following);

        Assert.Contains("shared_buffers = '1GB'\n", text);
        Assert.True(text.IndexOf("fsync = 'off'", StringComparison.Ordinal)
            < text.IndexOf("fsync = 'on'", StringComparison.Ordinal));
    }

    [Fact]
    public void Password_is_nowhere_in_it()
    {
        var text = Render(Following);

        Assert.DoesNotContain("secret", text);
        Assert.DoesNotContain("hidden", text);
    }

    [Fact]
    public void What_a_member_on_another_host_would_say_can_be_foretold_here()
    {
        var elsewhere = PostgresSettings.OfA() with { MemberDirectory = "/not/on/this/host" };

        Assert.True(ConfigurationPreview.Chosen(elsewhere).ContainsKey("max_slot_wal_keep_size"));
    }

    [Fact]
    public void On_several_hosts_members_replicate_over_TLS_and_know_whom_they_believe()
    {
        var settings = PostgresSettings.OfA() with { CertificateDirectory = "/certs" };

        var value = PrimaryConnInfo.Render(settings, PostgresSettings.C);
        var text = ServerConfiguration.Render(
            settings, new AssignedRole(null, SynchronousSet.Nobody), ByteSize.Megabytes(1000));

        Assert.EndsWith(
            "sslmode=verify-ca sslrootcert=/certs/ca.crt sslcert=/certs/host.crt sslkey=/certs/host.key", value,
            StringComparison.Ordinal);
        Assert.Contains("ssl = 'on'\nssl_cert_file = '/certs/host.crt'\nssl_key_file = '/certs/host.key'\n", text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_other_region_is_followed_wherever_its_primary_is_and_through_one_slot()
    {
        var twin = new RegionTwin(
            "far", [new RegionServer("10.0.0.1", 5432), new RegionServer("10.0.0.2", 5433)], null);
        var settings = PostgresSettings.OfA() with
        {
            Region = new Region(4, RegionRole.Follows, RegionSide.Second, twin),
        };

        var value = PrimaryConnInfo.Render(settings, twin);
        var text = ServerConfiguration.Render(
            settings, new AssignedRole(Region.Upstream, SynchronousSet.Nobody), ByteSize.Megabytes(1000));

        Assert.StartsWith("host='10.0.0.1,10.0.0.2' port='5432,5433' ", value, StringComparison.Ordinal);
        Assert.Contains(" target_session_attrs=read-write", value, StringComparison.Ordinal);
        // Were it the member's own name, the member of that name there would seem to confirm commits.
        Assert.Contains($" application_name=pgmahoutregion_{settings.Name} ", value, StringComparison.Ordinal);
        Assert.Equal(Region.Upstream, PrimaryConnInfo.Target(value, settings));
        var near = PrimaryConnInfo.Render(settings, PostgresSettings.C);
        Assert.Equal(PostgresSettings.C.Name, PrimaryConnInfo.Target(near, settings));
        Assert.Contains("primary_slot_name = 'pgmahoutregion_standby'\n", text, StringComparison.Ordinal);
        Assert.Contains("pgmahout.region_term = '4'\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_other_region_is_believed_by_its_own_authority()
    {
        var twin = new RegionTwin("far", [new RegionServer("10.0.0.1", 5432)], null);
        var settings = PostgresSettings.OfA() with
        {
            Region = new Region(4, RegionRole.Follows, RegionSide.Second, twin),
            CertificateDirectory = "/certs",
            TwinCertificateDirectory = "/region/certs",
        };

        var value = PrimaryConnInfo.Render(settings, twin);

        Assert.EndsWith(
            "sslmode=verify-ca sslrootcert=/region/certs/ca.crt sslcert=/region/certs/host.crt "
            + "sslkey=/region/certs/host.key", value, StringComparison.Ordinal);
        Assert.Contains("Root Certificate=/region/certs/ca.crt", ConnectionText.Abroad(settings, "10.0.0.1", 5432));
        Assert.DoesNotContain("Root Certificate", ConnectionText.Remote(settings, "10.0.0.1", 5432));
    }

    [Fact]
    public void Upstream_is_recognised_in_the_setting_that_names_it()
    {
        var settings = PostgresSettings.OfA();
        var value = PrimaryConnInfo.Render(settings, PostgresSettings.C);

        Assert.Equal(PostgresSettings.C.Name, PrimaryConnInfo.Target(value, settings.Others));
        Assert.Null(PrimaryConnInfo.Target("", settings.Others));
        Assert.Contains("passfile='/nowhere/a b/replication.pgpass'", value);
    }

    [Fact]
    public void Operator_lines_of_authentication_come_last()
    {
        var text = AuthenticationRules.Render(PostgresSettings.OfA(), "host all all 0.0.0.0/0 reject\n");

        Assert.EndsWith("host all all 0.0.0.0/0 reject\n", text);
        Assert.Contains("10.0.0.2/32", text);
        Assert.Contains("db-c.example", text);
        Assert.DoesNotContain("trust", text);
    }

    [Theory]
    [InlineData("port = '5433'", true)]
    [InlineData("primary_conninfo = ''", true)]
    [InlineData("work_mem = '8MB'", false)]
    [InlineData("# port", false)]
    public void Only_what_the_cluster_rules_is_taken_out_of_system_settings(string line, bool reserved)
    {
        Assert.Equal(reserved, ServerFiles.IsReserved(line));
    }

    [Fact]
    public void Password_file_escapes_what_separates_its_fields()
    {
        Assert.Equal("h:1:d:u:a\\:b\\\\c\n", SecretFiles.PassFileLine("h", "1", "d", "u", "a:b\\c"));
    }

    private static string Render(AssignedRole role) =>
        ServerConfiguration.Render(PostgresSettings.OfA(), role, ByteSize.Gigabytes(100));

    [Fact]
    public void What_is_only_suggested_comes_before_an_adopted_servers_own_lines()
    {
        var settings = PostgresSettings.OfA() with
        {
            Desired = ImmutableSortedDictionary<string, string>.Empty.Add("work_mem", "8MB"),
            StandbyMinimums = ImmutableSortedDictionary<string, int>.Empty.Add("max_connections", 300),
        };

        var ruled = ServerConfiguration.Render(settings, Following, ByteSize.Gigabytes(100), apart: true);
        var suggested = ServerConfiguration.RenderDefaults(settings, ByteSize.Gigabytes(100));

        Assert.Contains("shared_buffers = '1GB'", suggested, StringComparison.Ordinal);
        Assert.DoesNotContain("shared_buffers", ruled, StringComparison.Ordinal);
        Assert.DoesNotContain("logging_collector", ruled, StringComparison.Ordinal);
        foreach (var line in new[] { "work_mem = '8MB'", "max_connections = '300'", "primary_conninfo" })
            Assert.Contains(line, ruled, StringComparison.Ordinal);
    }

    [Fact]
    public void An_adopted_server_listens_where_it_did()
    {
        var settings = PostgresSettings.OfA() with
        {
            FormerReach = new FormerReach(["localhost", "10.0.0.7"], ["/var/run/postgresql"]),
        };

        var text = ServerConfiguration.Render(settings, Following, ByteSize.Gigabytes(100));

        Assert.Contains("listen_addresses = 'localhost,10.0.0.7,10.0.0.1'", text, StringComparison.Ordinal);
        Assert.Contains(
            "unix_socket_directories = '/nowhere/run, /var/run/postgresql'", text, StringComparison.Ordinal);
        Assert.Equal("*", new FormerReach(["*"], []).Listening("10.0.0.1"));
    }
}
