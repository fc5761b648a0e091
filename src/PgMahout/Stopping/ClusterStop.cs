using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Core.Vocabulary;
using PgMahout.Output;
using PgMahout.Processes;

namespace PgMahout.Stopping;

/// <summary>Stops everything of a home: by its supervisor where one runs, and then what that left.</summary>
internal sealed class ClusterStop(HomeLayout home, IReadOnlyList<MemberName> members, Screen screen)
{
    private static readonly TimeSpan SupervisorLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    /// <returns>What is still there, in words; empty when all is stopped.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancellation)
    {
        await StopSupervisorAsync(cancellation);
        await new OrderlyStop(home, members, screen).RunAsync(cancellation);
        return Remaining();
    }

    private async Task StopSupervisorAsync(CancellationToken cancellation)
    {
        if (SupervisorProcess.Find(home) is not { } pid)
            return;
        screen.Note($"stopping: supervisor {pid} stops the leader first, then the others");
        Signals.Send(pid, Signals.Terminate);
        var started = TimeProvider.System.GetTimestamp();
        while (Signals.IsAlive(pid) && TimeProvider.System.GetElapsedTime(started) < SupervisorLimit)
            await Task.Delay(Pace, cancellation);
    }

    private List<string> Remaining()
    {
        var remaining = new List<string>();
        if (SupervisorProcess.Find(home) is { } supervisor)
            remaining.Add($"supervisor: pid {supervisor}");
        if (PidLock.Holder(home.ArchiverLock) is { } archiver)
            remaining.Add($"archiver: pid {archiver}");
        if (PidLock.Holder(home.ProxyLock) is { } proxy)
            remaining.Add($"proxy: pid {proxy}");
        foreach (var member in members)
        {
            if (PidLock.Holder(home.AgentLock(member)) is { } agent)
                remaining.Add($"agent of {member}: pid {agent}");
            remaining.AddRange(
                MemberProcesses.List(home, member).Select(server => $"PostgreSQL of {member}: pid {server.Pid}"));
        }
        return remaining;
    }
}
