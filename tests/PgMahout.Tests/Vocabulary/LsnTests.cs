using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Vocabulary;

public sealed class LsnTests
{
    [Theory]
    [InlineData("0/0", 0UL)]
    [InlineData("0/3000148", 0x3000148UL)]
    [InlineData("3A/91F0C2E8", 0x3A_91F0C2E8UL)]
    [InlineData("FFFFFFFF/FFFFFFFF", ulong.MaxValue)]
    public void Is_written_and_read_as_PostgreSQL_does(string text, ulong value)
    {
        Assert.Equal(new Lsn(value), Lsn.Parse(text));
        Assert.Equal(text, new Lsn(value).ToString());
    }

    [Fact]
    public void Is_read_in_either_case() => Assert.Equal(new Lsn(0xA_0000000BUL), Lsn.Parse("a/b"));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("0")]
    [InlineData("0/")]
    [InlineData("/0")]
    [InlineData("0/0/0")]
    [InlineData("0/-1")]
    [InlineData(" 0/1")]
    [InlineData("0/ 1")]
    [InlineData("0/1\n")]
    [InlineData("g/0")]
    [InlineData("100000000/0")]
    [InlineData("0/100000000")]
    public void Refuses_everything_else(string? text)
    {
        Assert.False(Lsn.TryParse(text, out var lsn));
        Assert.Equal(Lsn.Zero, lsn);
    }

    [Fact]
    public void Parse_says_what_it_was_given()
    {
        var refused = Assert.Throws<FormatException>(() => Lsn.Parse("nonsense"));

        Assert.StartsWith("'nonsense' is not an LSN", refused.Message);
    }

    [Fact]
    public void Distance_is_never_negative()
    {
        Assert.Equal(new ByteSize(16), Lsn.Distance(new Lsn(4), new Lsn(20)));
        Assert.Equal(new ByteSize(0), Lsn.Distance(new Lsn(20), new Lsn(4)));
    }

    [Fact]
    public void Order_is_that_of_the_address_above_four_gigabytes_too()
    {
        var low = Lsn.Parse("0/FFFFFFFF");
        var high = Lsn.Parse("1/0");

        Assert.True(low < high && high > low && low <= high && high >= low);
        Assert.Equal(low, Lsn.Min(high, low));
        Assert.Equal(high, Lsn.Max(low, high));
    }
}
