using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>
/// Whoever begins to accept writes has every commit that was ever confirmed, but for what an operator gave up by force.
/// </summary>
internal sealed class NoAcknowledgedCommitLost(SimWorld world, InvariantSet book) : Invariant(world)
{
    public override void Serving(SimPostgres server)
    {
        foreach (var timeline in book.Timelines)
        {
            if (timeline.AcknowledgedEnd <= timeline.WrittenOffEnd)
                continue;
            var reach = server.Wal!.ReachOn(timeline, server.Flushed);
            if (reach >= timeline.AcknowledgedEnd)
                continue;
            if (book.IsForced(server.Reign))
                timeline.WrittenOffEnd = timeline.AcknowledgedEnd;
            else
                Broken($"{NameOf(server)} begins epoch {server.Reign} with timeline {timeline.Id} up to {reach}; "
                    + $"{timeline.AcknowledgedEnd} was confirmed");
        }
    }
}
