using PgMahout.CommandLine;
using PgMahout.Core.Deployment;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Deploying;

/// <summary>Takes a host out of its cluster; what is on its disk stays there.</summary>
internal sealed class DeployRemoval(Invocation invocation, DeployRequest request, string name)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private Screen Screen => invocation.Screen;

    public async Task<Ending> RunAsync()
    {
        if (!ClusterFile.Read(request.File, Screen).TryGet(out var blueprint, out var failure))
            return failure;
        var host = blueprint.Find(name);
        // One that is lost may have been taken out of the file first: its name is enough then.
        if (host is null && !request.IsLost)
            return new Failure(ErrorCatalogue.NoSuchHost, $"{request.File} has no host '{name}'")
                .Try("pgmahout deploy remove HOST    (before it is taken out of the file)");
        HostBlueprint[] others = [.. blueprint.Hosts.Where(other => other.Name != name)];
        if (others.All(other => other.Role != HostRole.Data))
            return new Failure(ErrorCatalogue.DeployNotYet, $"{name} is the only host that holds data");
        if (Confirmation.YesUnlessAgreed(invocation, Question(blueprint)) is { } declined)
            return declined;
        await using var hosts = new DeployHosts(blueprint, request.KnownHosts);
        return await RemoveAsync(host, others, new DeployVoters(blueprint, hosts, others), hosts);
    }

    private string Question(Blueprint blueprint) => request.IsLost
        ? $"Is {name} lost for good, and shall it be taken out of {blueprint.Cluster}?"
        : $"Take {name} out of {blueprint.Cluster}?";

    private async Task<Ending> RemoveAsync(
        HostBlueprint? host, HostBlueprint[] others, DeployVoters voters, DeployHosts hosts)
    {
        var known = await voters.LookAsync(invocation.Cancellation) ?? [];
        var voter = known.FirstOrDefault(voter => voter.Name == name || voter.PeerUrl == name);
        if (voter is not null && known.All(other => other == voter || other.IsLearner))
            return new Failure(ErrorCatalogue.DeployNotYet, $"{name} is the only host that keeps etcd")
                .Try("etcd: [HOST, ...] in the file, and pgmahout deploy    (another one comes first)");
        if (host is not { Role: HostRole.Witness }
            && await RemoveMemberAsync(others, hosts) is { } complaint)
            return Failed(complaint, "nothing was changed");
        if (voter is not null && await voters.RemoveAsync(voter.Id, invocation.Cancellation) is { } kept)
            return Failed(kept, "it is no member of the cluster any more, and still one of etcd");
        if (!request.IsLost)
        {
            var stopped = await hosts[host!].RunAsync(HostCommands.StopAll, Limit, invocation.Cancellation);
            if (!stopped.IsDone)
                return Failed(stopped.Complaint, "it is no member any more, and its units may still run");
        }
        Done.Say(Screen, new Done("deploy remove", "", Ended(known.Length - 1, voter is not null)));
        return Ending.Ok;
    }

    /// <summary>By one of the other hosts: the first that can be reached.</summary>
    private async Task<string?> RemoveMemberAsync(HostBlueprint[] others, DeployHosts hosts)
    {
        var complaint = "";
        foreach (var other in others.Where(other => other.Role == HostRole.Data))
        {
            var removed = await hosts[other].RunAsync(
                HostCommands.RemoveMember(name), Limit, invocation.Cancellation);
            if (removed.IsDone)
            {
                Screen.Note($"  {other.Name,-10} {removed.Output.Trim()}");
                return null;
            }
            complaint = $"{other.Name}: {removed.Complaint}";
            if (!removed.IsUnreachable)
                break;
        }
        return complaint;
    }

    private string Ended(int voters, bool voted)
    {
        var rest = request.IsLost
            ? $"{name} is taken out. Should its machine ever start again with the disk that it had, keep it off the "
                + $"network. Take it out of {request.File} too"
            : $"{name} is taken out; its files stay. Take it out of {request.File} too";
        return !voted ? $"{rest}."
            : voters % 2 == 0
                ? $"{rest}, and put another host in: {voters} of etcd are left, which survive the loss of no more than "
                    + $"{voters - 1} would."
                : $"{rest}; `pgmahout deploy` then tells the others who keeps etcd.";
    }

    private Failure Failed(string why, string left) =>
        new Failure(ErrorCatalogue.DeployStepFailed, $"{name} could not be taken out")
            .Because(why)
            .Leaving(left)
            .Try(
                "pgmahout switchover    (on a host, when it leads)",
                $"pgmahout deploy remove {name}{(request.IsLost ? " --lost" : "")}");
}
