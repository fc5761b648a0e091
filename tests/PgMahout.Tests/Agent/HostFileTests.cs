using PgMahout.Agent.Home;
using PgMahout.Core.Deployment;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Agent;

public sealed class HostFileTests : IDisposable
{
    private readonly HomeLayout _home = new(Directory.CreateTempSubdirectory("pgmahout-host-").FullName);

    public void Dispose() => Directory.Delete(_home.Root, recursive: true);

    [Fact]
    public void A_home_without_it_holds_all_of_a_cluster() => Assert.Null(HostFile.Read(_home));

    [Fact]
    public void What_was_written_is_read()
    {
        var written = new HostFile(
            "db1", [new MemberName("db1")],
            new HostStore([new Uri("https://10.0.0.1:2379"), new Uri("https://db2:2379")], "/pgmahout/orders/")
            {
                User = "orders",
            })
        {
            Address = VirtualAddress.Parse("10.0.0.100/24", "eth0"),
            Clients = new ClientEntrance(["10.0.0.1", "10.0.0.2"], "10.0.0.100", SharedHasProxy: true),
        };
        File.WriteAllText(_home.HostFile, written.ToJson());

        var read = HostFile.Read(_home)!;

        Assert.Equal(written.ToJson(), read.ToJson());
        Assert.Equal("db2", read.Store.Endpoints[1].Host);
        Assert.Equal("orders", read.Store.User);
        Assert.Equal(written.Address, read.Address);
        Assert.Equal(["10.0.0.1", "10.0.0.2"], read.Clients!.Proxies);
    }

    [Fact]
    public void What_a_deployment_writes_is_read()
    {
        var blueprint = new Blueprint("orders", [new HostBlueprint("db1", "fd00::1", HostRole.Data, null, 100)])
        {
            VirtualAddress = VirtualAddress.Parse("fd00::100/64", "eth0"),
        };
        File.WriteAllText(
            _home.HostFile, PgMahout.Core.Deployment.HostDocument.Text(blueprint, blueprint.Hosts[0]));

        Assert.Equal(blueprint.VirtualAddress, HostFile.Read(_home)!.Address);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{ "host": "db1", "members": ["DB 1"], "store": { "etcd": [], "prefix": "/p/" } }""")]
    [InlineData("""{ "host": "db1", "members": [], "store": { "etcd": ["not an address"], "prefix": "/p/" } }""")]
    [InlineData("""{ "host": "db1", "members": [] }""")]
    [InlineData("""
        { "host": "db1", "members": [], "store": { "etcd": [], "prefix": "/p/" },
          "virtualIp": { "address": "10.0.0.100", "interface": "eth0" } }
        """)]
    public void What_cannot_be_understood_is_said_and_never_guessed(string text)
    {
        File.WriteAllText(_home.HostFile, text);

        var broken = Assert.Throws<InvalidDataException>(() => HostFile.Read(_home));

        Assert.Contains(_home.HostFile, broken.Message, StringComparison.Ordinal);
    }
}
