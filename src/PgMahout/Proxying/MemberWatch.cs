using PgMahout.Agent.Api;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Postgres.Processes;

namespace PgMahout.Proxying;

/// <summary>
/// Asks one member's agent for as long as it lives: whether it leads, by a question that is answered when that changes;
/// and how its server is, at intervals.
/// </summary>
internal sealed class MemberWatch : IAsyncDisposable
{
    private static readonly TimeSpan MostBetweenReports = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AfterSilence = TimeSpan.FromMilliseconds(50);

    private readonly HomeLayout _home;
    private readonly Action<Func<TopologyKnowledge, TopologyKnowledge>> _learn;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _work;

    public MemberWatch(
        HomeLayout home, MemberSpec member, Timing timing,
        Action<Func<TopologyKnowledge, TopologyKnowledge>> learn)
    {
        (_home, Member, Timing, _learn) = (home, member, timing, learn);
        _work = Task.WhenAll(Task.Run(AwaitServiceAsync), Task.Run(AskForReportsAsync));
    }

    public MemberSpec Member { get; }

    public Timing Timing { get; }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _work;
        _ending.Dispose();
    }

    /// <summary>The wait is short beside the lease: what a member has left counts from the question.</summary>
    private Task AwaitServiceAsync()
    {
        var known = 0L;
        return RepeatAsync(async client =>
        {
            var asked = BootClock.Now();
            var answer = await client.AwaitServiceAsync(known, Timing.Ttl / 8, Timing.PeerLimit, _ending.Token);
            if (answer is not AgentAnswer<ServiceReport>.Said { Value: var service })
                return AfterSilence;
            known = service.Version;
            var word = new HolderWord(
                Member.Name, service.Holds, TimeSpan.FromSeconds(service.LeftSeconds), service.Serving);
            _learn(knowledge => knowledge.Told(word, asked));
            return TimeSpan.Zero;
        });
    }

    private Task AskForReportsAsync()
    {
        var pause = Timing.RenewEvery < MostBetweenReports ? Timing.RenewEvery : MostBetweenReports;
        return RepeatAsync(async client =>
        {
            var asked = BootClock.Now();
            var answer = await client.GetReportAsync(Timing.ObserveLimit * 2, _ending.Token);
            if (answer is AgentAnswer<MemberReport>.Said { Value: var report } && report.Member == Member.Name)
                _learn(knowledge => knowledge.Reported(report, asked, BootClock.Now()));
            return pause;
        });
    }

    /// <param name="ask">Returns how long to wait before the next time.</param>
    private async Task RepeatAsync(Func<AgentClient, Task<TimeSpan>> ask)
    {
        using var client = new AgentClient(_home, Member);
        try
        {
            while (true)
                await Task.Delay(await ask(client), _ending.Token);
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The member is gone, or the proxy ends.
        }
        catch (Exception broken)
        {
            // The supervisor starts the process anew; a proxy that has gone half blind would be worse than none.
            ProxyProcess.Say($"watching {Member.Name} broke: {broken}");
            Environment.FailFast(null);
        }
    }
}
