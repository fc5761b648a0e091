using PgMahout.Core.Cluster;
using Xunit;

namespace PgMahout.Tests.Cluster;

public sealed class TimingTests
{
    public static TheoryData<double> Rtos => [1, 1.5, 3, 10, 60, 300];

    [Theory]
    [MemberData(nameof(Rtos))]
    public void Holder_is_fenced_before_anybody_may_take_the_lease(double seconds)
    {
        var timing = new Timing(TimeSpan.FromSeconds(seconds));

        Assert.Equal(TimeSpan.FromSeconds(seconds), timing.Ttl);
        Assert.True(timing.FenceAfter + timing.FenceMargin <= timing.Ttl);
        Assert.True(timing.FenceMargin >= TimeSpan.FromMilliseconds(100));
    }

    [Theory]
    [MemberData(nameof(Rtos))]
    public void Three_renewals_may_fail_before_the_holder_is_fenced(double seconds)
    {
        var timing = new Timing(TimeSpan.FromSeconds(seconds));

        Assert.True(timing.RenewEvery * 3 < timing.FenceAfter);
    }

    [Theory]
    [MemberData(nameof(Rtos))]
    public void Turn_of_a_leader_whose_questions_all_time_out_still_leaves_time_to_renew(double seconds)
    {
        var timing = new Timing(TimeSpan.FromSeconds(seconds));
        var slowestTurn = timing.ObserveLimit + timing.StoreLimit + timing.PeerLimit;

        Assert.True(timing.RenewEvery + slowestTurn + timing.StoreLimit < timing.FenceAfter);
    }

    [Theory]
    [MemberData(nameof(Rtos))]
    public void Heir_election_and_former_holder_have_their_turns_within_a_ttl_each(double seconds)
    {
        var timing = new Timing(TimeSpan.FromSeconds(seconds));

        Assert.True(timing.HeirPatience * 3 <= timing.Ttl);
        Assert.True(timing.FollowPatience > timing.DegradeAfter);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.999)]
    [InlineData(-3)]
    [InlineData(300.001)]
    public void Refuses_what_it_cannot_keep(double seconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Timing(TimeSpan.FromSeconds(seconds)));
}
