using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Simulation.Sabotage;

/// <summary>Views and decisions, changed as a mistake in the policy would.</summary>
internal static class Tampering
{
    public static ClusterView WithStore(this ClusterView view, Func<StoreContent, StoreContent> change) =>
        view.Store is Reading<StoreContent>.Fresh fresh
            ? view with { Store = fresh with { Value = change(fresh.Value) } }
            : view;

    public static ClusterView WithPeers(this ClusterView view, Func<MemberReport, MemberReport> change) => view with
    {
        Peers =
        [
            .. view.Peers.Select(peer => peer.Report is Reading<MemberReport>.Fresh fresh
                ? peer with { Report = fresh with { Value = change(fresh.Value) } }
                : peer),
        ],
    };

    /// <summary>Every voter counts for all: one that is heard is enough.</summary>
    public static ClusterView AnyVoterSuffices(ClusterView view) => view.WithStore(store =>
        store.Leadership is not { } record || record.Holder == view.Self
            ? store
            : store with
            {
                Leadership = record with
                {
                    Synchronous = SynchronousSet.Of(
                        view.Spec.Members.Length, view.Spec.Members.Select(member => member.Name)),
                },
            });

    /// <summary>Everybody is believed to have sealed itself.</summary>
    public static ClusterView AllSealed(ClusterView view)
    {
        if (!view.Store.TryGet(out var store))
            return view;
        return (view with { Sealed = store.Revision }).WithPeers(report => report with { Sealed = store.Revision });
    }

    /// <summary>Two addresses are compared as if no timeline had ever been left before its end.</summary>
    public static ClusterView NoHistory(ClusterView view) => view.WithStore(store =>
        store.Leadership is { } record && new[] { record.Written, view.LeaderWritten }.Max() is { } newest
            ? store with { Leadership = record with { History = Endless(newest.Timeline) } }
            : store);

    private static TimelineHistory Endless(TimelineId current) => new(
        [.. Enumerable.Range(1, (int)current.Value - 1).Select(past =>
            new TimelineSwitch(new TimelineId((uint)past), new Lsn(ulong.MaxValue)))],
        current);

    public static ClusterView NothingLeft(ClusterView view) => view.Postgres is PostgresState.Stopped stopped
        ? view with { Postgres = stopped with { ProcessesLeft = 0 } }
        : view;

    public static ClusterView AlwaysSettled(ClusterView view) => view.Postgres is PostgresState.Primary primary
        ? view with { Postgres = primary with { SettledAt = Lsn.Zero } }
        : view;

    public static ClusterView AllFlushed(ClusterView view) => view.Postgres is PostgresState.Primary primary
        ? view with
        {
            Postgres = primary with
            {
                Standbys = [.. primary.Standbys.Select(link => link with { Flushed = primary.Written.Lsn })],
            },
        }
        : view;

    public static Decision WithActions(this Decision decision, Func<HaAction, HaAction?> change)
    {
        var actions = ImmutableArray.CreateBuilder<HaAction>(decision.Actions.Length);
        foreach (var action in decision.Actions)
            if (change(action) is { } kept)
                actions.Add(kept);
        return decision with { Actions = actions.ToImmutable() };
    }

    /// <summary>The heir is whoever is last by name, whatever it has.</summary>
    public static Decision HeirByName(ClusterView view)
    {
        var decision = HaPolicy.Decide(view);
        var running = view.Peers.Where(peer => view.PeerReport(peer.Name)?.Postgres is PostgresState.Standby).ToArray();
        return decision.WithActions(action => action is HaAction.ReleaseLease release && running.Length > 0
            ? release with { Next = release.Next.ReleasedTo(running[^1].Name, null) }
            : action);
    }

    /// <summary>The operator's choice is the heir, although another member may have more.</summary>
    public static Decision HeirAsAsked(ClusterView view)
    {
        var decision = HaPolicy.Decide(view);
        return view.Store.TryGet(out var store) && store.Switchover is { To: { } asked }
            ? decision.WithActions(action => action is HaAction.ReleaseLease release
                ? release with { Next = release.Next.ReleasedTo(asked, null) }
                : action)
            : decision;
    }

    /// <summary>What commits wait for is changed first, and recorded afterwards.</summary>
    public static Decision EffectBeforeRecord(ClusterView view)
    {
        var decision = HaPolicy.Decide(view);
        if (decision.Rule != Rule.AdjustSynchronous || view.Postgres is not PostgresState.Primary primary)
            return decision;
        var wanted = Core.Replication.SynchronousPlanner.Wanted(view, primary);
        return primary.Effective == wanted
            ? decision
            : decision with { Actions = [new HaAction.SetSynchronous(wanted), .. decision.Actions] };
    }

    /// <summary>The winner of an election promotes at once, without taking the lease.</summary>
    public static Decision PromoteAtOnce(ClusterView view) => HaPolicy.Decide(view).WithActions(action => action switch
    {
        HaAction.AcquireLease acquire when view.Postgres is PostgresState.Standby =>
            new HaAction.Promote(acquire.Next.Epoch),
        _ => action,
    });

    /// <summary>A taker writes itself in and leaves the epoch as it was.</summary>
    public static Decision SameEpoch(ClusterView view)
    {
        if (view.Leadership is not { } record)
            return HaPolicy.Decide(view);
        return HaPolicy.Decide(view).WithActions(action => action switch
        {
            HaAction.AcquireLease when record.IsHeld && record.Holder == view.Self =>
                new HaAction.Promote(record.Epoch),
            HaAction.AcquireLease acquire => acquire with { Next = acquire.Next with { Epoch = record.Epoch } },
            _ => action,
        });
    }

    /// <summary>A stopped former primary is cloned over, whether or not a leader was seen running.</summary>
    public static Decision CloneAtOnce(ClusterView view)
    {
        var decision = HaPolicy.Decide(view);
        return decision.Rule == Rule.AwaitPrimary && view is { Postgres: PostgresState.Stopped, Leadership: { } record }
            && record.Holder != view.Self
            ? decision with { Actions = [new HaAction.CloneFrom(record.Holder)] }
            : decision;
    }

    /// <summary>A standby that holds the lease is started in place as a primary, on the old timeline.</summary>
    public static Decision StartStandbyAsPrimary(ClusterView view) => HaPolicy.Decide(view).WithActions(action =>
        action is HaAction.StartStandby { Upstream: null } && view.Leadership is { } record
            && record.Holder == view.Self
            ? new HaAction.StartPrimary(record.Epoch, record.Synchronous)
            : action);

    /// <summary>A write whose outcome is unknown is not settled before the next step.</summary>
    public static Decision BuildOnUnanswered(ClusterView view)
    {
        var decision = HaPolicy.Decide(view);
        var due = view.Lease.HeldFrom is not { } held || view.Now - held >= view.Timing.RenewEvery * 0.9;
        return due
            ? decision
            : decision.WithActions(action =>
                action is HaAction.RenewLease renew && renew.Next.Synchronous == view.Leadership?.Synchronous
                    ? null
                    : action);
    }

    /// <summary>That the region has yielded is read, and not minded.</summary>
    public static ClusterView NotYielded(ClusterView view) => view.WithStore(store =>
        store.Region?.Role == RegionRole.Yielded ? store with { Region = null } : store);

    /// <summary>A promoted member waits for nobody until the planner has looked.</summary>
    public static Decision PromoteUnprepared(ClusterView view) =>
        HaPolicy.Decide(view).WithActions(action => action switch
    {
        HaAction.SetSynchronous when view.Postgres is PostgresState.Standby =>
            new HaAction.SetSynchronous(SynchronousSet.Nobody),
        _ => action,
    });

    public static Decision MoveNoSlot(ClusterView view) => view.Postgres is PostgresState.Primary
        ? HaPolicy.Decide(view).WithActions(
            action => action is HaAction.KeepSlot { AdvanceTo: not null } ? null : action)
        : HaPolicy.Decide(view);

    /// <summary>A primary believes that every standby has received all that it has written.</summary>
    public static ClusterView AllReceived(ClusterView view) => view.Postgres is PostgresState.Primary primary
        ? view.WithPeers(report => report.Postgres is PostgresState.Standby standby
            ? report with { Postgres = standby with { Received = primary.Written } }
            : report)
        : view;

    /// <summary>Nobody counts who is left to confirm commits.</summary>
    public static Decision HeadsEverywhere(ClusterView view)
    {
        if (view.Postgres is not PostgresState.Primary primary || view.Spec.Find(view.Self) is not { } self)
            return HaPolicy.Decide(view);
        var heads = SiteHeads.Of(view.Spec.Members
            .Where(member => member.Site != self.Site)
            .GroupBy(member => member.Site)
            .Select(site => site.First().Name)
            .Where(head => primary.Standbys.Any(link => link.Member == head && link.Streaming)));
        return HaPolicy.Decide(view).WithActions(action => action is HaAction.RenewLease renew
            ? renew with { Next = renew.Next with { Heads = heads } }
            : action);
    }
}
