using PgMahout.Agent.Api;
using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Operations;
using PgMahout.Postgres.Processes;
using PgMahout.Processes;
using PgMahout.Status;

namespace PgMahout.Stopping;

/// <summary>
/// Takes one member out of service, as its host goes down: hands the leadership over while everything runs, if it has
/// it and somebody can take it; then PostgreSQL is stopped by its agent, else without it. Nothing here depends on the
/// store, which may have gone first.
/// </summary>
internal static class MemberStop
{
    private const string Reason = "its host, or the member, is being stopped";
    private static readonly TimeSpan HandOverLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StoreLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AgentLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    /// <returns>0: nothing of the member runs any more. 1: something does.</returns>
    public static async Task<int> RunAsync(HomeLayout home, MemberName member, CancellationToken stopping)
    {
        var asked = PidLock.Holder(home.AgentLock(member)) is not null
            && await AskAsync(home, member, stopping);
        if (!asked || !await HasEndedAsync(home, member, stopping))
            await WithoutAgentAsync(home, member, stopping);
        var left = MemberProcesses.List(home, member).Count;
        return left == 0
            ? Say(Severity.Notice, $"{member} is stopped", 0)
            : Say(Severity.Error, $"{left} processes of PostgreSQL of {member} are still there", 1);
    }

    private static async Task<bool> AskAsync(HomeLayout home, MemberName member, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(HandOverLimit + StoreLimit);
        try
        {
            await HandOverAsync(home, member, limit.Token);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            Say(Severity.Warning, "the leadership was not handed over in time");
        }
        // Its agent on this host answers on the socket, whatever the cluster calls it by.
        using var agent = new AgentClient(home, new MemberSpec(member, "localhost", 0, home.ApiAddress(member)));
        return await agent.RequestAsync(MemberRequest.Shutdown, AskLimit, stopping) is AgentAnswer<bool>.Said;
    }

    private static async Task HandOverAsync(HomeLayout home, MemberName member, CancellationToken limit)
    {
        var opened = await ClusterAccess.OpenAsync(home, limit);
        if (!opened.TryGet(out var cluster, out var failure))
        {
            Say(Severity.Warning, $"the leadership is not handed over: {failure.What}");
            return;
        }
        await using var closing = cluster;
        if (cluster.Leader != member || cluster.Spec.Members.Length < 2)
            return;
        var attempt = await new SwitchoverOperation(cluster)
            .RunAsync(new SwitchoverWish(null, false, Reason), HandOverLimit, limit);
        Say(
            attempt.TryGet(out var result, out failure) ? Severity.Notice : Severity.Warning,
            attempt.TryGet(out result, out failure)
                ? $"{result.To} leads instead of {member}"
                : $"the leadership was not handed over: {failure.What}");
    }

    private static async Task<bool> HasEndedAsync(HomeLayout home, MemberName member, CancellationToken stopping)
    {
        var until = BootClock.Now() + AgentLimit;
        while (PidLock.Holder(home.AgentLock(member)) is not null)
        {
            if (BootClock.Now() >= until)
                return false;
            await Task.Delay(Pace, stopping);
        }
        // An agent that died instead of doing as asked left its server.
        return MemberProcesses.List(home, member).Count == 0;
    }

    private static async Task WithoutAgentAsync(HomeLayout home, MemberName member, CancellationToken stopping)
    {
        Say(Severity.Warning, $"the agent of {member} does not stop PostgreSQL; it is stopped without it");
        // First, or it would bring PostgreSQL back.
        if (PidLock.Holder(home.AgentLock(member)) is { } agent)
            Signals.Send(agent, Signals.Kill);
        await OrderlyStop.StopServerAsync(home, member, stopping);
    }

    private static int Say(Severity severity, string text, int code = 0)
    {
        Log.Write(severity, $"stop: {text}");
        return code;
    }
}
