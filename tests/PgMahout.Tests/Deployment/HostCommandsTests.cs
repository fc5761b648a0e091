using PgMahout.Core.Deployment;
using PgMahout.Deploying;
using PgMahout.Errors;
using Xunit;

namespace PgMahout.Tests.Deployment;

public sealed class HostCommandsTests
{
    [Theory]
    [InlineData(SystemdUnits.Address, " /var/lib/pgmahout/run/address.json")]
    // The address may stay: what its keeper says of it is not etcd's.
    [InlineData(SystemdUnits.Etcd, "")]
    public void With_a_unit_goes_what_that_unit_has_said_and_nothing_else(string unit, string said) =>
        Assert.Equal(
            $"rm -f /etc/systemd/system/{unit}{said}",
            Assert.Single(
                HostCommands.RemoveUnit(unit).Split('\n'), line => line.StartsWith("rm ", StringComparison.Ordinal)));

    [Fact]
    public void A_host_that_falls_silent_after_a_restore_is_let_go_there_and_nothing_is_restored_again()
    {
        var said = DeployRestore.NotStarted(new Failure(ErrorCatalogue.DeployStepFailed, "db2 is not started"));

        Assert.Equal("db2 is not started", said.What);
        Assert.Contains(said.Next, next => next.StartsWith(
            "rm -f /var/lib/pgmahout/held && systemctl start pgmahout-agent.service", StringComparison.Ordinal));
        Assert.DoesNotContain(said.Next, next => next.Contains("same command", StringComparison.Ordinal)
            || next.Contains("deploy restore", StringComparison.Ordinal));
    }
}
