using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Replication;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Ha;

/// <summary>The writes of the leadership record that several standings share.</summary>
internal static class LeaseKeeping
{
    /// <summary>A member that missed more promotions than this is not compared any more; it does not qualify.</summary>
    private const int AncestorsRecorded = 64;

    /// <summary>
    /// Renew when it is due, or at once when the record is to say something else, or when an earlier write was not
    /// answered: it may still be applied, and nothing may be built on the record before it no longer can. (Scenario:
    /// the set any 2 of a, d, e is written, without an answer; c is back, and commits wait for any 2 of a, c, d, e, as
    /// the record allows that was read; then the late write is applied.)
    /// </summary>
    public static ImmutableArray<HaAction> Renew(ClusterView view, SynchronousSet? synchronous = null)
    {
        var leadership = view.Leadership!;
        var next = Present(view) with { Synchronous = synchronous ?? leadership.Synchronous };
        var changed = next.Synchronous != leadership.Synchronous
            || next.Heads != leadership.Heads
            || SaysTooLittle(view, next);
        var due = view.Lease.HeldFrom is not { } held || view.Now - held >= view.Timing.RenewEvery * 0.9;
        return changed || due || view.Lease.UnansweredFrom is not null
            ? [new HaAction.RenewLease(Revision(view), next)]
            : [];
    }

    /// <summary>
    /// The record as it stands, with how far this member has written by now: a running primary's end, and the heads
    /// that it has for other sites; or what a server has that is down or in recovery, if that is more than the record
    /// knows.
    /// </summary>
    public static Leadership Present(ClusterView view)
    {
        var record = view.Leadership!;
        return view.Postgres switch
        {
            PostgresState.Primary primary => record with
            {
                Written = primary.Written,
                History = primary.History.Latest(AncestorsRecorded),
                Heads = UpstreamChoice.Heads(view, primary),
            },
            PostgresState.Stopped { End: { } end } => AtLeast(record, end),
            PostgresState.Standby standby => AtLeast(record, standby.Received),
            _ => record,
        };
    }

    private static Leadership AtLeast(Leadership record, WalPosition end) =>
        record.Written >= end ? record : record with { Written = end };

    /// <summary>
    /// Without synchronous commit candidates are measured by the record alone: it must not speak of an earlier history,
    /// nor of less than a server had that is about to go on. (Scenario: the leader is fenced at 1:900, recovers in
    /// place long afterwards, and dies before its next renewal; the record still says 1:400.)
    /// </summary>
    private static bool SaysTooLittle(ClusterView view, Leadership next) =>
        view.Spec.Durability == Durability.Async
        && (next.Written?.Timeline != view.Leadership!.Written?.Timeline
            || (view.Postgres is PostgresState.Stopped && next.Written != view.Leadership.Written));

    public static HaAction Acquire(ClusterView view) =>
        new HaAction.AcquireLease(Revision(view), Leadership.TakenBy(view.Self, Known(view)));

    private static Leadership? Known(ClusterView view) => view.Leadership is null ? null : Present(view);

    public static HaAction Release(ClusterView view, Candidate heir) =>
        new HaAction.ReleaseLease(Revision(view), view.Leadership!.ReleasedTo(heir.Name, heir.Position));

    public static Revision Revision(ClusterView view) =>
        view.Store.TryGet(out var store) ? store.Revision : Vocabulary.Revision.None;

    public static StoreContent Store(ClusterView view) =>
        view.Store.TryGet(out var store)
            ? store
            : throw new InvalidOperationException("decided on a store that was not read");
}
