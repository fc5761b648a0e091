using PgMahout.Core.Deployment;
using PgMahout.Deploying;
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
}
