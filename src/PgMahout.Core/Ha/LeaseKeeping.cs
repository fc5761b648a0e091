using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Ha;

/// <summary>The writes of the leadership record that several standings share.</summary>
internal static class LeaseKeeping
{
    /// <summary>
    /// Renew when it is due, or at once when the record is to say something else, or when an earlier write was not
    /// answered: it may still be applied, and nothing may be built on the record before it no longer can. (Scenario:
    /// the set any 2 of a, d, e is written, without an answer; c is back, and commits wait for any 2 of a, c, d, e, as
    /// the record allows that was read; then the late write is applied.)
    /// </summary>
    public static ImmutableArray<HaAction> Renew(ClusterView view, SynchronousSet? synchronous = null)
    {
        var leadership = view.Leadership!;
        var written = view.Postgres is PostgresState.Primary primary ? primary.Written : leadership.Written;
        var next = leadership with { Synchronous = synchronous ?? leadership.Synchronous, Written = written };
        var changed = next.Synchronous != leadership.Synchronous;
        var due = view.Lease.HeldFrom is not { } held || view.Now - held >= view.Timing.RenewEvery * 0.9;
        return changed || due || view.Lease.UnansweredFrom is not null
            ? [new HaAction.RenewLease(Revision(view), next)]
            : [];
    }

    public static HaAction Acquire(ClusterView view) =>
        new HaAction.AcquireLease(Revision(view), Leadership.TakenBy(view.Self, view.Leadership));

    public static HaAction Release(ClusterView view, Candidate heir) =>
        new HaAction.ReleaseLease(Revision(view), view.Leadership!.ReleasedTo(heir.Name, heir.Position));

    public static Revision Revision(ClusterView view) =>
        view.Store.TryGet(out var store) ? store.Revision : Vocabulary.Revision.None;

    public static StoreContent Store(ClusterView view) =>
        view.Store.TryGet(out var store)
            ? store
            : throw new InvalidOperationException("decided on a store that was not read");
}
