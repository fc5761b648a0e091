using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Tests.Ha;
using Xunit;

namespace PgMahout.Tests.Cluster;

public sealed class RegionTests
{
    private static readonly Region First = new(1, RegionRole.Leads, RegionSide.First, RegionUniverse.Twin);
    private static readonly Region Second = new(1, RegionRole.Follows, RegionSide.Second, RegionUniverse.Twin);

    [Fact]
    public void The_two_sides_share_no_number()
    {
        for (var number = 0; number < 100; number++)
            Assert.NotEqual(First.Owns(number), Second.Owns(number));
    }

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(1, 3, 2)]
    [InlineData(2, 3, 4)]
    [InlineData(7, 9, 8)]
    public void The_next_number_is_the_least_one_above_of_that_side(long above, long first, long second)
    {
        Assert.Equal(first, First.Next(above));
        Assert.Equal(second, Second.Next(above));
    }

    [Fact]
    public void Leading_and_following_take_turns_in_terms_that_grow_by_one()
    {
        var mark = new WalPosition(new TimelineId(7), new Lsn(0x900));

        var led = Second.Leading(1, mark);
        var followed = First.Following(led.Term);
        var ledAgain = followed.Leading(led.Term, null);

        Assert.Equal((2, RegionRole.Leads, mark), (led.Term, led.Role, led.Mark));
        Assert.Equal((2, RegionRole.Follows), (followed.Term, followed.Role));
        Assert.Equal((3, RegionRole.Leads), (ledAgain.Term, ledAgain.Role));
    }
}
