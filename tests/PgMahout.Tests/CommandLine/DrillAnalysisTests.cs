using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;
using PgMahout.Drills;
using Xunit;

namespace PgMahout.Tests.CommandLine;

public sealed class DrillAnalysisTests
{
    private static readonly MemberName Old = new("m1");
    private static readonly MemberName New = new("m2");

    private static Acknowledgement Ack(long sequence, double at, MemberName member, uint timeline) =>
        new(sequence, at, member, new TimelineId(timeline));

    /// <summary>Writes every 10 ms; the fault at 35; the new primary confirms from 250 on.</summary>
    private static DrillRecording Failover(params ReadOnlySpan<Acknowledgement> more)
    {
        ImmutableArray<Acknowledgement> acknowledged =
        [
            Ack(1, 10, Old, 1), Ack(2, 20, Old, 1), Ack(3, 30, Old, 1),
            Ack(5, 250, New, 2), Ack(6, 260, New, 2), .. more,
        ];
        return new DrillRecording(
            1, 10, 35, 270, acknowledged, [41], [.. acknowledged.Select(one => one.Sequence)], Old, 90, 200, 1035);
    }

    [Fact]
    public void Outage_is_the_longest_silence_less_one_interval() =>
        Assert.Equal(210, DrillAnalysis.Of(Failover()).OutageMs);

    [Fact]
    public void Silence_before_the_fault_does_not_count()
    {
        var run = Failover() with { FaultMs = 255, EndMs = 270 };

        Assert.Equal(0, DrillAnalysis.Of(run).OutageMs);
    }

    [Fact]
    public void A_run_that_never_saw_another_acknowledgement_was_out_until_its_end()
    {
        var run = Failover() with { FaultMs = 300, EndMs = 5000 };

        Assert.Equal(4730, DrillAnalysis.Of(run).OutageMs);
    }

    [Fact]
    public void An_acknowledged_row_that_is_missing_at_the_end_is_lost()
    {
        var run = Failover() with { Surviving = [1, 2, 5, 6] };

        Assert.Equal(1, DrillAnalysis.Of(run).LostCommits);
    }

    [Fact]
    public void A_row_that_nobody_acknowledged_may_be_there_or_not()
    {
        var run = Failover() with { Surviving = [1, 2, 3, 4, 5, 6] };

        Assert.Equal(0, DrillAnalysis.Of(run).LostCommits);
    }

    [Fact]
    public void A_plain_failover_has_one_primary_at_a_time() =>
        Assert.False(DrillAnalysis.Of(Failover()).DualPrimary);

    [Fact]
    public void An_older_timeline_that_acknowledges_after_a_newer_one_is_a_second_primary() =>
        Assert.True(DrillAnalysis.Of(Failover(Ack(7, 265, Old, 1))).DualPrimary);

    [Fact]
    public void Two_members_that_acknowledge_on_one_timeline_are_two_primaries() =>
        Assert.True(DrillAnalysis.Of(Failover(Ack(7, 265, Old, 2))).DualPrimary);

    [Fact]
    public void Acknowledgements_are_judged_in_the_order_in_which_they_arrived()
    {
        var run = Failover(Ack(7, 32, Old, 1));

        Assert.False(DrillAnalysis.Of(run).DualPrimary);
    }

    [Fact]
    public void Phases_count_from_the_fault()
    {
        var phases = DrillAnalysis.Of(Failover()).Phases;

        Assert.Equal(new DrillPhasesDocument(6, 55, 165, 215), phases);
    }

    [Fact]
    public void Median_of_an_even_number_is_between_the_two_in_the_middle()
    {
        DrillRunDocument run = DrillAnalysis.Of(Failover());
        double[] outages = [400, 100, 200, 300];
        var summary = DrillAnalysis.Summary([.. outages.Select(outage => run with { OutageMs = outage })]);

        Assert.Equal(250, summary.OutageMsMedian);
        Assert.Equal(400, summary.OutageMsMax);
    }

    [Fact]
    public void One_run_that_did_not_recover_leaves_the_summary_without_a_time()
    {
        var well = DrillAnalysis.Of(Failover());

        Assert.Equal(1000, DrillAnalysis.Summary([well, well]).FullRedundancyMsMax);
        Assert.Null(DrillAnalysis.Summary([well, well with { FullRedundancyMs = null }]).FullRedundancyMsMax);
    }
}
