using System.Diagnostics;
using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;
using PgMahout.Store;
using PgMahout.Store.Records;
using PgMahout.Store.Sqlite;

namespace PgMahout.Agent.Supervision;

/// <summary>
/// Keeps one agent running for every member of a home. Agents that it finds running it watches; agents that end it
/// starts again. It touches no PostgreSQL itself, except that its own orderly end stops the whole cluster, leader
/// first.
/// </summary>
public static class Supervisor
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(1);

    /// <returns>
    /// 0 after an orderly end, 5 when another supervisor holds the home, 1 when the store cannot be opened.
    /// </returns>
    public static async Task<int> RunAsync(HomeLayout home, CancellationToken stopping)
    {
        using var alone = PidLock.TryTake(home.SupervisorLock);
        if (alone is null)
            return Say("another supervisor holds this home", 5);
        if (SqliteClusterStore.Open(home.StoreFile) is not StoreOpening.Ready { Store: var store })
            return Say($"the store {home.StoreFile} cannot be opened", 1);
        await using var opened = store;

        var agents = new Dictionary<MemberName, SupervisedAgent>();
        var records = ClusterRecords.None;
        var nextRead = Instant.Zero;
        while (!stopping.IsCancellationRequested)
        {
            if (BootClock.Now() >= nextRead)
            {
                if (!PidLock.IsOurs(home.SupervisorLock))
                    return Say("the home is gone, or another one is in its place", 1);
                records = await ReadAsync(store, records, stopping);
                nextRead = BootClock.Now() + ReadEvery;
            }
            if (records.Spec?.Value is { } spec)
                Tend(home, spec, agents);
            await Task.Delay(Look, CancellationToken.None);
        }

        Say("stopping the cluster", 0);
        if (records.Spec?.Value is { } last)
            await ClusterShutdown.RunAsync(home, last, records.Leadership?.Value.Holder);
        foreach (var agent in agents.Values)
            agent.Dispose();
        return Say("stopped", 0);
    }

    private static void Tend(HomeLayout home, ClusterSpec spec, Dictionary<MemberName, SupervisedAgent> agents)
    {
        foreach (var member in spec.Members)
        {
            if (!agents.TryGetValue(member.Name, out var agent))
                agents[member.Name] = agent = new SupervisedAgent(home, member.Name);
            agent.Tend();
        }
        foreach (var gone in agents.Keys.Where(name => spec.Find(name) is null).ToList())
        {
            // Its agent saw the same spec and shuts itself down; it is only no longer started again.
            agents[gone].Dispose();
            agents.Remove(gone);
        }
    }

    private static async Task<ClusterRecords> ReadAsync(
        SqliteClusterStore store, ClusterRecords known, CancellationToken stopping) =>
        await store.ReadAsync(ReadLimit, stopping) is StoreRead.Content content
        && ClusterRecords.Decode(content, known) is RecordsRead.Decoded decoded
            ? decoded.Records
            : known;

    private static int Say(string text, int code)
    {
        Console.Error.WriteLine($"{TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} supervisor: {text}");
        return code;
    }
}

/// <summary>One agent process as its supervisor sees it.</summary>
internal sealed class SupervisedAgent(HomeLayout home, MemberName member) : IDisposable
{
    private static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private Process? _child;
    private Instant _startedAt;
    private Instant _notBefore;
    private TimeSpan _wait = TimeSpan.Zero;

    /// <summary>
    /// Starts the agent if nobody runs it; at once the first time, later and later if it keeps dying young.
    /// </summary>
    public void Tend()
    {
        if (_child is { HasExited: false } || PidLock.Holder(home.AgentLock(member)) is not null)
            return;
        var now = BootClock.Now();
        if (_child is not null)
        {
            _wait = now - _startedAt < ShortLife ? Longer(_wait) : TimeSpan.Zero;
            _notBefore = now + _wait;
            _child.Dispose();
            _child = null;
        }
        if (now < _notBefore)
            return;
        _startedAt = now;
        _child = Start();
    }

    public void Dispose() => _child?.Dispose();

    private static TimeSpan Longer(TimeSpan wait)
    {
        var next = wait == TimeSpan.Zero ? TimeSpan.FromMilliseconds(200) : wait * 2;
        return next < LongestWait ? next : LongestWait;
    }

    /// <summary>In a session of its own, with its log appended to: the agent must survive this supervisor.</summary>
    private Process Start() => Process.Start(Detached.WithLog(
        home.AgentLog(member), "agent", "--home", home.Root, "--member", member.Text))!;
}
