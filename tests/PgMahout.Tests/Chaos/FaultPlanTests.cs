using PgMahout.HostTests.Chaos.Checking;
using Xunit;

namespace PgMahout.Tests.Chaos;

public sealed class FaultPlanTests
{
    [Fact]
    public void A_seed_gives_the_same_faults_each_time_and_another_gives_others()
    {
        Assert.Equal(Lines(7, 100), Lines(7, 100));
        Assert.NotEqual(Lines(7, 100), Lines(8, 100));
    }

    [Fact]
    public void Every_kind_comes_before_any_comes_again()
    {
        var kinds = Enum.GetValues<FaultKind>();

        var drawn = FaultPlan.From(3, 2 * kinds.Length).SelectMany(step => step.Faults).Select(fault => fault.Kind);

        Assert.All(drawn.Chunk(kinds.Length), round => Assert.Equal(kinds, round.Order()));
    }

    [Fact]
    public void Some_faults_overlap_and_some_begin_before_all_is_well_again()
    {
        var steps = FaultPlan.From(1, 200);

        Assert.Contains(steps, step => step.Faults.Length == 2 && step.Faults[1].After < step.Faults[0].Lasts);
        Assert.Contains(steps, step => !step.AwaitsHealth);
        Assert.All(steps, step => Assert.InRange(step.Faults.Length, 1, 2));
    }

    private static IEnumerable<string> Lines(ulong seed, int count) =>
        FaultPlan.From(seed, count).Select(JsonLines.Line);
}
