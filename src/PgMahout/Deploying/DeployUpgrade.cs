using PgMahout.CommandLine;
using PgMahout.Core.Deployment;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Deploying;

/// <summary>
/// Brings this program to hosts that run another version of it: beside the old one on all hosts first, then one host
/// after the other is switched, the leader's last. PostgreSQL goes on; that it did is checked by its pid.
/// </summary>
internal sealed class DeployUpgrade(Invocation invocation, DeployRequest request)
{
    private static readonly TimeSpan CopyLimit = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan RestartLimit = TimeSpan.FromMinutes(2);

    private Screen Screen => invocation.Screen;

    public async Task<Ending> RunAsync()
    {
        if (!ClusterFile.Read(request.File, Screen).TryGet(out var blueprint, out var failure))
            return failure;
        using var program = OwnProgram.Look();
        await using var hosts = new DeployHosts(blueprint, request.KnownHosts);
        var found = await HostLook.AtAsync(blueprint, hosts, invocation.Cancellation);
        var old = blueprint.Hosts
            .Where(host => found[host.Name] is HostFinding.Found { Survey: var survey }
                && survey.HostFile != "" && survey.Program != program.Version)
            .ToArray();
        foreach (var host in blueprint.Hosts)
            if (found[host.Name] is HostFinding.Unreachable silent)
                return Failed(host, $"ssh does not reach it: {silent.Why}", "no host was changed");
        if (old.Length == 0)
        {
            Screen.Data($"nothing to do: every host runs {program.Version}");
            return Ending.Ok;
        }
        var watch = new DeployWatch(hosts[blueprint.DataHosts.First()], Screen);
        var before = await watch.UntilHealthyAsync(TimeSpan.FromSeconds(10), invocation.Cancellation);
        if (!before.TryGet(out var status, out var unwell))
            return unwell.Leaving("no host was changed: a cluster that is not healthy is not upgraded");
        Screen.Note($"{old.Length} hosts get {program.Version}");
        if (request.DryRun)
            return Ending.Ok;
        return await ChangeAsync(
            [.. old.OrderBy(host => host.Name == status.Leader ? 1 : 0)], program, hosts, watch);
    }

    private async Task<Ending> ChangeAsync(
        HostBlueprint[] old, OwnProgram program, DeployHosts hosts, DeployWatch watch)
    {
        var copied = await Task.WhenAll(old.Select(host => CopyAsync(hosts[host], program)));
        for (var index = 0; index < old.Length; index++)
            if (!copied[index].IsDone)
                return Failed(old[index], copied[index].Complaint, "no host was switched");
        foreach (var host in old)
        {
            var begun = TimeProvider.System.GetTimestamp();
            var answer = await hosts[host].RunAsync(
                HostCommands.Upgrade(host, program.Version), RestartLimit, invocation.Cancellation);
            if (!answer.IsDone)
                return Failed(host, answer.Complaint, "the hosts before it are switched; the others are as they were");
            var waited = await watch.UntilHealthyAsync(request.Limit, invocation.Cancellation);
            if (!waited.TryGet(out _, out var unwell))
                return unwell.Leaving($"{host.Name} is switched; the hosts after it are as they were");
            var took = Durations.Text(TimeProvider.System.GetElapsedTime(begun));
            Screen.Note($"  {host.Name,-10} {answer.Output.Trim()}   {took}");
        }
        Screen.Data($"{old.Length} hosts run {program.Version}");
        return Ending.Ok;
    }

    private async Task<SshAnswer> CopyAsync(SshCall host, OwnProgram program)
    {
        await using var runtime = File.OpenRead(await program.PackRuntimeAsync(invocation.Cancellation));
        var answer = await host.FeedAsync(
            HostCommands.UnpackRuntime, runtime, CopyLimit, invocation.Cancellation);
        if (!answer.IsDone)
            return answer;
        await using var packed = File.OpenRead(await program.PackProgramAsync(invocation.Cancellation));
        return await host.FeedAsync(
            HostCommands.UnpackProgram(program.Version), packed, CopyLimit, invocation.Cancellation);
    }

    private static Failure Failed(HostBlueprint host, string why, string left) =>
        new Failure(ErrorCatalogue.DeployStepFailed, $"{host.Name} could not be upgraded")
            .Because(why)
            .Leaving(left)
            .Try("pgmahout deploy upgrade    (again, when the reason is gone)");
}
