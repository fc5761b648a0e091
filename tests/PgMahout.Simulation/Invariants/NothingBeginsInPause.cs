using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>
/// While the cluster is paused nothing is started, promoted or rebuilt, and nothing is stopped except to fence.
/// </summary>
internal sealed class NothingBeginsInPause(SimWorld world) : Invariant(world)
{
    public override void Acting(int member, ClusterView view, Rule rule, HaAction action)
    {
        if (!view.Store.TryGet(out var store) || store.Pause is null)
            return;
        var begins = action is HaAction.Promote or HaAction.StartPrimary or HaAction.StartStandby or HaAction.Bootstrap
            or HaAction.RewindFrom or HaAction.CloneFrom or HaAction.AcquireLease or HaAction.ReleaseLease;
        var stops = action is HaAction.Stop && rule != Rule.ShutDownMember;
        if (begins || stops)
            Broken($"{view.Self} does {action.GetType().Name} by {rule} in a pause");
    }
}
