using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Replication;
using PgMahout.Core.Vocabulary;
using Xunit;
using static PgMahout.Tests.Cluster.Example;

namespace PgMahout.Tests.Replication;

public sealed class SlotPlanTests
{
    private const ulong Segment = 16 << 20;

    [Fact]
    public void Primary_keeps_a_slot_for_every_other_member_and_none_for_itself()
    {
        var actions = SlotPlan.OnPrimary(View(A), Leader(0x900));

        Assert.Equal([new HaAction.KeepSlot("pgmahout_b", null), new HaAction.KeepSlot("pgmahout_c", null)], actions);
    }

    [Fact]
    public void Slot_of_a_member_that_is_gone_is_dropped_and_a_foreign_one_is_not()
    {
        var primary = Leader(0x900) with { Slots = Slots("pgmahout_b", "pgmahout_c", "pgmahout_d", "debezium") };

        Assert.Equal([new HaAction.DropSlot("pgmahout_d")], SlotPlan.OnPrimary(View(A), primary));
    }

    [Fact]
    public void Slot_on_a_standby_follows_its_owner_but_never_overtakes_what_was_replayed_here()
    {
        var standby = Follower(10 * Segment, A) with
        {
            Replayed = new Lsn(5 * Segment),
            Slots = Slots("pgmahout_a", "pgmahout_c"),
        };

        Assert.Equal(
            [Moved("pgmahout_a", 5 * Segment), Moved("pgmahout_c", 3 * Segment)],
            SlotPlan.OnStandby(View(B), standby, Leader(10 * Segment, Link(C, 3 * Segment))));
        Assert.Equal(
            Moved("pgmahout_c", 5 * Segment),
            SlotPlan.OnStandby(View(B), standby, Leader(10 * Segment, Link(C, 9 * Segment)))[1]);
    }

    [Fact]
    public void Slot_is_moved_by_large_steps_only()
    {
        var standby = Follower(9 * Segment, A) with
        {
            Slots =
            [
                .. Slots("pgmahout_a", "pgmahout_c").Select(slot => slot with { RestartAt = new Lsn(8 * Segment) }),
            ],
        };

        Assert.Empty(SlotPlan.OnStandby(View(B), standby, Leader(9 * Segment, Link(C, 9 * Segment))));
    }

    [Fact]
    public void Nothing_is_moved_while_the_leader_or_the_owner_is_unknown()
    {
        var standby = Follower(9 * Segment, A) with { Slots = Slots("pgmahout_a", "pgmahout_c") };

        Assert.Empty(SlotPlan.OnStandby(View(B), standby, leader: null));
        Assert.DoesNotContain(
            SlotPlan.OnStandby(View(B), standby, Leader(9 * Segment)),
            action => action is HaAction.KeepSlot { Slot: "pgmahout_c" });
    }

    private static HaAction Moved(string slot, ulong to) => new HaAction.KeepSlot(slot, new Lsn(to));

    private static ImmutableArray<Slot> Slots(params string[] names) =>
        [.. names.Select(name => new Slot(name, null, false))];
}
