using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Starting;
using Xunit;

namespace PgMahout.Tests.CommandLine;

public sealed class ListeningPortsTests
{
    private static readonly string[] Table =
    [
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
        "   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   103        0 4711 1 0",
        "   1: 0100007F:1539 0100007F:9C40 01 00000000:00000000 00:00000000 00000000   103        0 4712 1 0",
        "   2: 00000000000000000000000001000000:153A 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 4713 1",
    ];

    private static readonly ListeningPorts Ports = ListeningPorts.Parse(Table);

    private static MemberSpec Member(string name, int port) => new(new MemberName(name), "127.0.0.1", port, "unix:/x");

    [Fact]
    public void Only_listening_sockets_take_a_port()
    {
        Assert.True(Ports.IsTaken(5432));
        Assert.False(Ports.IsTaken(5433));
        Assert.True(Ports.IsTaken(5434));
    }

    [Fact]
    public void Members_whose_ports_are_free_may_start() =>
        Assert.Null(Ports.WhyNotFree([Member("m1", 5433), Member("m2", 5435)], 5433, 2));

    [Fact]
    public void A_taken_port_is_named_with_the_member_that_needs_it()
    {
        var failure = Ports.WhyNotFree([Member("m1", 5433), Member("m2", 5434)], 5433, 2);

        Assert.NotNull(failure);
        Assert.Equal("port 5434, which m2 needs, is taken", failure.What);
        Assert.StartsWith("pgmahout up --port ", Assert.Single(failure.Next));
    }

    [Fact]
    public void A_suggested_range_is_free_throughout()
    {
        var free = Ports.FreeRange(5424, 3);

        Assert.NotNull(free);
        Assert.DoesNotContain(Enumerable.Range(free.Value, 3), Ports.IsTaken);
    }
}
