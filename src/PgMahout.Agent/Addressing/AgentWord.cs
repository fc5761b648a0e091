using PgMahout.Agent.Api;
using PgMahout.Agent.Home;
using PgMahout.Core.Addressing;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Agent.Addressing;

/// <summary>
/// What the agent of this host's member says of lease and server, heard as soon as it changes. When the agent is
/// silent, its last word stays: what that allows ends with the lease's deadline, which only an agent that lives moves.
/// </summary>
internal sealed class AgentWord(HomeLayout home, MemberName member, Action changed)
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(100);

    private volatile LeaseWord? _latest;

    public LeaseWord? Latest => _latest;

    public async Task ListenAsync(CancellationToken stopping)
    {
        using var agent = new AgentClient(home, new MemberSpec(member, "localhost", 0, home.ApiAddress(member)));
        var known = 0L;
        while (!stopping.IsCancellationRequested)
        {
            if (await AskAsync(agent, known, stopping) is not { } said)
            {
                await Task.Delay(AskAgain, stopping).ContinueWith(_ => { }, TaskScheduler.Default);
                continue;
            }
            known = said.Version;
            var word = new LeaseWord(said.Holds, said.Serving);
            if (word == _latest)
                continue;
            _latest = word;
            changed();
        }
    }

    private static async Task<ServiceReport?> AskAsync(AgentClient agent, long known, CancellationToken stopping)
    {
        try
        {
            return await agent.AwaitServiceAsync(known, Wait, Limit, stopping)
                is AgentAnswer<ServiceReport>.Said { Value: var said } ? said : null;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
