using System.Collections.Immutable;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Replication;

/// <summary>
/// Every member keeps a slot for every other one, standbys too: whoever is promoted next already holds the WAL that
/// the others still need. The same holds for the slots through which WAL is archived. Slots that nobody reads are moved
/// forward, so that they never fill a disk.
/// </summary>
public static class SlotPlan
{
    private static readonly ByteSize Step = ByteSize.Megabytes(16);
    private const string Prefix = "pgmahout_";

    /// <summary>
    /// On the primary: missing slots are created, slots of members that are gone are dropped. Receivers move them
    /// forward; those of members that stream from the head of their site nobody would, so each is moved to what its
    /// owner itself says that it has: should the head die, it comes for what follows.
    /// </summary>
    public static ImmutableArray<HaAction> OnPrimary(ClusterView view, PostgresState.Primary primary) =>
        [.. Missing(view, primary.Slots), .. Surplus(view, primary.Slots), .. ReceivedElsewhere(view, primary)];

    /// <summary>On a standby: as on the primary, and each slot is moved to where its owner is known to be.</summary>
    public static ImmutableArray<HaAction> OnStandby(
        ClusterView view, PostgresState.Standby standby, PostgresState.Primary? leader) =>
        [
            .. Missing(view, standby.Slots),
            .. Surplus(view, standby.Slots),
            .. Behind(view, standby, leader),
            .. ArchivedMeanwhile(view, standby, leader),
        ];

    private static IEnumerable<HaAction> Missing(ClusterView view, ImmutableArray<Slot> slots) =>
        view.Spec.Others(view.Self).Select(member => member.Name.SlotName)
            .Concat(ArchiveSlots(view) ?? [])
            .Where(name => slots.All(slot => slot.Name != name))
            .Select(name => new HaAction.KeepSlot(name, null));

    /// <summary>While the store cannot be read, nobody knows which archives there are: their slots stay.</summary>
    private static IEnumerable<HaAction> Surplus(ClusterView view, ImmutableArray<Slot> slots) =>
        slots
            .Where(slot =>
                (IsOurs(slot, Prefix) && view.Spec.Others(view.Self).All(member => member.Name.SlotName != slot.Name))
                || (IsOurs(slot, RepositorySettings.SlotPrefix)
                    && ArchiveSlots(view) is { } archives
                    && !archives.Contains(slot.Name)))
            .Select(slot => new HaAction.DropSlot(slot.Name));

    /// <summary>
    /// Only a member's own word counts, and only what of it is this primary's history: a head may have more than the
    /// members behind it.
    /// </summary>
    private static IEnumerable<HaAction> ReceivedElsewhere(ClusterView view, PostgresState.Primary primary)
    {
        foreach (var member in view.Spec.Others(view.Self))
        {
            if (UpstreamChoice.HeadFor(view.Spec, view.Leadership, member.Name) is null
                || primary.Standbys.Any(link => link.Member == member.Name && link.Streaming)
                || view.PeerReport(member.Name)?.Postgres is not PostgresState.Standby standby
                || standby.SystemIdentifier != primary.SystemIdentifier
                || !primary.History.Contains(standby.Received)
                || primary.Slots.FirstOrDefault(slot => slot.Name == member.Name.SlotName) is not { } slot)
                continue;
            var reached = Lsn.Min(standby.Received.Lsn, primary.Written.Lsn);
            if (Lsn.Distance(slot.RestartAt ?? Lsn.Zero, reached) > Step)
                yield return new HaAction.KeepSlot(slot.Name, reached);
        }
    }

    private static IEnumerable<HaAction> Behind(
        ClusterView view, PostgresState.Standby standby, PostgresState.Primary? leader)
    {
        if (leader is null)
            yield break;
        foreach (var member in view.Spec.Others(view.Self))
        {
            var slot = standby.Slots.FirstOrDefault(candidate => candidate.Name == member.Name.SlotName);
            var known = view.Leadership?.Holder == member.Name
                ? standby.Replayed
                : Confirmed(view, leader, member.Name);
            if (slot is null || known is not { } confirmed)
                continue;
            var reached = Lsn.Min(confirmed, standby.Replayed);
            if (Lsn.Distance(slot.RestartAt ?? Lsn.Zero, reached) > Step)
                yield return new HaAction.KeepSlot(slot.Name, reached);
        }
    }

    /// <summary>
    /// What the leader knows of a member: by its link, or, if it streams from the head of its site, by the slot that
    /// the leader moves for it. Null when it knows nothing.
    /// </summary>
    private static Lsn? Confirmed(ClusterView view, PostgresState.Primary leader, MemberName name) =>
        UpstreamChoice.HeadFor(view.Spec, view.Leadership, name) is null
            ? leader.Standbys.FirstOrDefault(link => link.Member == name)?.Flushed
            : leader.Slots.FirstOrDefault(slot => slot.Name == name.SlotName)?.RestartAt;

    /// <summary>The archive reads from the primary; what it has confirmed there is not needed here either.</summary>
    private static IEnumerable<HaAction> ArchivedMeanwhile(
        ClusterView view, PostgresState.Standby standby, PostgresState.Primary? leader)
    {
        foreach (var name in ArchiveSlots(view) ?? [])
        {
            var own = standby.Slots.FirstOrDefault(slot => slot.Name == name);
            if (own is null || leader?.Slots.FirstOrDefault(slot => slot.Name == name)?.RestartAt is not { } confirmed)
                continue;
            var reached = Lsn.Min(confirmed, standby.Replayed);
            if (Lsn.Distance(own.RestartAt ?? Lsn.Zero, reached) > Step)
                yield return new HaAction.KeepSlot(name, reached);
        }
    }

    private static bool IsOurs(Slot slot, string prefix) => slot.Name.StartsWith(prefix, StringComparison.Ordinal);

    private static ImmutableArray<string>? ArchiveSlots(ClusterView view) =>
        view.Store.TryGet(out var content) ? content.ArchiveSlots : null;
}
