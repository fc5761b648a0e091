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
        if (blueprint.Find(name) is not { } host)
            return new Failure(ErrorCatalogue.NoSuchHost, $"{request.File} has no host '{name}'")
                .Try("pgmahout deploy remove HOST    (before it is taken out of the file)");
        if (blueprint.RunsEtcd(host))
            return new Failure(ErrorCatalogue.DeployNotYet, $"{name} keeps etcd, whose hosts cannot be changed yet")
                .Because("the set of hosts that keep the store is fixed when the cluster is made")
                .Try($"ssh {host.Address} systemctl disable --now {SystemdUnits.Member}    (its member alone rests)");
        var others = blueprint.DataHosts.Where(other => other != host).ToArray();
        if (others.Length == 0)
            return new Failure(ErrorCatalogue.DeployNotYet, $"{name} is the only host that holds data");
        if (Confirmation.YesUnlessAgreed(invocation, $"Take {name} out of {blueprint.Cluster}?") is { } declined)
            return declined;
        await using var hosts = new DeployHosts(blueprint, request.KnownHosts);
        return await RemoveAsync(host, others[0], hosts);
    }

    private async Task<Ending> RemoveAsync(HostBlueprint host, HostBlueprint other, DeployHosts hosts)
    {
        if (host.Role == HostRole.Data)
        {
            var removed = await hosts[other].RunAsync(
                HostCommands.RemoveMember(host), Limit, invocation.Cancellation);
            if (!removed.IsDone)
                return Failed(host, removed, "nothing was changed");
            Screen.Note($"  {other.Name,-10} {removed.Output.Trim()}");
        }
        var stopped = await hosts[host].RunAsync(HostCommands.StopAll, Limit, invocation.Cancellation);
        if (!stopped.IsDone)
            return Failed(host, stopped, "it is no member any more, and its units may still run");
        Done.Say(Screen, new Done(
            "deploy remove", "", $"{host.Name} is taken out; its files stay. Take it out of {request.File} too."));
        return Ending.Ok;
    }

    private static Failure Failed(HostBlueprint host, SshAnswer answer, string left) =>
        new Failure(ErrorCatalogue.DeployStepFailed, $"{host.Name} could not be taken out")
            .Because(answer.Complaint)
            .Leaving(left)
            .Try("pgmahout switchover    (on a host, when it leads)", $"pgmahout deploy remove {host.Name}");
}
