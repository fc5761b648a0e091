using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Replication;

/// <summary>
/// Every member keeps a slot for every other one, standbys too: whoever is promoted next already holds the WAL that
/// the others still need. Slots that nobody reads are moved forward, so that they never fill a disk.
/// </summary>
public static class SlotPlan
{
    private static readonly ByteSize Step = ByteSize.Megabytes(16);
    private const string Prefix = "pgmahout_";

    /// <summary>
    /// On the primary: missing slots are created, slots of members that are gone are dropped. Receivers move them
    /// forward.
    /// </summary>
    public static ImmutableArray<HaAction> OnPrimary(ClusterView view, PostgresState.Primary primary) =>
        [.. Missing(view, primary.Slots), .. Surplus(view, primary.Slots)];

    /// <summary>On a standby: as on the primary, and each slot is moved to where its owner is known to be.</summary>
    public static ImmutableArray<HaAction> OnStandby(
        ClusterView view, PostgresState.Standby standby, PostgresState.Primary? leader) =>
        [.. Missing(view, standby.Slots), .. Surplus(view, standby.Slots), .. Behind(view, standby, leader)];

    private static IEnumerable<HaAction> Missing(ClusterView view, ImmutableArray<Slot> slots) =>
        view.Spec.Others(view.Self)
            .Where(member => slots.All(slot => slot.Name != member.Name.SlotName))
            .Select(member => new HaAction.KeepSlot(member.Name.SlotName, null));

    private static IEnumerable<HaAction> Surplus(ClusterView view, ImmutableArray<Slot> slots) =>
        slots
            .Where(slot => slot.Name.StartsWith(Prefix, StringComparison.Ordinal)
                && view.Spec.Others(view.Self).All(member => member.Name.SlotName != slot.Name))
            .Select(slot => new HaAction.DropSlot(slot.Name));

    private static IEnumerable<HaAction> Behind(
        ClusterView view, PostgresState.Standby standby, PostgresState.Primary? leader)
    {
        if (leader is null)
            yield break;
        foreach (var member in view.Spec.Others(view.Self))
        {
            var slot = standby.Slots.FirstOrDefault(candidate => candidate.Name == member.Name.SlotName);
            var link = leader.Standbys.FirstOrDefault(candidate => candidate.Member == member.Name);
            var isLeader = view.Leadership?.Holder == member.Name;
            if (slot is null || (link is null && !isLeader))
                continue;
            var reached = isLeader ? standby.Replayed : Lsn.Min(link!.Flushed, standby.Replayed);
            if (Lsn.Distance(slot.RestartAt ?? Lsn.Zero, reached) > Step)
                yield return new HaAction.KeepSlot(slot.Name, reached);
        }
    }
}
