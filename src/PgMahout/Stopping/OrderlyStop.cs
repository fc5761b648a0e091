using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Agent.Supervision;
using PgMahout.Core.Vocabulary;
using PgMahout.Output;
using PgMahout.Processes;
using PgMahout.Status;

namespace PgMahout.Stopping;

/// <summary>
/// Stops what a supervisor left behind, or would have stopped were it alive: the agents first, because they would bring
/// PostgreSQL back; then the servers, the leader before the others, so that they receive its last byte.
/// </summary>
internal sealed class OrderlyStop(HomeLayout home, IReadOnlyList<MemberName> members, Screen screen)
{
    private const int FastShutdown = 2;
    private static readonly TimeSpan AgentLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ServerLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    public async Task RunAsync(CancellationToken cancellation)
    {
        await ClusterShutdown.StopProxiesAsync(home);
        var agents = members.Select(member => PidLock.Holder(home.AgentLock(member))).OfType<int>().ToArray();
        if (agents.Length > 0)
            screen.Note($"stopping {agents.Length} agents that no supervisor looks after");
        foreach (var agent in agents)
            Signals.Send(agent, Signals.Terminate);
        await WaitAsync(() => agents.All(agent => !Signals.IsAlive(agent)), AgentLimit, cancellation);
        foreach (var agent in agents.Where(Signals.IsAlive))
            Signals.Send(agent, Signals.Kill);

        foreach (var member in await LeaderFirstAsync(cancellation))
        {
            if (MemberProcesses.FindPostmaster(home, member) is { } postmaster)
                screen.Note($"stopping PostgreSQL of {member} (pid {postmaster.Pid})");
            await StopServerAsync(home, member, cancellation);
        }
        await ClusterShutdown.StopArchiverAsync(home);
    }

    private async Task<IEnumerable<MemberName>> LeaderFirstAsync(CancellationToken cancellation)
    {
        var opened = await ClusterAccess.OpenAsync(home, cancellation);
        if (!opened.TryGet(out var cluster, out _))
            return members;
        await using var closing = cluster;
        var leader = cluster.Leader;
        return members.OrderBy(member => member == leader ? 0 : 1).ToArray();
    }

    /// <summary>In order if it can be; killed if not. Its agent must have ended.</summary>
    public static async Task StopServerAsync(HomeLayout home, MemberName member, CancellationToken cancellation)
    {
        if (MemberProcesses.FindPostmaster(home, member) is { } postmaster)
        {
            Signals.Send(postmaster.Pid, Signals.Continue);
            Signals.Send(postmaster.Pid, FastShutdown);
            await WaitAsync(() => !Signals.IsAlive(postmaster.Pid), ServerLimit, cancellation);
        }
        if (MemberProcesses.List(home, member).Count > 0)
            MemberProcesses.Of(home, member)!.KillAll(KillLimit);
        // The guard ends with its postmaster; one that was frozen needs a push.
        if (PidLock.Holder(home.GuardLock(member)) is { } guard)
        {
            Signals.Send(guard, Signals.Continue);
            await WaitAsync(() => !Signals.IsAlive(guard), AgentLimit, cancellation);
        }
    }

    private static async Task WaitAsync(Func<bool> condition, TimeSpan limit, CancellationToken cancellation)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition() && TimeProvider.System.GetElapsedTime(started) < limit)
            await Task.Delay(Pace, cancellation);
    }
}
