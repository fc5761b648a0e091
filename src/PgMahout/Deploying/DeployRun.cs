using System.Text.Json;
using PgMahout.CommandLine;
using PgMahout.Core.Deployment;
using PgMahout.Deploying.OnHost;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Postgres.Files;

namespace PgMahout.Deploying;

/// <summary>Everything that a run gives to hosts.</summary>
internal sealed record DeployMeans(
    Blueprint Blueprint,
    DeploymentGoods Goods,
    ClusterSecrets Passwords,
    OwnProgram Program,
    DeployVoters Voters);

/// <summary>Carries a plan out: each stage on all hosts at once, one stage after the other.</summary>
internal sealed class DeployRun(DeployMeans means, DeployHosts hosts, Screen screen)
{
    private static readonly TimeSpan PackagesLimit = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan CopyLimit = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan StepLimit = TimeSpan.FromMinutes(2);
    private const int StoreSeconds = 60;

    private readonly Lock _gate = new();
    private Task _latestTurn = Task.CompletedTask;

    private Blueprint Blueprint => means.Blueprint;

    /// <summary>Of hosts on which nothing is started.</summary>
    public Task<Failure?> PrepareAsync(DeploymentPlan plan, CancellationToken cancellation) =>
        OnHostsAsync(plan, DeploymentStage.Prepare, cancellation);

    /// <param name="founding">Writes the records of the cluster, when its store is there.</param>
    public async Task<Failure?> RunAsync(
        DeploymentPlan plan, DeployFounding founding, CancellationToken cancellation)
    {
        foreach (var stage in Enum.GetValues<DeploymentStage>())
        {
            if (await OnHostsAsync(plan, stage, cancellation) is { } failure)
                return failure;
            var after = stage switch
            {
                DeploymentStage.Prepare or DeploymentStage.Store or DeploymentStage.NewVoters => null,
                DeploymentStage.FormerVoters => await AwaitStoreAsync(plan, cancellation),
                DeploymentStage.Adopt => await founding.RunAsync(
                    (Blueprint, means.Goods), plan.Adoption, cancellation),
                DeploymentStage.Lead or DeploymentStage.Members => null,
            };
            if (after is not null)
                return after;
        }
        return null;
    }

    private async Task<Failure?> OnHostsAsync(
        DeploymentPlan plan, DeploymentStage stage, CancellationToken cancellation)
    {
        var failures = await Task.WhenAll(plan.Hosts.Select(host => OnHostAsync(host, stage, cancellation)));
        return failures.OfType<Failure>().FirstOrDefault();
    }

    private async Task<Failure?> OnHostAsync(HostPlan plan, DeploymentStage stage, CancellationToken cancellation)
    {
        foreach (var step in plan.In(stage))
        {
            var begun = TimeProvider.System.GetTimestamp();
            var answer = await DoAsync(plan.Host, step, cancellation);
            if (!answer.IsDone)
                return Failed(plan.Host, step, answer);
            var took = Durations.Text(TimeProvider.System.GetElapsedTime(begun));
            screen.Note($"  {plan.Host.Name,-10} {step.Title}   {took}");
        }
        return null;
    }

    private Task<SshAnswer> DoAsync(HostBlueprint host, HostStep step, CancellationToken cancellation) => step switch
    {
        HostStep.Install install =>
            hosts[host].RunAsync(HostCommands.Install(install), PackagesLimit, cancellation),
        HostStep.CopyRuntime => CopyAsync(
            host, HostCommands.UnpackRuntime, means.Program.PackRuntimeAsync, cancellation),
        HostStep.CopyProgram program => CopyAsync(
            host, HostCommands.UnpackProgram(program.Version), means.Program.PackProgramAsync, cancellation),
        HostStep.Switch change => hosts[host].RunAsync(HostCommands.Switch(change.Version), StepLimit, cancellation),
        HostStep.MakeHome home => hosts[host].FeedAsync(
            HostCommands.MakeHome, Preparation(host, home.Adopts), StepLimit, cancellation),
        HostStep.WriteTwin => hosts[host].FeedAsync(HostCommands.WriteTwin, Twin(host), StepLimit, cancellation),
        HostStep.WriteUnits units =>
            hosts[host].RunAsync(HostCommands.WriteUnits(units.Files), StepLimit, cancellation),
        HostStep.RemoveUnit removed =>
            hosts[host].RunAsync(HostCommands.RemoveUnit(removed.Unit), StepLimit, cancellation),
        HostStep.Renew renewed => InTurnAsync(() =>
            hosts[host].RunAsync(HostCommands.Renew(host, renewed.Unit), StepLimit, cancellation)),
        HostStep.OpenFirewall opening => hosts[host].RunAsync(
            FirewallScript.Of(opening.Firewall, opening.Opening), StepLimit, cancellation),
        HostStep.Start start => hosts[host].RunAsync(HostCommands.Start(start.Unit), StepLimit, cancellation),
        HostStep.JoinEtcd join => InTurnAsync(() =>
            SaidAsync(means.Voters.JoinAsync(host, join.Former, EtcdSettingsOf(host), cancellation))),
        HostStep.VoteInEtcd => InTurnAsync(() => SaidAsync(means.Voters.PromoteAsync(host, cancellation))),
        HostStep.LeaveEtcd leave => InTurnAsync(() =>
            SaidAsync(means.Voters.LeaveAsync(host, leave.Voter, cancellation))),
        HostStep.AdoptServer server => hosts[host].FeedAsync(
            AdoptionCommands.Adopt, Adoption(server.Found), StepLimit, cancellation),
        HostStep.EndFormerKeeper former => hosts[host].RunAsync(
            AdoptionCommands.EndFormerKeeper(former.Found.Survey), StepLimit, cancellation),
        HostStep.AwaitLeader leader => hosts[host].RunAsync(
            AdoptionCommands.AwaitLeader(leader.Found.Survey, leader.Slots), StepLimit, cancellation),
        HostStep.EncloseServer server => hosts[host].RunAsync(
            AdoptionCommands.Enclose(server.Found.Survey), StepLimit, cancellation),
        _ => throw new InvalidOperationException($"unknown step {step}"),
    };

    private DeployedFile EtcdSettingsOf(HostBlueprint host) =>
        means.Goods.ForHosts[host.Name].Units.First(file => file.Path == EtcdSettingsText.Path);

    private static async Task<SshAnswer> SaidAsync(Task<string?> complaint) =>
        await complaint is { } why ? new SshAnswer(1, "", why) : new SshAnswer(0, "", "");

    /// <summary>On one host after the other: whoever leads has a lease to renew meanwhile.</summary>
    private Task<SshAnswer> InTurnAsync(Func<Task<SshAnswer>> step)
    {
        lock (_gate)
        {
            var turn = AfterAsync(_latestTurn, step);
            _latestTurn = turn;
            return turn;
        }

        static async Task<SshAnswer> AfterAsync(Task before, Func<Task<SshAnswer>> step)
        {
            await before.ContinueWith(_ => { }, TaskScheduler.Default);
            return await step();
        }
    }

    private async Task<SshAnswer> CopyAsync(
        HostBlueprint host, string unpack, Func<CancellationToken, Task<string>> pack, CancellationToken cancellation)
    {
        await using var stream = File.OpenRead(await pack(cancellation));
        return await hosts[host].FeedAsync(unpack, stream, CopyLimit, cancellation);
    }

    private static string Adoption(AdoptedHost found) => JsonSerializer.Serialize(
        new AdoptionDocument(
            DocumentJson.Schema, found.Host.Name, found.Survey.Data, found.Survey.SocketDirectory,
            found.Survey.Number("port"), found.Survey.IsStandby,
            found.Host.Adopt!.Password == FormerPassword.Keep),
        HostJson.Default.AdoptionDocument);

    private string Preparation(HostBlueprint host, bool adopts)
    {
        var goods = means.Goods.ForHosts[host.Name];
        var document = new PreparationDocument(
            DocumentJson.Schema,
            goods.HostFile,
            [.. goods.Certificates.Select(file => new NamedText(Path.GetFileName(file.Path), file.Content))],
            means.Passwords.SuperuserPassword,
            means.Passwords.ReplicationPassword,
            host.Role == HostRole.Data ? host.Name : null,
            [.. ClientAddresses.Of(Blueprint)])
        {
            Adopts = adopts,
            Secrets = [.. goods.Secrets.Select(file => new NamedText(Path.GetFileName(file.Path), file.Content))],
        };
        return JsonSerializer.Serialize(document, HostJson.Default.PreparationDocument);
    }

    private string Twin(HostBlueprint host)
    {
        var files = means.Goods.ForHosts[host.Name].Twin;
        var document = new TwinDocument(
            DocumentJson.Schema,
            files.Single(file => file.Path == HostPaths.TwinFile).Content,
            [
                .. files.Where(file => file.Path != HostPaths.TwinFile)
                    .Select(file => new NamedText(Path.GetFileName(file.Path), file.Content)),
            ]);
        return JsonSerializer.Serialize(document, HostJson.Default.TwinDocument);
    }

    private static bool StartsMembers(DeploymentPlan plan) =>
        plan.Hosts.Any(host => host.In(DeploymentStage.Lead).Concat(host.In(DeploymentStage.Members)).Any());

    private async Task<Failure?> AwaitStoreAsync(DeploymentPlan plan, CancellationToken cancellation)
    {
        if (!StartsMembers(plan))
            return null;
        foreach (var host in Blueprint.Hosts.Where(Blueprint.RunsEtcd))
        {
            var ready = await hosts[host].RunAsync(
                HostCommands.Await(SystemdUnits.Etcd, StoreSeconds), StepLimit, cancellation);
            if (!ready.IsDone)
                return new Failure(ErrorCatalogue.DeployStoreSilent, $"etcd on {host.Name} did not become ready")
                    .Because(ready.Complaint)
                    .Leaving("it goes on trying; no member was started")
                    .Try("the same command, when the reason is gone", "pgmahout deploy ... --open-firewall");
        }
        return null;
    }

    private static Failure Failed(HostBlueprint host, HostStep step, SshAnswer answer) =>
        new Failure(ErrorCatalogue.DeployStepFailed, $"{host.Name}: could not {step.Title}")
            .Because(answer.Complaint)
            .Leaving("the steps before it are done, on this host and on others; each can be repeated")
            .Try("the same command, when the reason is gone");
}
