using PgMahout.Core.Installation;
using PgMahout.Installing;
using Xunit;

namespace PgMahout.Tests.Installation;

public sealed class InstallPlanTests
{
    private static readonly Platform Debian =
        new("Debian GNU/Linux 12 (bookworm)", PackageTool.Apt, 12, "x86_64", HasSystemd: true);

    private static readonly Platform Rocky = new("Rocky Linux 9.4", PackageTool.Dnf, 9, "x86_64", HasSystemd: true);
    private static readonly Platform CentOs = new("CentOS Linux 7 (Core)", PackageTool.Yum, 7, "x86_64", true);

    private static readonly InstallRequest Fifteen =
        new(15, Pgdg: false, AtBoot: true, 3, "/var/lib/pgmahout", "/opt/pgmahout/pgmahout");

    private static readonly InstalledServer Present = new(15, "15.18", "/usr/lib/postgresql/15/bin");

    [Fact]
    public void Debians_default_cluster_is_switched_off_before_the_server_comes()
    {
        var script = Script(Debian, Fifteen);

        var off = script.IndexOf("create_main_cluster = false", StringComparison.Ordinal);
        var server = script.IndexOf("install postgresql-15", StringComparison.Ordinal);
        Assert.InRange(off, 0, server);
    }

    [Theory]
    [InlineData(15, "install postgresql-15")]
    [InlineData(null, "install postgresql\n")]
    public void Debians_server_is_the_asked_one_or_the_distributions(int? major, string expected) =>
        Assert.Contains(expected, Script(Debian, Fifteen with { Major = major }) + "\n");

    [Fact]
    public void Debian_takes_the_projects_repository_by_its_own_script() =>
        Assert.Contains(
            "/usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y",
            Script(Debian, Fifteen with { Major = 18, Pgdg = true }));

    [Fact]
    public void Rocky_chooses_the_module_of_the_version()
    {
        var script = Script(Rocky, Fifteen);

        Assert.Contains("dnf -q -y module enable postgresql:15", script);
        Assert.Contains("dnf install -y postgresql-server postgresql-contrib", script);
    }

    [Fact]
    public void Rocky_disables_the_module_that_hides_the_projects_packages()
    {
        var script = Script(Rocky, Fifteen with { Major = 17, Pgdg = true });

        Assert.Contains("EL-9-x86_64/pgdg-redhat-repo-latest.noarch.rpm", script);
        Assert.Contains("dnf -q -y module disable postgresql", script);
        Assert.Contains("dnf install -y postgresql17-server postgresql17-contrib", script);
    }

    [Fact]
    public void CentOs_seven_has_yum_and_no_modules()
    {
        var script = Script(CentOs, Fifteen with { Major = 14, Pgdg = true });

        Assert.Contains("yum install -y https://download.postgresql.org/pub/repos/yum/reporpms/EL-7-x86_64/", script);
        Assert.Contains("yum install -y postgresql14-server postgresql14-contrib", script);
        Assert.DoesNotContain("module", script);
    }

    [Fact]
    public void What_was_never_run_is_said() => Assert.Contains("never run by the authors", Script(Rocky, Fifteen));

    [Theory]
    [InlineData(15)]
    [InlineData(null)]
    public void A_server_that_is_there_is_used(int? major)
    {
        var script = Script(Debian, Fifteen with { Major = major }, Present);

        Assert.DoesNotContain("apt-get", script);
        Assert.Contains("15.18 is installed already", script);
        Assert.Contains("pgmahout up --detach --home /var/lib/pgmahout --members 3", script);
    }

    [Fact]
    public void The_asked_version_is_the_one_that_the_cluster_is_made_with_and_started_with_at_boot()
    {
        var newer = new InstalledServer(17, "17.4", "/usr/lib/postgresql/17/bin");

        var script = Script(Debian, Fifteen, newer, Present);

        Assert.Contains("/usr/lib/postgresql/15/bin /opt/pgmahout/pgmahout up", script);
        Assert.Contains("Environment=PGMAHOUT_", script);
    }

    [Fact]
    public void A_server_of_another_version_than_the_asked_one_is_not() =>
        Assert.Contains("install postgresql-17", Script(Debian, Fifteen with { Major = 17 }, Present));

    [Fact]
    public void The_unit_stops_in_order_and_kills_nothing_but_its_supervisor()
    {
        var script = Script(Debian, Fifteen, Present);

        Assert.Contains("ExecStart=/opt/pgmahout/pgmahout supervise --home /var/lib/pgmahout", script);
        Assert.Contains("ExecStop=/opt/pgmahout/pgmahout down --home /var/lib/pgmahout", script);
        Assert.Contains("KillMode=process", script);
        Assert.Contains("systemctl enable pgmahout.service", script);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Without_systemd_or_when_not_wanted_no_unit_is_written(bool systemd, bool atBoot) =>
        Assert.DoesNotContain(
            "systemctl", Script(Debian with { HasSystemd = systemd }, Fifteen with { AtBoot = atBoot }, Present));

    [Fact]
    public void A_host_without_a_known_package_manager_is_told_so()
    {
        var (plan, whyNot) = InstallPlan.For(Debian with { Manager = null }, [], Fifteen);

        Assert.Null(plan);
        Assert.Contains("apt-get, dnf and yum", whyNot);
    }

    [Theory]
    [InlineData("ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"", "apt-get", 12)]
    [InlineData("ID=\"rocky\"\nVERSION_ID=\"9.4\"\nPRETTY_NAME=\"Rocky Linux 9.4\"", "dnf,yum", 9)]
    [InlineData("ID=ubuntu\nVERSION_ID=\"24.04\"\nPRETTY_NAME=\"Ubuntu 24.04 LTS\"", "apt-get", 24)]
    [InlineData("", "yum", 0)]
    public void A_platform_is_read_from_its_own_description(string osRelease, string programs, int release)
    {
        var platform = Platform.Read(osRelease, [.. programs.Split(',')], "x86_64", hasSystemd: false);

        Assert.Equal(release, platform.Release);
        Assert.NotNull(platform.Manager);
        Assert.NotEqual(PackageTool.Yum, programs == "dnf,yum" ? platform.Manager : PackageTool.Apt);
    }

    private static string Script(Platform platform, InstallRequest request, params InstalledServer[] installed)
    {
        var (plan, whyNot) = InstallPlan.For(platform, [.. installed], request);
        Assert.True(plan is not null, whyNot);
        return InstallText.Of(plan);
    }
}
