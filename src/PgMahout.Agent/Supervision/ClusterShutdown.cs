using System.Diagnostics;
using PgMahout.Agent.Api;
using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Supervision;

/// <summary>
/// Stops every member of a home in order: the leader first, so that the standbys receive its last byte; then the
/// others. A member whose agent does not do as asked is stopped here: the agent is killed, then its server.
/// </summary>
public static class ClusterShutdown
{
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MemberLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan ArchiverLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ProxyLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(HomeLayout home, ClusterSpec spec, MemberName? leader)
    {
        if (leader is { } first && spec.Find(first) is { } member)
            await StopAsync(home, member);
        await Task.WhenAll(spec.Members.Where(other => other.Name != leader).Select(other => StopAsync(home, other)));
    }

    /// <summary>The one that listens, and those that still have clients of before.</summary>
    public static async Task StopProxiesAsync(HomeLayout home)
    {
        await Task.WhenAll(home.ProxySockets().Select(async socket =>
        {
            using var proxy = new ProxyClient(socket);
            await proxy.TellAsync("stop", AskLimit, CancellationToken.None);
        }));
        if (PidLock.Holder(home.ProxyLock) is not { } pid)
            return;
        ServerProcess.Find(pid)?.Terminate();
        if (!await IsFreeWithinAsync(home.ProxyLock, ProxyLimit))
            Kill(pid);
    }

    /// <summary>It loses nothing however it ends; killed only when it does not end in time.</summary>
    public static async Task StopArchiverAsync(HomeLayout home)
    {
        if (PidLock.Holder(home.ArchiverLock) is not { } pid)
            return;
        ServerProcess.Find(pid)?.Terminate();
        if (!await IsFreeWithinAsync(home.ArchiverLock, ArchiverLimit))
            Kill(pid);
    }

    private static async Task StopAsync(HomeLayout home, MemberSpec member)
    {
        using var client = new AgentClient(home, member);
        var asked = await client.RequestAsync(MemberRequest.Shutdown, AskLimit, CancellationToken.None);
        if (asked is AgentAnswer<bool>.Said && await IsFreeWithinAsync(home.AgentLock(member.Name), MemberLimit))
            return;
        Console.Error.WriteLine($"supervisor: the agent of {member.Name} did not shut it down; stopping it directly");
        if (PidLock.Holder(home.AgentLock(member.Name)) is { } agent)
            Kill(agent);
        if (ServerAccount.Find().TryGet(out var account))
            new ServerProcesses(home.DataDirectory(member.Name), account.Uid).KillAll(KillLimit);
    }

    /// <summary>Its lock was seen held a moment ago, so the pid is its.</summary>
    private static void Kill(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (ArgumentException)
        {
            // It has just ended by itself.
        }
    }

    private static async Task<bool> IsFreeWithinAsync(string lockFile, TimeSpan limit)
    {
        var until = BootClock.Now() + limit;
        while (PidLock.Holder(lockFile) is not null)
        {
            if (BootClock.Now() >= until)
                return false;
            await Task.Delay(10);
        }
        return true;
    }
}
