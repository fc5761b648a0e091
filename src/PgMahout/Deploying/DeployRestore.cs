using System.Collections.Immutable;
using System.Globalization;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Deployment;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Deploying;

/// <summary>
/// Takes a cluster on several hosts back to a point: every member is stopped and kept from starting, the last leader is
/// restored where it is, and the others get back to it by themselves. Killed in the middle, the same command goes on.
/// </summary>
internal sealed class DeployRestore(Invocation invocation, DeployRequest request, ImmutableArray<string> options)
{
    private static readonly TimeSpan LookLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PlanLimit = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RestoreLimit = TimeSpan.FromHours(24);

    private Screen Screen => invocation.Screen;

    private CancellationToken Cancellation => invocation.Cancellation;

    /// <summary>A time is said as the operator's clock and zone mean it, whatever those of the host are.</summary>
    public static ImmutableArray<string> Options(
        RecoveryTarget target, (string Text, bool Before) said, string? repository) =>
    [
        "--at",
        target is RecoveryTarget.AtTime { Time: var time }
            ? time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture) + "Z"
            : said.Text,
        .. said.Before ? ["--before"] : Array.Empty<string>(),
        .. repository is { } name ? ["--repo", name] : Array.Empty<string>(),
    ];

    public async Task<Ending> RunAsync()
    {
        if (!ClusterFile.Read(request.File, Screen).TryGet(out var blueprint, out var failure))
            return failure;
        await using var hosts = new DeployHosts(blueprint, request.KnownHosts);
        if (!(await LookAsync(blueprint, hosts)).TryGet(out var found, out failure))
            return failure;
        var (leader, goesOn) = found;
        if (!goesOn)
        {
            var planned = await hosts[leader].RunAsync(
                HostCommands.Restore([.. options, "--dry-run"]), PlanLimit, Cancellation);
            Screen.Note(planned.Errors.TrimEnd());
            if (!planned.IsDone)
                return Failed(leader, "nothing was changed");
        }
        else
            Screen.Note($"a restore of {leader.Name} was begun and is not done: this one takes its place");
        Screen.Note($"every member stops; {leader.Name} is restored where it is, and the others follow it");
        if (request.DryRun)
        {
            Screen.Data("nothing was changed: --dry-run");
            return Ending.Ok;
        }
        if (Confirmation.TypeNameUnlessAgreed(invocation, blueprint.Cluster) is { } declined)
            return declined;
        return await CarryOutAsync(blueprint, leader, hosts);
    }

    /// <summary>Who is restored. Every host with data must answer: one that is not stopped could lead.</summary>
    private async Task<Attempt<(HostBlueprint Leader, bool GoesOn)>> LookAsync(Blueprint blueprint, DeployHosts hosts)
    {
        var data = blueprint.DataHosts.ToArray();
        var answers = await Task.WhenAll(
            data.Select(host => hosts[host].RunAsync(HostCommands.WhoIsRestored, LookLimit, Cancellation)));
        foreach (var (host, answer) in data.Zip(answers))
            if (!answer.IsDone)
                return new Failure(ErrorCatalogue.DeployStepFailed, $"{host.Name} does not answer")
                    .Because($"{answer.Complaint}\nwhat a host has that nobody stopped could come to lead")
                    .Leaving("nothing was changed")
                    .Try(
                        "the same command    (when it answers)",
                        $"pgmahout deploy remove {host.Name} --lost    (if it never will; then out of the file)");
        var begun = answers.Select(answer => blueprint.Find(answer.Output.Trim()))
            .FirstOrDefault(host => host is not null);
        if (begun is not null)
            return (begun, true);
        foreach (var host in data)
        {
            var said = await hosts[host].RunAsync(HostCommands.Status, LookLimit, Cancellation);
            if (DeployedStatus.Parse(said.Output) is { Leader: { } name } && blueprint.Find(name) is { } leader)
                return (leader, false);
        }
        return new Failure(ErrorCatalogue.NoLeader, "nobody leads the cluster")
            .Leaving("nothing was changed")
            .Try("pgmahout status    (on a host)");
    }

    private async Task<Ending> CarryOutAsync(Blueprint blueprint, HostBlueprint leader, DeployHosts hosts)
    {
        var others = blueprint.DataHosts.Where(host => host != leader).ToArray();
        foreach (var together in new[] { others, [leader] }.Where(some => some.Length > 0))
        {
            // It is the last, so that nobody is there to hand over to.
            if (together[0] == leader)
                Screen.Note($"stopping {leader.Name}, which leads");
            var stopped = await OnAllAsync(
                hosts, together, host => HostCommands.Hold(host, leader.Name), "stopped", StopLimit);
            if (stopped is { } running)
                return await GiveUpAsync(blueprint, hosts, running);
        }
        if (await OnAllAsync(hosts, others, HostCommands.AwaitLeader, "waits for the restored leader", LookLimit)
            is { } unready)
            return await GiveUpAsync(blueprint, hosts, unready);
        var restored = await RestoreAsync(hosts[leader]);
        Screen.Note(restored.Errors.TrimEnd());
        if (!restored.IsDone)
        {
            var destroyed = await hosts[leader].RunAsync(
                $"test ! -e {HostPaths.Home}/restore.json\n", LookLimit, Cancellation);
            return destroyed.IsDone
                ? await GiveUpAsync(blueprint, hosts, Failed(leader, ""))
                : Failed(leader, "every member is stopped, and does not start before this is done")
                    .Try("the same command    (it goes on; any point may be named)");
        }
        Screen.Note($"  {leader.Name,-10} {restored.Output.Trim()}");
        if (await OnAllAsync(hosts, [leader, .. others], _ => HostCommands.LetGo, "started", StopLimit) is { } held)
            return NotStarted(held);
        var watch = new DeployWatch(hosts[leader], Screen);
        if (!(await watch.UntilHealthyAsync(request.Limit, Cancellation)).TryGet(out var status, out var unwell))
            return unwell;
        if (blueprint.Repository is not null)
        {
            // What the repository has leads to another present.
            var saved = await hosts[leader].RunAsync(HostCommands.FullBackup, RestoreLimit, Cancellation);
            Screen.Note(saved.IsDone
                ? $"  {leader.Name,-10} {saved.Output.Trim()}"
                : $"no new backup was made: {saved.Complaint}");
        }
        Done.Say(Screen, new Done("deploy restore", blueprint.Cluster, $"{restored.Output.Trim()}; {status.Sentence}"));
        return Ending.Ok;
    }

    /// <summary>A command that lost its operator goes on there, and is waited for.</summary>
    private async Task<SshAnswer> RestoreAsync(SshCall leader)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var answer = await leader.RunAsync(
                HostCommands.Restore([.. options, "--yes"]), RestoreLimit, Cancellation);
            if (answer.IsDone || !answer.Errors.Contains(ErrorCatalogue.UpInProgress.Code, StringComparison.Ordinal)
                || TimeProvider.System.GetElapsedTime(begun) > PlanLimit)
                return answer;
            await Task.Delay(Pace, Cancellation);
        }
    }

    /// <summary>Nothing was destroyed: the cluster goes on as it was.</summary>
    private async Task<Ending> GiveUpAsync(Blueprint blueprint, DeployHosts hosts, Failure why)
    {
        var data = blueprint.DataHosts.ToArray();
        return await OnAllAsync(hosts, data, _ => HostCommands.LetGo, "started again", StopLimit) is null
            ? why.Leaving("nothing was destroyed; the cluster is started again")
            : why.Leaving("nothing was destroyed; not every member could be started again")
                .Try("pgmahout deploy restore ...    (again)");
    }

    private async Task<Failure?> OnAllAsync(
        DeployHosts hosts, HostBlueprint[] which, Func<HostBlueprint, string> script, string done, TimeSpan limit)
    {
        var answers = await Task.WhenAll(which.Select(host => hosts[host].RunAsync(script(host), limit, Cancellation)));
        foreach (var (host, answer) in which.Zip(answers))
            if (!answer.IsDone)
                return new Failure(ErrorCatalogue.DeployStepFailed, $"{host.Name} is not {done}")
                    .Because(answer.Complaint);
            else
                Screen.Note($"  {host.Name,-10} {done}");
        return null;
    }

    /// <summary>
    /// The restore is done, and the leader serves: the same command would take back what is written from now on.
    /// </summary>
    internal static Failure NotStarted(Failure held) => held
        .Leaving("the cluster is restored, and those that could be started are; nothing starts on that host until it "
            + "is told to, and then it follows by itself")
        .Try(
            $"rm -f {HostPaths.Held} && systemctl start {SystemdUnits.Agent} {SystemdUnits.Member}    (on that host)",
            "pgmahout backup now --full    (on the leader's host)");

    /// <summary>What went wrong there was shown already, in full.</summary>
    private static Failure Failed(HostBlueprint host, string left)
    {
        var failure = new Failure(ErrorCatalogue.DeployStepFailed, $"the restore on {host.Name} was refused or failed")
            .Because("what it said is shown above");
        return left == "" ? failure : failure.Leaving(left);
    }
}
