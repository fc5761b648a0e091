using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Tests.Cluster;

namespace PgMahout.Tests.Ha;

/// <summary>Decisions that look like decisions and mean nothing.</summary>
internal static class Nonsense
{
    public static Decision Decide(Prng random, ClusterView view)
    {
        var actions = Enumerable.Range(0, random.Below(3)).Select(_ => Act(random, view)).ToArray();
        var wakeWithin = TimeSpan.FromMilliseconds(random.Below(5000) - 500) * random.Below(2);
        return Decision.Of(Rule.KeepLeading, wakeWithin, actions);
    }

    private static HaAction Act(Prng random, ClusterView view)
    {
        var name = view.Spec.Members[random.Below(view.Spec.Members.Length)].Name;
        var revision = random.Chance(0.8) ? Example.Current : new Revision(6);
        var epoch = new Epoch(2 + random.Below(3));
        var set = random.Chance(0.5) ? SynchronousSet.Nobody : Example.AnyOneOf(name);
        var previous = random.Chance(0.9) ? view.Leadership : null;
        var record = (view.Leadership ?? Example.HeldBy(name)) with { Synchronous = set };
        HaAction[] all =
        [
            new HaAction.AcquireLease(revision, Leadership.TakenBy(view.Self, previous)),
            new HaAction.RenewLease(revision, record),
            new HaAction.ReleaseLease(revision, record.ReleasedTo(name, Example.At(0x500))),
            new HaAction.AskForPromises(Example.At(0x500)),
            new HaAction.Fence(),
            new HaAction.Bootstrap(epoch),
            new HaAction.StartPrimary(epoch, set),
            new HaAction.StartStandby(name),
            new HaAction.Stop(StopMode.Fast),
            new HaAction.Promote(epoch),
            new HaAction.Follow(name),
            new HaAction.Seal(revision),
            new HaAction.InspectWal(),
            new HaAction.RewindFrom(name),
            new HaAction.CloneFrom(name),
            new HaAction.SetSynchronous(set),
            new HaAction.KeepSlot(name.SlotName, null),
            new HaAction.DropSlot(name.SlotName),
        ];
        return all[random.Below(all.Length)];
    }
}
