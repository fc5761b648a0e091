using System.Collections.Immutable;
using PgMahout.Agent.Api;
using PgMahout.Core.Cluster;
using PgMahout.Core.Configuration;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Configuring;

/// <summary>What a member is like in the middle of a change.</summary>
/// <param name="Failures">What its agent tried in vain lately, oldest first.</param>
/// <param name="Silence">Why its agent says nothing; empty when it answered.</param>
internal sealed record MemberProgress(
    RolloutMember Member, int? Pid, string? Complaint, ImmutableArray<string> Failures, string Silence);

/// <summary>The members as a change of configuration sees them, asked anew before each step.</summary>
internal sealed class RolloutObserver(ConfigurationAccess access)
{
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(2);

    public MemberName? Leader { get; private set; }

    public async Task<ImmutableArray<MemberProgress>> ObserveAsync(
        ConfigurationVersion wanted, DesiredConfiguration given, CancellationToken cancellation)
    {
        await LookForLeaderAsync(cancellation);
        var progress = await Task.WhenAll(
            access.Servers.Select(server => AskAsync(server, wanted, given, cancellation)));
        return Unblocked([.. progress]);
    }

    /// <summary>One member alone, while a step on it is awaited: the leader may change meanwhile.</summary>
    public async Task<MemberProgress> ObserveAsync(
        MemberServer server, ConfigurationVersion wanted, DesiredConfiguration given, CancellationToken cancellation)
    {
        await LookForLeaderAsync(cancellation);
        return await AskAsync(server, wanted, given, cancellation);
    }

    private async Task LookForLeaderAsync(CancellationToken cancellation)
    {
        // A store that does not answer at this moment leaves the leader that was known; the members say how they are.
        await access.Cluster.RefreshAsync(cancellation);
        Leader = access.Cluster.Leader;
    }

    private async Task<MemberProgress> AskAsync(
        MemberServer server, ConfigurationVersion wanted, DesiredConfiguration given, CancellationToken cancellation)
    {
        var member = server.Member;
        using var agent = new AgentClient(access.Cluster.Home, member);
        var answer = await agent.GetStatusAsync(AskLimit, cancellation);
        if (answer is not AgentAnswer<AgentStatus>.Said { Value: var status })
            return new MemberProgress(
                new RolloutMember(member.Name, false, false, [], member.Promotable),
                null,
                null,
                [],
                answer.Silence);
        var isWell = status.Report.Postgres is PostgresState.Primary
            || (status.Report.Postgres is PostgresState.Standby { Streaming: true } && member.Name != Leader);
        var hasIt = status.Configuration?.Number == wanted.Number;
        var pending = isWell && hasIt ? await PendingAsync(server, wanted, given, cancellation) : [];
        return new MemberProgress(
            new RolloutMember(member.Name, isWell && pending is not null, hasIt, pending ?? [], member.Promotable),
            status.PostmasterPid,
            hasIt ? status.Configuration!.Complaint : null,
            status.RecentFailures,
            "");
    }

    /// <summary>Null when the server does not answer.</summary>
    private async Task<ImmutableArray<PendingChange>?> PendingAsync(
        MemberServer server, ConfigurationVersion wanted, DesiredConfiguration given, CancellationToken cancellation)
    {
        if (!(await access.ReadAsync(server, cancellation)).TryGet(out var settings, out _))
            return null;
        var name = server.Member.Name;
        var changes = SettingChange.Between(name, settings, wanted.Desired.For(name), given.For(name));
        return
        [
            .. changes
                .Where(change => change.Context == ParameterContext.Restart)
                .Select(change => new PendingChange(change.Name, change.Lowers, Blocked: change.Lowers)),
        ];
    }

    /// <summary>
    /// What is lowered waits on the standbys until the primary itself runs with less: it has nothing pending then.
    /// </summary>
    private ImmutableArray<MemberProgress> Unblocked(ImmutableArray<MemberProgress> progress)
    {
        var primary = progress.FirstOrDefault(one => one.Member.Name == Leader)?.Member;
        if (primary is not { HasIt: true, IsWell: true })
            return progress;
        return
        [
            .. progress.Select(one => one with
            {
                Member = one.Member with
                {
                    Pending =
                    [
                        .. one.Member.Pending.Select(change => change with
                        {
                            Blocked = change.Blocked
                                && (one.Member.Name == Leader || primary.Pending.Any(own => own.Name == change.Name)),
                        }),
                    ],
                },
            }),
        ];
    }
}
