using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Replication;
using PgMahout.Core.Vocabulary;
using Xunit;
using static PgMahout.Tests.Cluster.Example;

namespace PgMahout.Tests.Replication;

public sealed class ArchiveSlotTests
{
    private const ulong Segment = 16 << 20;
    private const string Slot = "pgmahoutarchive_main";

    [Fact]
    public void Every_member_keeps_the_slot_of_each_archive()
    {
        Assert.Contains(new HaAction.KeepSlot(Slot, null), SlotPlan.OnPrimary(Archiving(A), Leader(0x900)));
        Assert.Contains(
            new HaAction.KeepSlot(Slot, null), SlotPlan.OnStandby(Archiving(B), Follower(9 * Segment, A), null));
    }

    [Fact]
    public void Slot_of_an_archive_that_is_gone_is_dropped()
    {
        var primary = Leader(0x900) with { Slots = Slots("pgmahout_b", "pgmahout_c", Slot, "pgmahoutarchive_old") };

        Assert.Equal([new HaAction.DropSlot("pgmahoutarchive_old")], SlotPlan.OnPrimary(Archiving(A), primary));
    }

    [Fact]
    public void Slots_of_archives_stay_while_nobody_knows_which_there_are()
    {
        var primary = Leader(0x900) with { Slots = Slots("pgmahout_b", "pgmahout_c", Slot) };
        var blind = Archiving(A) with { Store = new Reading<StoreContent>.Missing("no answer", Now) };

        Assert.Empty(SlotPlan.OnPrimary(blind, primary));
    }

    [Fact]
    public void A_standby_moves_the_slot_to_what_the_archive_confirmed_to_the_primary()
    {
        var standby = Follower(9 * Segment, A) with { Slots = At(1 * Segment) };
        var leader = Leader(9 * Segment) with { Slots = At(6 * Segment) };

        Assert.Contains(
            new HaAction.KeepSlot(Slot, new Lsn(6 * Segment)), SlotPlan.OnStandby(Archiving(B), standby, leader));
    }

    [Fact]
    public void A_standby_never_moves_it_beyond_what_it_replayed()
    {
        var standby = Follower(9 * Segment, A) with { Replayed = new Lsn(4 * Segment), Slots = At(1 * Segment) };
        var leader = Leader(9 * Segment) with { Slots = At(6 * Segment) };

        Assert.Contains(
            new HaAction.KeepSlot(Slot, new Lsn(4 * Segment)), SlotPlan.OnStandby(Archiving(B), standby, leader));
    }

    private static ClusterView Archiving(MemberName self)
    {
        var view = View(self);
        Assert.True(view.Store.TryGet(out var content));
        return view with { Store = new Reading<StoreContent>.Fresh(content with { ArchiveSlots = [Slot] }, Now) };
    }

    private static ImmutableArray<Slot> At(ulong restart) => [new Slot(Slot, new Lsn(restart), false)];

    private static ImmutableArray<Slot> Slots(params string[] names) =>
        [.. names.Select(name => new Slot(name, null, false))];
}
