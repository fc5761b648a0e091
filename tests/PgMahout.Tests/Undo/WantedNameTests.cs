using PgMahout.Core.Undo;
using Xunit;

namespace PgMahout.Tests.Undo;

public sealed class WantedNameTests
{
    [Theory]
    [InlineData("orders", true)]
    [InlineData("public.orders", true)]
    [InlineData("shop.public.orders", true)]
    [InlineData("sales.orders", false)]
    [InlineData("other.public.orders", false)]
    [InlineData("Orders", false)]
    [InlineData("\"orders\"", true)]
    public void Only_the_parts_that_were_given_must_match(string wanted, bool fits) =>
        Assert.Equal(fits, WantedName.Parse(wanted)!.Fits("shop", "public", "orders"));

    [Fact]
    public void Quotes_keep_dots_and_quotes() =>
        Assert.Equal(["public", "a.b\"c"], WantedName.Parse("public.\"a.b\"\"c\"")!.Parts);

    [Theory]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("a.b.c.d")]
    [InlineData("\"a")]
    public void What_is_no_name_is_refused(string text) => Assert.Null(WantedName.Parse(text));
}
