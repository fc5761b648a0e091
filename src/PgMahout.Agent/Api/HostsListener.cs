using System.Net.Sockets;
using PgMahout.Agent.Http;
using PgMahout.Core.Cluster;

namespace PgMahout.Agent.Api;

/// <summary>
/// Has an agent answer other hosts, where it has an address for them. What it needs for that may come late, or be used
/// by another; until it can be had the agent cares for its server all the same, and tries again.
/// </summary>
internal sealed class HostsListener : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _ending = new();
    private readonly Task<Listener?> _opening;

    public HostsListener(AgentApi api, MemberSpec member) => _opening = OpenAsync(api, member, _ending.Token);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        if (await _opening is { } listener)
            await listener.DisposeAsync();
        _ending.Dispose();
    }

    private static async Task<Listener?> OpenAsync(AgentApi api, MemberSpec member, CancellationToken ending)
    {
        string? said = null;
        while (!ending.IsCancellationRequested)
        {
            try
            {
                return await AgentAddress.ToListenAsync(member, ending) is { } address ? api.Listen(address) : null;
            }
            catch (SocketException failure)
            {
                if (failure.Message != said)
                    Console.Error.WriteLine(
                        $"agent {member.Name}: other hosts cannot ask it at {member.Api} yet: {failure.Message}");
                said = failure.Message;
            }
            catch (OperationCanceledException)
            {
                break;
            }
            await Task.WhenAny(Task.Delay(Pause, ending));
        }
        return null;
    }
}
