using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Proxy.Routing;

public sealed class ReadRouteTests
{
    private static readonly Instant Now = Instant.Zero + TimeSpan.FromSeconds(100);

    private static readonly Topology Healthy = new(
        7, Server("a"), Now + TimeSpan.FromSeconds(2), [Standby("b", 100, 1), Standby("c", 200, 3)]);

    private static readonly RouteRequest Read = new(
        PortKind.Write, RouteWish.None, RouteWish.None, true, StatementKind.Read, Lsn.Zero, TimeSpan.FromSeconds(10));

    private static Backend Server(string name) => new(new MemberName(name), new ServerAddress.Tcp("127.0.0.1", 5432));

    private static StandbyBackend Standby(string name, ulong replayed, int weight, double lag = 0) =>
        new(Server(name), new Lsn(replayed), TimeSpan.FromSeconds(lag), Now, weight);

    private static Route Choose(RouteRequest request, Topology? topology = null, double chance = 0) =>
        ReadRoute.Choose(topology ?? Healthy, request, Now, chance);

    private static readonly Route Primary = new(RouteTarget.Primary);

    [Fact]
    public void Only_reads_and_only_when_splitting_leave_the_write_port_for_a_standby()
    {
        foreach (var kind in Enum.GetValues<StatementKind>())
        {
            var isRead = kind is StatementKind.Read or StatementKind.BeginReadOnly;
            Assert.Equal(isRead ? RouteTarget.Standby : RouteTarget.Primary, Choose(Read with { Kind = kind }).Target);
            Assert.Equal(Primary, Choose(Read with { Kind = kind, Split = false }));
            Assert.Equal(RouteTarget.Standby, Choose(Read with { Kind = kind, Port = PortKind.Read }).Target);
        }
    }

    [Fact]
    public void Standbys_are_chosen_by_their_weights()
    {
        var chosen = Enumerable.Range(0, 8).Select(i => Choose(Read, chance: i / 8.0).Standby);

        Assert.Equal([0, 0, 1, 1, 1, 1, 1, 1], chosen);
    }

    [Fact]
    public void What_the_session_wrote_is_read_only_where_it_is_replayed()
    {
        Assert.Equal(new Route(RouteTarget.Standby, 1), Choose(Read with { Written = new Lsn(101) }));
        Assert.Equal(new Route(RouteTarget.Standby, 1), Choose(Read with { Written = new Lsn(200) }, chance: 0.999));
        Assert.Equal(Primary, Choose(Read with { Written = new Lsn(201) }));
    }

    [Fact]
    public void A_standby_that_lags_or_was_not_heard_of_or_has_no_weight_is_not_fit()
    {
        StandbyBackend[] unfit =
        [
            Standby("b", 100, 1, lag: 11),
            Standby("b", 100, 0),
            Standby("b", 100, 1) with { Lag = null },
            Standby("b", 100, 1, lag: 5) with { SeenAt = Now - TimeSpan.FromSeconds(6) },
        ];
        foreach (var standby in unfit)
            Assert.Equal(Primary, Choose(Read, Healthy with { Standbys = [standby] }));

        var patient = Read with { LagLimit = TimeSpan.MaxValue };
        Assert.Equal(RouteTarget.Standby, Choose(patient, Healthy with { Standbys = [unfit[0]] }).Target);
    }

    [Fact]
    public void The_wish_of_the_session_counts_before_the_rule_and_the_rule_before_the_port()
    {
        Assert.Equal(Primary, Choose(Read with { Wish = RouteWish.Primary, Rule = RouteWish.Standby }));
        Assert.Equal(Primary, Choose(Read with { Rule = RouteWish.Primary, Port = PortKind.Read }));
        var write = Read with { Kind = StatementKind.Write };
        Assert.Equal(RouteTarget.Standby, Choose(write with { Rule = RouteWish.Standby }).Target);
        Assert.Equal(RouteTarget.Standby, Choose(write with { Wish = RouteWish.PreferStandby }).Target);
    }

    [Fact]
    public void Without_a_fit_standby_whoever_prefers_one_gets_the_primary_and_whoever_needs_one_waits()
    {
        var alone = Healthy with { Standbys = [] };

        Assert.Equal(Primary, Choose(Read with { Wish = RouteWish.PreferStandby }, alone));
        var waits = Choose(Read with { Wish = RouteWish.Standby }, alone);
        Assert.Equal(RouteTarget.Wait, waits.Target);
        Assert.Contains("standby", waits.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_primary_writes_wait_and_reads_go_on()
    {
        var leaderless = Healthy with { Primary = null, Why = "m1 died" };
        var write = Read with { Kind = StatementKind.Write };

        Assert.Equal(new Route(RouteTarget.Wait, Why: "m1 died"), Choose(write, leaderless));
        Assert.Equal(RouteTarget.Standby, Choose(Read, leaderless).Target);
        Assert.Equal(RouteTarget.Wait, Choose(write, Topology.Unknown).Target);
    }

    [Fact]
    public void Nothing_is_sent_to_a_primary_whose_lease_is_over()
    {
        var over = Healthy with { PrimaryUntil = Now };

        Assert.Equal(RouteTarget.Wait, Choose(Read with { Kind = StatementKind.Write }, over).Target);
        Assert.Equal(RouteTarget.Standby, Choose(Read, over).Target);
    }

    [Fact]
    public void Nothing_new_begins_while_a_switchover_drains()
    {
        var draining = Healthy with { Draining = true };

        Assert.Equal(RouteTarget.Wait, Choose(Read, draining).Target);
        Assert.Equal(RouteTarget.Wait, Choose(Read with { Kind = StatementKind.Write }, draining).Target);
    }

    [Theory]
    [InlineData("any", RouteWish.None)]
    [InlineData("read-write", RouteWish.Primary)]
    [InlineData("primary", RouteWish.Primary)]
    [InlineData("read-only", RouteWish.Standby)]
    [InlineData("standby", RouteWish.Standby)]
    [InlineData("prefer-standby", RouteWish.PreferStandby)]
    [InlineData("", null)]
    public void The_words_of_libpq_are_understood(string word, RouteWish? wish) =>
        Assert.Equal(wish, ReadRoute.ParseWish(word));
}
