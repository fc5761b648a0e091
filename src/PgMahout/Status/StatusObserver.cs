using System.Collections.Immutable;
using PgMahout.Agent.Api;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Processes;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Status;

/// <summary>
/// Reads what a status needs: the store and every agent at once, each within <see cref="Limit"/>. Silence is an answer.
/// </summary>
public sealed class StatusObserver(HomeLayout home) : IAsyncDisposable
{
    /// <summary>The whole of <c>status</c> is promised within 300 ms.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(200);

    private readonly AgentClient _agents = new();
    private SqliteClusterStore? _store;
    private ClusterRecords _records = ClusterRecords.None;

    public async Task<ClusterStatus> ObserveAsync(CancellationToken cancellation) =>
        Verdict.On(await LookAsync(cancellation));

    public async ValueTask DisposeAsync()
    {
        _agents.Dispose();
        if (_store is not null)
            await _store.DisposeAsync();
    }

    private async Task<ClusterObservation> LookAsync(CancellationToken cancellation)
    {
        var (records, problem) = await ReadStoreAsync(cancellation);
        var spec = records?.Spec?.Value;
        var members = spec?.Members ?? HomeMembers.In(home);
        var answers = await Task.WhenAll(members.Select(member => AskAsync(member, cancellation)));
        return new ClusterObservation(
            spec?.Name ?? Path.GetFileName(home.Root),
            spec,
            spec is null ? null : records!.Content(TimeProvider.System.GetUtcNow()),
            problem,
            SupervisorProcess.Find(home),
            [.. answers]);
    }

    private async Task<(ClusterRecords?, string?)> ReadStoreAsync(CancellationToken cancellation)
    {
        if (_store is null)
        {
            if (SqliteClusterStore.Open(home.StoreFile) is not StoreOpening.Ready { Store: var opened })
                return (null, $"{home.StoreFile} does not exist");
            _store = opened;
        }
        switch (await _store.ReadAsync(Limit, cancellation))
        {
            case StoreRead.Unreachable unreachable:
                return (null, unreachable.Reason);
            case StoreRead.Content content:
                return Decode(content);
            default:
                throw new InvalidOperationException("unknown result of reading the store");
        }
    }

    private (ClusterRecords?, string?) Decode(StoreRead.Content content)
    {
        switch (ClusterRecords.Decode(content, _records))
        {
            case RecordsRead.Decoded { Records: { Spec: not null } records }:
                _records = records;
                return (records, null);
            case RecordsRead.Decoded:
                return (null, "it holds no cluster: its creation was not finished");
            case RecordsRead.Unreadable unreadable:
                return (null, unreadable.Reason);
            default:
                throw new InvalidOperationException("unknown result of decoding the store");
        }
    }

    private async Task<MemberObservation> AskAsync(MemberSpec member, CancellationToken cancellation)
    {
        var answer = await _agents.GetStatusAsync(member, Limit, cancellation);
        var status = (answer as AgentAnswer<AgentStatus>.Given)?.Value;
        return new MemberObservation(
            member.Name,
            member.Host,
            member.Port,
            home.DataDirectory(member.Name),
            status,
            (answer as AgentAnswer<AgentStatus>.Silence)?.Reason,
            status is null ? MemberProcesses.FindPostmaster(home, member.Name)?.Pid : null);
    }
}
