using PgMahout.Core.Deployment;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Deploying;

/// <summary>What is left to do once adopted servers are a healthy cluster.</summary>
internal sealed class AfterAdoption(DeployHosts hosts, DeployWatch watch, Screen screen)
{
    private static readonly TimeSpan SlotsLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RestartLimit = TimeSpan.FromMinutes(5);

    /// <param name="limit">For the cluster to be healthy again after each restart.</param>
    public async Task<Failure?> RunAsync(AdoptionPlan plan, TimeSpan limit, CancellationToken cancellation)
    {
        var primary = plan.Primary;
        if (!plan.FormerSlots.IsEmpty)
        {
            var dropped = await hosts[primary.Host].RunAsync(
                AdoptionCommands.DropFormerSlots(primary.Survey, plan.FormerSlots), SlotsLimit, cancellation);
            if (!dropped.IsDone)
                return Failed("former slots could not be dropped", dropped);
            var names = string.Join(", ", plan.FormerSlots);
            screen.Note($"  {primary.Host.Name,-10} dropped slots that nobody uses: {names}");
        }
        foreach (var (host, why) in plan.Restarts)
        {
            // Its server is started anew as the standby that it becomes.
            var isPrimary = host == primary;
            var script = isPrimary ? AdoptionCommands.SwitchOver : AdoptionCommands.Restart(host.Host);
            var done = await hosts[host.Host].RunAsync(script, RestartLimit, cancellation);
            if (!done.IsDone)
                return Failed($"{host.Host.Name} could not be {(isPrimary ? "relieved" : "restarted")}", done);
            screen.Note($"  {host.Host.Name,-10} {(isPrimary ? "handed over, and started anew" : "restarted")}: {why}");
            if (!(await watch.UntilHealthyAsync(limit, cancellation)).TryGet(out _, out var unwell))
                return unwell;
        }
        return null;
    }

    private static Failure Failed(string what, SshAnswer answer) =>
        new Failure(ErrorCatalogue.DeployStepFailed, what)
            .Because(answer.Complaint)
            .Leaving("the servers are adopted, and the cluster runs")
            .Try("pgmahout status    (on one of the hosts)");
}
