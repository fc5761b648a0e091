using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Cluster;

public sealed class SynchronousSetTests
{
    [Fact]
    public void Is_normal_so_that_equal_sets_are_equal()
    {
        var set = SynchronousSet.Of(1, [Example.C, Example.B, Example.C]);

        Assert.Equal(SynchronousSet.Of(1, [Example.B, Example.C]), set);
        Assert.Equal(SynchronousSet.Of(1, [Example.B, Example.C]).GetHashCode(), set.GetHashCode());
        Assert.Equal(SynchronousSet.Nobody, SynchronousSet.Of(0, [Example.A]));
        Assert.NotEqual(set, SynchronousSet.Of(2, set.Voters));
        Assert.False(set.Equals(null));
    }

    [Fact]
    public void Says_what_PostgreSQL_would_be_told()
    {
        Assert.Equal("any 1 of b, c", SynchronousSet.Of(1, [Example.C, Example.B]).ToString());
        Assert.Equal("nobody", SynchronousSet.Nobody.ToString());
    }

    [Fact]
    public void Set_that_waits_for_nobody_can_be_heard_by_no_quorum() =>
        Assert.True(SynchronousSet.Nobody.PromotionQuorum > SynchronousSet.Nobody.Voters.Length);

    /// <summary>
    /// The definition, by brute force: whoever confirmed a commit and whoever must be heard for a promotion have a
    /// member in common, whichever they are. No set passes that should not, and none is refused that is safe.
    /// </summary>
    [Fact]
    public void Meets_is_exactly_that_every_commit_quorum_and_every_promotion_quorum_share_a_member()
    {
        var sets = Sets.Over(4).ToList();
        var wrong =
            from effective in sets
            from recorded in sets
            where effective.Meets(recorded) != SharesAMemberAlways(effective, recorded)
            select $"{effective} against {recorded}";

        Assert.Empty(wrong);
        Assert.Equal(33, sets.Count);
    }

    [Fact]
    public void Taking_the_lease_begins_the_next_epoch_and_trusts_nobody()
    {
        var previous = Example.HeldBy(Example.A).ReleasedTo(Example.B, Example.At(0x500));

        var next = Leadership.TakenBy(Example.B, previous);

        Assert.Equal(new Epoch(4), next.Epoch);
        Assert.Equal(Example.B, next.Holder);
        Assert.True(next.IsHeld);
        Assert.Equal(SynchronousSet.Nobody, next.Synchronous);
        Assert.Equal(new Epoch(1), Leadership.TakenBy(Example.B, null).Epoch);
    }

    private static bool SharesAMemberAlways(SynchronousSet effective, SynchronousSet recorded)
    {
        var needed = recorded.PromotionQuorum;
        var promoting = Sets.Subsets(recorded.Voters).Where(heard => heard.Count == needed);
        var confirming = Sets.Subsets(effective.Voters).Where(flushed => flushed.Count == effective.Quorum).ToList();
        return promoting.All(heard => confirming.All(flushed => flushed.Overlaps(heard)));
    }
}
