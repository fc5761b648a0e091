using PgMahout.CommandLine;
using PgMahout.Core.Deployment;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Deploying;

/// <summary>One run of <c>deploy</c>: read, look at all hosts, plan, and only then change something.</summary>
internal sealed class DeployCommand(Invocation invocation, DeployRequest request)
{
    private readonly long _begun = TimeProvider.System.GetTimestamp();

    private Screen Screen => invocation.Screen;

    public async Task<Ending> RunAsync()
    {
        if (!ClusterFile.Read(request.File, Screen).TryGet(out var blueprint, out var failure))
            return failure;
        if (request.Added is { } added && blueprint.Find(added) is null)
            return new Failure(ErrorCatalogue.NoSuchHost, $"{request.File} has no host '{added}'")
                .Try($"add to its hosts:  - {{ name: {added}, address: ADDRESS }}", $"pgmahout deploy add {added}");
        var looked = OperatorSecrets.Look(
            OperatorSecrets.DirectoryOf(request.File, blueprint), blueprint, request.Renews,
            TimeProvider.System.GetUtcNow());
        if (!looked.TryGet(out var secrets, out failure))
            return failure;
        if (!RepositorySecrets.Look(request.File, blueprint).TryGet(out var repository, out failure))
            return failure;
        using var program = OwnProgram.Look();
        await using var hosts = new DeployHosts(blueprint, request.KnownHosts);
        Screen.Note($"looking at {blueprint.Hosts.Length} hosts of {blueprint.Cluster}");
        var findings = await HostLook.AtAsync(blueprint, hosts, invocation.Cancellation);
        blueprint = Voters.Keep(
            blueprint, findings.Values.OfType<HostFinding.Found>().Select(found => found.Survey));
        var goods = GoodsMaking.For(blueprint, secrets, repository, program);
        var question = new DeploymentQuestion(blueprint, findings, goods, request.OpensFirewall)
        {
            MayRestart = request.AllowsRestart,
        };
        var voters = new DeployVoters(blueprint, hosts, question.KeepingEtcd);
        var plan = DeploymentPlan.For(question with
        {
            Voters = await voters.LookAsync(invocation.Cancellation),
        });
        if (!plan.Refusals.IsEmpty)
            return DeployText.Refused(plan);
        foreach (var note in plan.Notes)
            Screen.Note("note: " + note);
        if (request.DryRun)
        {
            Screen.Data(Screen.IsJson ? DeployDocuments.Text(blueprint, plan) : DeployText.Table(blueprint, plan));
            return Ending.Ok;
        }
        return await CarryOutAsync(
            new Deployment(blueprint, goods, plan, voters), (secrets, repository), program, hosts);
    }

    private sealed record Deployment(
        Blueprint Blueprint, DeploymentGoods Goods, DeploymentPlan Plan, DeployVoters Voters);

    private async Task<Ending> CarryOutAsync(
        Deployment wanted, (OperatorSecrets Own, RepositorySecrets Repository) kept, OwnProgram program,
        DeployHosts hosts)
    {
        var (blueprint, goods, plan, voters) = wanted;
        var secrets = kept.Own;
        if (!plan.IsNothing)
        {
            Screen.Note(DeployText.Table(blueprint, plan));
            foreach (var made in secrets.News)
                Screen.Note($"made {made}, kept in {secrets.Path}");
            if (kept.Repository.News is { } key)
                Screen.Note($"made {key}");
            if (!secrets.Keep(ClientAddresses.Of(blueprint)).TryGet(out var passwords, out var failure))
                return failure;
            if (kept.Repository.Keep() is { } unkept)
                return unkept;
            var run = new DeployRun(new DeployMeans(blueprint, goods, passwords, program, voters), hosts, Screen);
            if (await run.RunAsync(plan, invocation.Cancellation) is { } broken)
                return broken;
        }
        else if (await new DeployFounding(hosts, Screen)
            .RunAsync((blueprint, goods), null, invocation.Cancellation) is { } why)
            return why;
        var watch = new DeployWatch(hosts[blueprint.DataHosts.First()], Screen)
        {
            WantsAddress = blueprint.VirtualAddress is not null,
        };
        var waited = await watch.UntilHealthyAsync(request.Limit, invocation.Cancellation);
        if (!waited.TryGet(out var status, out var notHealthy))
            return notHealthy;
        if (plan.Adoption is { } adoption
            && await new AfterAdoption(hosts, watch, Screen)
                .RunAsync(adoption, request.Limit, invocation.Cancellation) is { } unfinished)
            return unfinished;
        if (request.Drill && await watch.DrillAsync(invocation.Cancellation) is { } drilled)
            return drilled;
        if (request.IsStep)
            return Ending.Ok;
        var uri = ClientAddresses.Uri(blueprint, Path.Combine(secrets.Path, "pgpass"));
        var took = TimeProvider.System.GetElapsedTime(_begun);
        Screen.Data(Screen.IsJson
            ? DeployDocuments.Text(blueprint, plan, status, uri, took)
            : DeployText.Done(blueprint, plan, status, (uri, took)));
        return Ending.Ok;
    }
}
