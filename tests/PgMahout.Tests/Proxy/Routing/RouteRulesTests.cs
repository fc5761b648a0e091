using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy.Routing;
using Xunit;

namespace PgMahout.Tests.Proxy.Routing;

public sealed class RouteRulesTests
{
    [Fact]
    public void The_first_rule_that_fits_counts()
    {
        var rules = RouteRules.Parse(
            "reports@shop = primary, reports=standby,*@archive=prefer-standby, a=b@c=standby", out _)!;

        Assert.Equal(RouteWish.Primary, rules.For("reports", "shop"));
        Assert.Equal(RouteWish.Standby, rules.For("reports", "archive"));
        Assert.Equal(RouteWish.PreferStandby, rules.For("alice", "archive"));
        Assert.Equal(RouteWish.Standby, rules.For("a=b", "c"));
        Assert.Equal(RouteWish.None, rules.For("alice", "shop"));
        Assert.Equal(RouteWish.None, RouteRules.Parse("", out _)!.For("alice", "shop"));
    }

    [Theory]
    [InlineData("reports")]
    [InlineData("reports=anywhere")]
    [InlineData("reports=any")]
    [InlineData("=standby")]
    [InlineData("@shop=standby")]
    [InlineData("reports@=standby")]
    public void What_is_no_rule_is_named(string part)
    {
        Assert.Null(RouteRules.Parse($"a=primary, {part}", out var wrong));
        Assert.Equal(part, wrong);
    }

    [Fact]
    public void What_is_no_name_is_named()
    {
        Assert.Null(NameRules.Parse("total*, a.b.c", out var wrong));
        Assert.Equal("a.b.c", wrong);
        Assert.Equal(2, NameRules.Of("total*, app.sum", "").Reading.Length);
    }

    [Theory]
    [InlineData("25006", true)]
    [InlineData("40001", true)]
    [InlineData("0A000", true)]
    [InlineData("55000", true)]
    [InlineData("22012", false)]
    public void Only_errors_about_being_a_standby_are_worth_another_try(string state, bool isWorth)
    {
        var bare = new BackendWriter().ErrorResponse("ERROR", state, "no").ReadyForQuery('I').Written.ToArray();
        byte[] described = [(byte)'1', 0, 0, 0, 4, (byte)'2', 0, 0, 0, 4, .. bare];
        byte[] withRows = [(byte)'D', 0, 0, 0, 6, 0, 0, .. bare];

        Assert.Equal(isWorth, RefusedRead.Is(bare));
        Assert.Equal(isWorth, RefusedRead.Is(described));
        Assert.False(RefusedRead.Is(withRows));
        for (var length = 0; length < bare.Length - 6; length++)
            Assert.False(RefusedRead.Is(bare.AsSpan(0, length)));
    }
}
