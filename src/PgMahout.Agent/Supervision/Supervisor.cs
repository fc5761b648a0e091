using System.Diagnostics;
using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Agent.Loop;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Agent.Supervision;

/// <summary>
/// Keeps one agent running for every member of a home, one archiver while there is a repository, and one proxy while
/// the cluster has settings for it. Processes that
/// it finds running it watches; those that end it starts again. It touches no PostgreSQL itself, except that its own
/// orderly end stops the whole cluster, leader first.
/// </summary>
public static class Supervisor
{
    private static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(1);

    /// <returns>
    /// 0 after an orderly end, 5 when another supervisor holds the home, 1 when the store cannot be opened.
    /// </returns>
    public static async Task<int> RunAsync(HomeLayout home, CancellationToken stopping)
    {
        using var alone = PidLock.TryTake(home.SupervisorLock);
        if (alone is null)
            return Say("another supervisor holds this home", 5);
        if (File.Exists(home.RestoreMark))
            return Say($"a restore in place was begun and is not done ({home.RestoreMark})", 1);
        var opening = HomeStore.Open(home);
        if (opening is not StoreOpening.Ready { Store: var store })
            return Say($"the store cannot be opened: {opening.Problem}", 1);
        await using var opened = store;

        // Everything that needs a look sets it: an agent that ends, and the order to stop.
        using var wake = new WakeSignal();
        using var stop = stopping.Register(wake.Set);
        var agents = new Dictionary<MemberName, SupervisedProcess>();
        using var archiver = new SupervisedProcess(home.ArchiverLock, () => Archiver(home), wake.Set);
        using var proxy = new SupervisedProcess(home.ProxyLock, () => Proxy(home), wake.Set);
        var records = ClusterRecords.None;
        var nextRead = Instant.Zero;
        var settlesAt = BootClock.Now() + Settling;
        while (!stopping.IsCancellationRequested)
        {
            if (BootClock.Now() >= nextRead)
            {
                if (!PidLock.IsOurs(home.SupervisorLock))
                    return Say("the home is gone, or another one is in its place", 1);
                records = await ReadAsync(store, records, stopping);
                nextRead = BootClock.Now() + ReadEvery;
            }
            var again = records.Spec?.Value is { } spec ? Tend(home, spec, agents, wake) : nextRead;
            // Without a repository the archiver ends by itself; before the cluster has data it has nothing to do.
            if (!records.Repositories.IsEmpty && records.SystemIdentifier is not null)
                again = Instant.Min(again, archiver.Tend());
            if (records.Proxy is not null)
                again = Instant.Min(again, proxy.Tend());
            if (BootClock.Now() >= settlesAt)
            {
                settlesAt = Instant.Never;
                ResidentMemory.GiveBack();
            }
            await wake.WaitAsync(Instant.Min(again, nextRead) - BootClock.Now(), CancellationToken.None);
        }

        Say("stopping the cluster", 0);
        // First: its clients are told that it ends, and do not wait for a primary that does not come.
        await ClusterShutdown.StopProxiesAsync(home);
        if (records.Spec?.Value is { } last)
            await ClusterShutdown.RunAsync(home, last, records.Leadership?.Value.Holder);
        // Last, so that it receives the last byte.
        await ClusterShutdown.StopArchiverAsync(home);
        foreach (var agent in agents.Values)
            agent.Dispose();
        return Say("stopped", 0);
    }

    /// <returns>When to look again, if nothing happens before.</returns>
    private static Instant Tend(
        HomeLayout home, ClusterSpec spec, Dictionary<MemberName, SupervisedProcess> agents, WakeSignal wake)
    {
        var again = Instant.Never;
        foreach (var member in spec.Members)
        {
            if (!agents.TryGetValue(member.Name, out var agent))
                agents[member.Name] = agent = new SupervisedProcess(
                    home.AgentLock(member.Name), () => Agent(home, member.Name), wake.Set);
            again = Instant.Min(again, agent.Tend());
        }
        foreach (var gone in agents.Keys.Where(name => spec.Find(name) is null).ToList())
        {
            // Its agent saw the same spec and shuts itself down; it is only no longer started again.
            agents[gone].Dispose();
            agents.Remove(gone);
        }
        return again;
    }

    private static async Task<ClusterRecords> ReadAsync(
        IClusterStore store, ClusterRecords known, CancellationToken stopping) =>
        await store.ReadAsync(ReadLimit, stopping) is StoreRead.Content content
        && ClusterRecords.Decode(content, known) is RecordsRead.Decoded decoded
            ? decoded.Records
            : known;

    private static ProcessStartInfo Agent(HomeLayout home, MemberName member) =>
        Detached.WithLog(home.AgentLog(member), "agent", "--home", home.Root, "--member", member.Text);

    private static ProcessStartInfo Archiver(HomeLayout home) =>
        Detached.BusyWithLog(home.ArchiverLog, "archiver", "--home", home.Root);

    private static ProcessStartInfo Proxy(HomeLayout home) =>
        Detached.HotWithLog(home.ProxyLog, "proxy", "run", "--home", home.Root);

    private static int Say(string text, int code)
    {
        Console.Error.WriteLine($"{TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} supervisor: {text}");
        return code;
    }
}
