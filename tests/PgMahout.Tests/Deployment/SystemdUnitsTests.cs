using PgMahout.Core.Cluster;
using PgMahout.Core.Deployment;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Deployment;

public sealed class SystemdUnitsTests
{
    private static readonly UnitSettings Host =
        new(new MemberName("db1"), new Timing(TimeSpan.FromSeconds(3))) { HasEtcd = true, HasProxy = true };

    [Fact]
    public void A_host_has_the_units_of_its_roles_in_the_order_of_their_need()
    {
        Assert.Equal(
            [SystemdUnits.Etcd, SystemdUnits.Agent, SystemdUnits.Member, SystemdUnits.Archiver, SystemdUnits.Proxy],
            SystemdUnits.For(Host).Select(unit => unit.Name));
        Assert.Equal(
            [SystemdUnits.Etcd],
            SystemdUnits.For(Host with { Member = null, HasProxy = false }).Select(unit => unit.Name));
    }

    [Fact]
    public void Nothing_runs_as_root_and_no_role_has_a_privilege()
    {
        foreach (var unit in SystemdUnits.For(Host))
        {
            Assert.Equal("postgres", Value(unit, "User"));
            Assert.Equal("", Value(unit, "CapabilityBoundingSet"));
            Assert.Equal("", Value(unit, "AmbientCapabilities"));
            Assert.Equal("yes", Value(unit, "NoNewPrivileges"));
        }
    }

    [Fact]
    public void Only_what_keeps_the_virtual_address_may_touch_the_network()
    {
        var units = SystemdUnits.For(Host with { HasVirtualIp = true });

        var privileged = units.Where(unit => Value(unit, "AmbientCapabilities") != "").ToList();

        Assert.Equal(SystemdUnits.Address, Assert.Single(privileged).Name);
        Assert.Equal("CAP_NET_ADMIN CAP_NET_RAW", Value(privileged[0], "CapabilityBoundingSet"));
        Assert.DoesNotContain(SystemdUnits.For(Host), unit => unit.Name == SystemdUnits.Address);
        Assert.DoesNotContain(
            SystemdUnits.For(Host with { HasVirtualIp = true, Member = null }),
            unit => unit.Name == SystemdUnits.Address);
    }

    [Fact]
    public void A_reload_of_what_keeps_the_address_ends_the_process_and_systemd_starts_the_next()
    {
        var keeper = Unit(SystemdUnits.Address, Host with { HasVirtualIp = true });

        Assert.Equal("/bin/kill -HUP $MAINPID", Value(keeper, "ExecReload"));
        Assert.Equal("always", Value(keeper, "Restart"));
        // Given up by the kernel before it is killed, if it hangs.
        Assert.Equal("5s", Value(keeper, "WatchdogSec"));
        Assert.Equal("SIGKILL", Value(keeper, "WatchdogSignal"));
    }

    [Fact]
    public void A_restart_of_the_agent_stops_its_own_process_only()
    {
        var agent = Unit(SystemdUnits.Agent);

        Assert.Equal("process", Value(agent, "KillMode"));
        Assert.Equal("continue", Value(agent, "OOMPolicy"));
        Assert.DoesNotContain("ExecStop", agent.Text, StringComparison.Ordinal);
        // Both would be taken away from a PostgreSQL that runs on.
        Assert.DoesNotContain("PrivateTmp", agent.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("RuntimeDirectory", agent.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "6s")]
    [InlineData(3, "8s")]
    [InlineData(60, "65s")]
    public void A_hung_agent_is_killed_after_a_lease_and_what_a_fence_may_take(int rto, string limit)
    {
        var agent = Unit(SystemdUnits.Agent, Host with { Timing = new Timing(TimeSpan.FromSeconds(rto)) });

        Assert.Equal(limit, Value(agent, "WatchdogSec"));
        Assert.Equal("SIGKILL", Value(agent, "WatchdogSignal"));
    }

    [Fact]
    public void The_member_is_stopped_before_everything_that_its_stop_needs()
    {
        var after = Values(Unit(SystemdUnits.Member), "After").SelectMany(line => line.Split(' ')).ToArray();

        foreach (var needed in new[]
        {
            SystemdUnits.Agent, SystemdUnits.Etcd, SystemdUnits.Archiver, SystemdUnits.Address,
        })
            Assert.Contains(needed, after);
        Assert.Contains("network-online.target", after);
    }

    [Fact]
    public void No_line_is_indented_or_cut_in_two()
    {
        var host = Host with
        {
            DotnetRoot = "/opt/pgmahout/dotnet", PostgresPrograms = "/usr/lib/p/bin", HasVirtualIp = true,
        };

        foreach (var unit in SystemdUnits.For(host))
            Assert.All(unit.Text.Split('\n'), line => Assert.Matches(@"^(|\[\w+\]|[#].*|[A-Za-z]+=.*)$", line));
    }

    [Fact]
    public void What_came_along_is_where_the_program_looks_for_it()
    {
        var agent = Unit(
            SystemdUnits.Agent, Host with { DotnetRoot = "/opt/pgmahout/dotnet", PostgresPrograms = "/usr/lib/p/bin" });

        Assert.Contains("DOTNET_ROOT=/opt/pgmahout/dotnet", Value(agent, "Environment"), StringComparison.Ordinal);
        Assert.Contains("PGMAHOUT_POSTGRES_BIN=/usr/lib/p/bin", Value(agent, "Environment"), StringComparison.Ordinal);
    }

    private static SystemdUnit Unit(string name, UnitSettings? settings = null) =>
        SystemdUnits.For(settings ?? Host).Single(unit => unit.Name == name);

    private static string Value(SystemdUnit unit, string key) => Assert.Single(Values(unit, key));

    private static string[] Values(SystemdUnit unit, string key) =>
        [.. unit.Text.Split('\n').Where(line => line.StartsWith(key + "=", StringComparison.Ordinal))
            .Select(line => line[(key.Length + 1)..])];
}
