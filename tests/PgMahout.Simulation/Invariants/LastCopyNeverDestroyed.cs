using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>Nothing that was confirmed is rewound or cloned over while no other member has it on disk.</summary>
internal sealed class LastCopyNeverDestroyed(SimWorld world, InvariantSet book) : Invariant(world)
{
    public override void Destroying(SimPostgres target, SimPostgres? source)
    {
        if (target.Wal is not { } wal)
            return;
        if (World.Members.All(member => member.Postgres == target || !member.Postgres.Initialized))
            Broken($"{NameOf(target)} has the only data directory");
        foreach (var timeline in book.Timelines)
        {
            var here = Math.Min(wal.ReachOn(timeline, target.Flushed), timeline.AcknowledgedEnd);
            if (here > timeline.WrittenOffEnd && !World.Members.Any(member =>
                HasToo(member.Postgres, target, timeline, here)))
                Broken($"{NameOf(target)} alone has timeline {timeline.Id} up to {here}");
        }
    }

    private static bool HasToo(SimPostgres other, SimPostgres target, WalTimeline timeline, long end) =>
        other != target && other.Wal is { } wal && wal.ReachOn(timeline, other.Flushed) >= end;
}
