using PgMahout.Core.Deployment;
using Xunit;

namespace PgMahout.Tests.Deployment;

public sealed class ProcessEnvironmentTests
{
    [Fact]
    public void What_a_supervisor_was_told_for_itself_does_not_reach_the_process_that_clients_wait_for()
    {
        var environment = new Dictionary<string, string?> { ["PATH"] = "/bin" };
        ProcessEnvironment.Fit(environment, ProcessEnvironment.Frugal);

        ProcessEnvironment.Fit(environment, ProcessEnvironment.Hot);

        var expected = ProcessEnvironment.Hot.Append((Name: "PATH", Value: "/bin"));
        Assert.Equal(
            expected.OrderBy(pair => pair.Name, StringComparer.Ordinal),
            environment.Select(pair => (pair.Key, pair.Value!)).OrderBy(pair => pair.Key, StringComparer.Ordinal));
        Assert.DoesNotContain("DOTNET_TieredCompilation", environment.Keys);
    }

    [Fact]
    public void What_the_operator_has_set_stays()
    {
        var environment = new Dictionary<string, string?>
        {
            ["DOTNET_TieredCompilation"] = "1",
            ["DOTNET_GCgen0size"] = "0x1000000",
        };
        ProcessEnvironment.Fit(environment, ProcessEnvironment.Frugal);

        ProcessEnvironment.Fit(environment, ProcessEnvironment.Hot);

        Assert.Equal("1", environment["DOTNET_TieredCompilation"]);
        Assert.Equal("0x1000000", environment["DOTNET_GCgen0size"]);
    }
}
