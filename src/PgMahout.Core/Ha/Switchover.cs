using PgMahout.Core.Cluster;

namespace PgMahout.Core.Ha;

/// <summary>
/// A planned change of leader: check the successor while everything still runs, stop cleanly so that the standbys get
/// the last byte, then hand over as after any stop.
/// </summary>
internal static class Switchover
{
    /// <summary>What the running leader does about the operator's request; null when there is none.</summary>
    public static Decision? Decide(ClusterView view, PostgresState.Primary primary)
    {
        if (LeaseKeeping.Store(view).Switchover is not { } request)
            return null;
        if (request.From != view.Self)
            return Close(view, request);
        if (LeaseKeeping.Store(view).Pause is { } pause)
            return Refuse(view, request, $"the cluster is paused by {pause.By}: {pause.Reason}");

        var candidates = Election.Successors(view, primary);
        var chosen = request.To is { } name
            ? candidates.FirstOrDefault(candidate => candidate.Name == name)
            : Candidate.Best(candidates) ?? candidates.FirstOrDefault();
        if (chosen is { Eligible: true } || (request.Force && chosen is { Position: not null }))
            return AsLeader.Keep(view, Rule.StopForSwitchover)
                .Then(new HaAction.Stop(StopMode.Fast, Transactions.AllowedToEnd));

        var why = chosen is null
            ? "there is no such member to hand over to"
            : $"{chosen.Name} cannot take over: {chosen.Disqualified}";
        return Refuse(view, request, why);
    }

    private static Decision Refuse(ClusterView view, SwitchoverRequest request, string why) =>
        AsLeader.Keep(view, Rule.RefuseSwitchover).Then(new HaAction.CloseSwitchover(request.Id, false, why));

    /// <summary>Somebody else led when it was asked for; this member leads now, so it is over.</summary>
    internal static Decision Close(ClusterView view, SwitchoverRequest request)
    {
        var done = request.To is null || request.To == view.Self;
        var reason = done ? $"{view.Self} leads" : $"{view.Self} leads instead of {request.To}";
        return AsLeader.Keep(view, Rule.CompleteSwitchover)
            .Then(new HaAction.CloseSwitchover(request.Id, done, reason));
    }
}
