using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Replication;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Ha;

/// <summary>Sentences about a view: what is the case, and what would happen if the primary died now.</summary>
public static class Explanation
{
    public static string Situation(ClusterView view)
    {
        if (!view.Store.TryGet(out var store))
            return $"The store cannot be read: {(view.Store as Reading<StoreContent>.Missing)?.Reason}.";
        if (store.Leadership is not { } leadership)
            return "There was no leader yet.";
        var lease = Standings.Of(view) switch
        {
            Standing.NeverLed => "there was no leader yet",
            Standing.Holding =>
                $"{view.Self} holds the lease for another {Seconds(view.Lease.FenceAt(view.Timing)!.Value - view.Now)}",
            Standing.Unconfirmed => $"the record names {view.Self}, whose time may have run out",
            Standing.OtherHolds =>
                $"{leadership.Holder} holds the lease, renewed {Seconds(view.Now - view.Lease.SeenAt)} ago",
            Standing.Expired =>
                $"{leadership.Holder} has not renewed its lease for {Seconds(view.Now - view.Lease.SeenAt)}",
            Standing.Released => $"{leadership.Holder} released the lease to {leadership.Released!.Heir}",
        };
        var pause = store.Pause is { } held
            ? $" Paused by {held.By} for another {Seconds(held.Remaining)}: {held.Reason}."
            : "";
        return $"Epoch {leadership.Epoch}: {lease}; confirmed commits are known to {Knowing(view, leadership)}; "
            + $"PostgreSQL here: {Name(view.Postgres)}.{pause}";
    }

    /// <summary>
    /// Every member but the leader as its successor. Only the leader sees how far each of them is; elsewhere the
    /// recorded set alone is known.
    /// </summary>
    public static ImmutableArray<Candidate> Successors(ClusterView view)
    {
        if (!view.Store.IsFresh || view.Leadership is not { } leadership)
            return [];
        return [.. view.Spec.Others(leadership.Holder).Select(member => Successor(view, leadership, member))];
    }

    public static string IfPrimaryDied(ClusterView view, ImmutableArray<Candidate> candidates)
    {
        if (view.Leadership is not { } leadership)
            return "There is no primary.";
        var able = candidates.Where(candidate => candidate.Eligible).ToImmutableArray();
        var recorded = leadership.Synchronous;
        var needed = view.Spec.Durability == Durability.Async ? 1 : recorded.PromotionQuorum;
        if (able.Length < needed || recorded.Quorum == 0 && view.Spec.Durability != Durability.Async)
            return $"Nobody could take over from {leadership.Holder} by itself: confirmed commits are known to "
                + $"{Knowing(view, leadership)}. If its host survives it recovers in place.";
        var best = Candidate.Best(able)!;
        var loss = view.Spec.Durability == Durability.Async
            ? $"at most {view.Spec.MaximumLag} of the newest commits could be lost"
            : "no confirmed commit would be lost";
        return $"{best.Name} would lead: at once if only PostgreSQL died, after {Seconds(view.Timing.Ttl)} if the host "
            + $"did; {loss}.";
    }

    private static Candidate Successor(ClusterView view, Leadership leadership, MemberSpec member)
    {
        var primary = view.Postgres as PostgresState.Primary;
        var link = primary?.Standbys.FirstOrDefault(standby => standby.Member == member.Name);
        WalPosition? position = link is not null ? new WalPosition(primary!.Written.Timeline, link.Flushed)
            : member.Name == view.Self && view.Postgres is PostgresState.Standby own ? own.Received
            : null;
        return new Candidate(member.Name, position, member.Priority, WhyNot(view, leadership, member, primary, link));
    }

    private static string? WhyNot(
        ClusterView view, Leadership leadership, MemberSpec member, PostgresState.Primary? primary, StandbyLink? link)
    {
        if (!member.Promotable)
            return "its priority is 0";
        var isStreaming = link is { Streaming: true };
        if (primary is not null && !isStreaming
            && UpstreamChoice.HeadFor(view.Spec, leadership, member.Name) is not null)
            return Election.WhyNotStreaming(view, member.Name);
        if (view.Spec.Durability != Durability.Async && !leadership.Synchronous.Contains(member.Name))
            return "it is not in the recorded synchronous set";
        return primary is not null && !isStreaming ? Election.WhyNotStreaming(view, member.Name) : null;
    }

    private static string Knowing(ClusterView view, Leadership leadership) =>
        view.Spec.Durability == Durability.Async
            ? "nobody for certain (durability is async)"
            : leadership.Synchronous.Quorum == 0
                ? $"{leadership.Holder} alone"
                : leadership.Synchronous.ToString();

    private static string Name(PostgresState state) => state switch
    {
        PostgresState.Uninitialized => "no data directory",
        PostgresState.Foreign foreign => $"not ours ({foreign.Why})",
        PostgresState.Stopped stopped => stopped.Clean ? "stopped" : "crashed",
        PostgresState.Starting => "starting",
        PostgresState.Standby standby =>
            standby.Streaming ? $"standby streaming from {standby.Upstream}" : "standby, not streaming",
        PostgresState.Primary primary => $"primary at {primary.Written}",
        PostgresState.Unresponsive => "not answering",
        _ => throw new InvalidOperationException($"unknown state {state.GetType().Name}"),
    };

    private static string Seconds(TimeSpan span) =>
        span.TotalSeconds.ToString("F1", System.Globalization.CultureInfo.InvariantCulture) + " s";
}
