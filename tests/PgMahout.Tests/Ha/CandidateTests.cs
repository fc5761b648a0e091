using PgMahout.Core.Ha;
using Xunit;
using static PgMahout.Tests.Cluster.Example;

namespace PgMahout.Tests.Ha;

public sealed class CandidateTests
{
    private static readonly Candidate Plain = new(B, At(0x500), 100, null);

    [Fact]
    public void More_WAL_beats_priority_and_name() =>
        Assert.True((Plain with { Name = C, Position = At(0x501), Priority = 1 }).Beats(Plain));

    [Fact]
    public void Later_timeline_beats_more_WAL() => Assert.True((Plain with { Position = At(0x100, 2) }).Beats(Plain));

    [Fact]
    public void At_equal_WAL_the_higher_priority_wins_then_the_earlier_name()
    {
        Assert.True((Plain with { Name = C, Priority = 101 }).Beats(Plain));
        Assert.True((Plain with { Name = A }).Beats(Plain));
        Assert.False((Plain with { Name = C }).Beats(Plain));
    }

    [Fact]
    public void Unknown_position_loses_to_any() =>
        Assert.False((Plain with { Position = null, Priority = 999 }).Beats(Plain));

    [Fact]
    public void Best_does_not_depend_on_the_order_of_asking_and_passes_over_the_disqualified()
    {
        Candidate[] candidates =
        [
            Plain,
            Plain with { Name = C, Position = At(0x900), Disqualified = "it does not answer" },
            Plain with { Name = A, Priority = 50 },
        ];

        Assert.Equal(Plain, Candidate.Best(candidates));
        Assert.Equal(Plain, Candidate.Best(candidates.Reverse()));
        Assert.Null(Candidate.Best(candidates.Where(candidate => !candidate.Eligible)));
    }
}
