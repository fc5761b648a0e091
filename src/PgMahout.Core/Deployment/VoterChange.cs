using System.Collections.Immutable;

namespace PgMahout.Core.Deployment;

/// <summary>A member of a running etcd, as etcd knows it.</summary>
/// <param name="Name">Empty until it was started for the first time.</param>
/// <param name="IsLearner">It does not vote yet.</param>
public sealed record KnownVoter(ulong Id, string Name, string PeerUrl, bool IsLearner);

/// <summary>
/// How an etcd that runs gets from the members that it has to those that are wanted: first come those that are new,
/// each without a vote until it has everything, and then go those that are not wanted any more. So at no time does more
/// than before depend on one host. Pure.
/// </summary>
public static class VoterChange
{
    /// <summary>What this host has to do for it.</summary>
    public static ImmutableArray<HostStep> Steps(DeploymentQuestion question, HostBlueprint host)
    {
        if (question.Voters is not { } known)
            return [];
        var peer = PeerUrl(question.Blueprint, host);
        var voter = known.FirstOrDefault(voter => voter.PeerUrl == peer);
        if (!question.Blueprint.RunsEtcd(host))
            return voter is null ? [] : [new HostStep.LeaveEtcd(voter)];
        // One that voted and has forgotten it must not vote again under the same number.
        var isThere = voter is { Name: not "" }
            && question.Findings[host.Name] is HostFinding.Found { Survey.HasEtcdData: true };
        return !isThere ? [new HostStep.JoinEtcd(voter)]
            : voter!.IsLearner ? [new HostStep.VoteInEtcd()]
            : [];
    }

    /// <summary>
    /// A host that is not in the file may be lost, or forgotten by a slip: nobody takes its vote away in passing.
    /// </summary>
    public static IEnumerable<HostRefusal> Refusals(DeploymentQuestion question)
    {
        var known = question.Voters ?? [];
        var wanted = question.Blueprint.Hosts.Select(host => PeerUrl(question.Blueprint, host)).ToArray();
        foreach (var voter in known.Where(voter => !wanted.Contains(voter.PeerUrl)))
        {
            var name = voter.Name == "" ? voter.PeerUrl : voter.Name;
            yield return new HostRefusal(
                name, "it keeps etcd, and the file does not have it any more",
                $"pgmahout deploy remove {name} --lost    (when it is lost for good), or put it back into the file");
        }
    }

    public static string PeerUrl(Blueprint blueprint, HostBlueprint host) =>
        Blueprint.Url(host.Address, blueprint.Ports.EtcdPeer);
}
