using System.Collections.Immutable;
using PgMahout.Core.Configuration;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Configuration;

public sealed class RolloutPolicyTests
{
    private static readonly MemberName M1 = new("m1");
    private static readonly MemberName M2 = new("m2");
    private static readonly MemberName M3 = new("m3");

    private static readonly RolloutView Fresh = new(M1, [Member(M1), Member(M2), Member(M3)]);

    [Fact]
    public void A_reload_is_tried_on_one_standby_and_reaches_the_primary_last() =>
        Assert.Equal(["adopt m2", "adopt m3", "adopt m1"], Steps(Fresh, Change("work_mem", ParameterContext.Sessions)));

    [Fact]
    public void A_restart_interrupts_writes_for_a_switchover_only() =>
        Assert.Equal(
            ["adopt m2", "restart m2", "adopt m3", "restart m3", "adopt m1", "switch m1 to m2"],
            Steps(Fresh, Change("shared_buffers", ParameterContext.Restart)));

    [Fact]
    public void What_a_standby_needs_no_less_of_is_raised_on_the_standbys_first() =>
        Assert.Equal(
            ["adopt m2", "restart m2", "adopt m3", "restart m3", "adopt m1", "switch m1 to m2"],
            Steps(Fresh, Change("max_connections", ParameterContext.Restart)));

    [Fact]
    public void What_a_standby_needs_no_less_of_is_lowered_on_the_primary_first() =>
        Assert.Equal(
            ["adopt m2", "adopt m3", "adopt m1", "restart primary m1", "restart lowered m2", "restart lowered m3"],
            Steps(Fresh, Change("max_connections", ParameterContext.Restart, lowers: true)));

    [Fact]
    public void A_change_that_raises_one_and_lowers_another_does_both_in_their_order() =>
        Assert.Equal(
            [
                "adopt m2", "restart m2", "adopt m3", "restart m3", "adopt m1", "restart primary m1",
                "restart lowered m2", "restart lowered m3",
            ],
            Steps(
                Fresh,
                [
                    .. Change("max_connections", ParameterContext.Restart, lowers: true),
                    .. Change("max_worker_processes", ParameterContext.Restart),
                ]));

    [Fact]
    public void A_single_member_is_restarted_in_place() =>
        Assert.Equal(
            ["adopt m1", "restart primary m1"],
            Steps(new RolloutView(M1, [Member(M1)]), Change("shared_buffers", ParameterContext.Restart)));

    [Fact]
    public void The_leadership_does_not_move_to_a_member_that_must_not_lead() =>
        Assert.Contains(
            "switch m1 to m3",
            Steps(
                Fresh with { Members = [Member(M1), Member(M2) with { Promotable = false }, Member(M3)] },
                Change("shared_buffers", ParameterContext.Restart)));

    [Fact]
    public void Nothing_is_changed_while_a_member_is_not_well()
    {
        var view = Fresh with { Members = [Member(M1), Member(M2), Member(M3) with { IsWell = false }] };

        Assert.IsType<RolloutStep.Await>(RolloutPolicy.Next(view));
    }

    [Fact]
    public void Nothing_is_changed_while_nobody_leads() =>
        Assert.IsType<RolloutStep.Await>(RolloutPolicy.Next(Fresh with { Leader = null }));

    /// <summary>
    /// Whoever leads after each step, and whatever is left from an earlier run: no standby is ever restarted with less
    /// than its primary runs with, the primary is touched after a standby, and it comes to an end.
    /// </summary>
    [Fact]
    public void Every_change_comes_to_an_end_whoever_leads_in_between()
    {
        var prng = new Prng(20_260_301);
        for (var run = 0; run < 20_000; run++)
        {
            var cluster = new ModelCluster(prng);
            for (var step = 0; !cluster.IsDone; step++)
            {
                Assert.True(step < 40, $"run {run} does not end: {cluster}");
                cluster.Do(RolloutPolicy.Next(cluster.View));
                if (step < 8 && prng.Below(4) == 0)
                    cluster.FailOver();
            }
        }
    }

    private static RolloutMember Member(MemberName name) => new(name, IsWell: true, HasIt: false, []);

    private static ImmutableArray<SettingChange> Change(string name, ParameterContext context, bool lowers = false) =>
        [.. new[] { M1, M2, M3 }.Select(member => new SettingChange(member, name, "old", "new", context, lowers))];

    private static string[] Steps(RolloutView view, ImmutableArray<SettingChange> changes) =>
        [.. RolloutPolicy.Foresee(view, new RolloutForecast(changes)).Select(Text)];

    private static string Text(RolloutStep step) => step switch
    {
        RolloutStep.Adopt adopt => $"adopt {adopt.Member}",
        RolloutStep.RestartStandby restart => $"restart {restart.Member}",
        RolloutStep.RestartLowered restart => $"restart lowered {restart.Member}",
        RolloutStep.RestartPrimary restart => $"restart primary {restart.Member}",
        RolloutStep.SwitchOver move => $"switch {move.From} to {move.To}",
        RolloutStep.Await or RolloutStep.Finished => step.ToString(),
        _ => throw new InvalidOperationException(),
    };
}
