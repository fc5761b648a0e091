using System.Collections.Immutable;
using System.Text.Json;
using PgMahout.Core.Deployment;
using PgMahout.Deploying.OnHost;

namespace PgMahout.Deploying;

/// <summary>
/// Who belongs to the etcd of a cluster, asked and changed by way of a host on which it runs. Each step looks anew at
/// who belongs to it, so a change that was interrupted is gone on with by the same command.
/// </summary>
/// <param name="running">Hosts on which that etcd runs, and some of which are to go on keeping it.</param>
internal sealed class DeployVoters(Blueprint blueprint, DeployHosts hosts, IEnumerable<HostBlueprint> running)
{
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StepLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan CatchUpLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // Who leaves could not say afterwards that it did.
    private readonly HostBlueprint[] _asked = [.. running.OrderByDescending(blueprint.RunsEtcd)];

    /// <summary>Null when none of these hosts has an etcd of this cluster that answers.</summary>
    public async Task<ImmutableArray<KnownVoter>?> LookAsync(CancellationToken cancellation) =>
        (await AskAsync(new VoterOrder(), cancellation)).Voters;

    /// <returns>Null, or why it could not be removed. One that is no member any more is done.</returns>
    public async Task<string?> RemoveAsync(ulong id, CancellationToken cancellation)
    {
        var (voters, why) = await AskAsync(new VoterOrder(Remove: id), cancellation);
        if (voters is not null)
            return null;
        var (left, _) = await AskAsync(new VoterOrder(), cancellation);
        return left is { } known && known.All(voter => voter.Id != id) ? null : why;
    }

    /// <param name="former">What has its address in etcd now.</param>
    /// <param name="settings">The environment of etcd, as it is to be in the end.</param>
    /// <returns>Null, or why it did not.</returns>
    public async Task<string?> JoinAsync(
        HostBlueprint host, KnownVoter? former, DeployedFile settings, CancellationToken cancellation)
    {
        if (former is not null && await RemoveAsync(former.Id, cancellation) is { } kept)
            return kept;
        var peer = VoterChange.PeerUrl(blueprint, host);
        var (members, why) = await AskAsync(new VoterOrder(Add: peer), cancellation);
        if (members is not { } voters)
            return why;
        // Just now, and only now, it begins with nothing beside others who have everything.
        var joining = settings with { Content = EtcdSettingsText.Joining(settings.Content, host.Name, peer, voters) };
        foreach (var script in new[]
        {
            HostCommands.PutEtcdAside, HostCommands.WriteUnits([joining]), HostCommands.Start(SystemdUnits.Etcd),
            HostCommands.Await(SystemdUnits.Etcd, (int)AskLimit.TotalSeconds),
        })
            if (await hosts[host].RunAsync(script, StepLimit, cancellation) is { IsDone: false } failed)
                return failed.Complaint;
        if (await PromoteAsync(host, cancellation) is { } late)
            return late;
        // Should it lose its disk one day, it must not take itself for a new member.
        var written = await hosts[host].RunAsync(HostCommands.WriteUnits([settings]), StepLimit, cancellation);
        return written.IsDone ? null : written.Complaint;
    }

    /// <summary>As soon as it has everything.</summary>
    public async Task<string?> PromoteAsync(HostBlueprint host, CancellationToken cancellation)
    {
        var peer = VoterChange.PeerUrl(blueprint, host);
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var (voters, why) = await AskAsync(new VoterOrder(), cancellation);
            if (voters?.FirstOrDefault(voter => voter.PeerUrl == peer) is { } voter)
            {
                if (!voter.IsLearner)
                    return null;
                (voters, why) = await AskAsync(new VoterOrder(Promote: voter.Id), cancellation);
                if (voters is not null)
                    return null;
            }
            if (TimeProvider.System.GetElapsedTime(begun) > CatchUpLimit)
                return why ?? $"{host.Name} is no member of etcd";
            await Task.Delay(Pause, cancellation);
        }
    }

    public async Task<string?> LeaveAsync(HostBlueprint host, KnownVoter voter, CancellationToken cancellation)
    {
        if (await RemoveAsync(voter.Id, cancellation) is { } why)
            return why;
        var stopped = await hosts[host].RunAsync(
            HostCommands.RemoveUnit(SystemdUnits.Etcd) + HostCommands.PutEtcdAside, StepLimit, cancellation);
        return stopped.IsDone ? null : stopped.Complaint;
    }

    /// <summary>The first that answers.</summary>
    private async Task<(ImmutableArray<KnownVoter>? Voters, string? Why)> AskAsync(
        VoterOrder order, CancellationToken cancellation)
    {
        var why = "etcd runs on none of the hosts";
        foreach (var host in _asked)
        {
            var answer = await hosts[host].FeedAsync(
                HostCommands.Voters, JsonSerializer.Serialize(order, HostJson.Default.VoterOrder), AskLimit,
                cancellation);
            if (answer.IsDone)
                return (Of(JsonSerializer.Deserialize(answer.Output, HostJson.Default.VoterAnswer)!), null);
            why = $"{host.Name}: {answer.Complaint}";
            // What was ordered may have been done: that is found out by looking, not by ordering it again.
            if (order != new VoterOrder())
                break;
        }
        return (null, why);
    }

    private static ImmutableArray<KnownVoter> Of(VoterAnswer said) =>
        [.. said.Voters.Select(one => new KnownVoter(one.Id, one.Name, one.Peer, one.IsLearner))];
}
