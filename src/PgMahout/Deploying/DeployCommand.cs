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
        if (!RepositorySecrets.Look(request.File, blueprint).TryGet(out var repository, out failure)
            || !OtherRegion.Look(request.File, blueprint, secrets, Screen).TryGet(out var other, out failure))
            return failure;
        using var program = OwnProgram.Look();
        await using var hosts = new DeployHosts(blueprint, request.KnownHosts);
        await using var region = RegionDeployment.For(other, request.KnownHosts, Screen);
        Screen.Note($"looking at {blueprint.Hosts.Length + (other?.Blueprint.Hosts.Length ?? 0)} hosts of "
            + blueprint.Cluster + (other is null ? "" : $" and {other.Blueprint.Cluster}"));
        var findings = await HostLook.AtAsync(blueprint, hosts, invocation.Cancellation);
        blueprint = Voters.Keep(
            blueprint, findings.Values.OfType<HostFinding.Found>().Select(found => found.Survey));
        var goods = GoodsMaking.For(blueprint, secrets, repository, program);
        if (region is not null)
            goods = await region.LookAsync(blueprint, goods, invocation.Cancellation);
        var question = new DeploymentQuestion(blueprint, findings, goods, request.OpensFirewall)
        {
            MayRestart = request.AllowsRestart,
            Twin = region?.Other.Blueprint,
        };
        var voters = new DeployVoters(blueprint, hosts, question.KeepingEtcd);
        var plan = DeploymentPlan.For(question with
        {
            Voters = await voters.LookAsync(invocation.Cancellation),
        });
        if (region is not null)
            plan = plan.Beside(region.PlanFor(question, request.NeedsOther));
        if (!plan.Refusals.IsEmpty)
            return DeployText.Refused(plan);
        foreach (var note in plan.Notes)
            Screen.Note("note: " + note);
        var wanted = new Deployment(blueprint, goods, plan, voters, region);
        if (request.DryRun)
        {
            Screen.Data(Screen.IsJson ? DeployDocuments.Text(blueprint, plan, region) : TableOf(wanted));
            return Ending.Ok;
        }
        return await CarryOutAsync(wanted, (secrets, repository), program, hosts);
    }

    /// <param name="Region">Null where the cluster stands alone.</param>
    private sealed record Deployment(
        Blueprint Blueprint, DeploymentGoods Goods, DeploymentPlan Plan, DeployVoters Voters,
        RegionDeployment? Region);

    private static string TableOf(Deployment wanted) =>
        DeployText.Table(wanted.Blueprint, wanted.Plan)
        + (wanted.Region is { Other.Blueprint: var other, Plan: var theirs }
            ? $"\n{DeployText.Table(other, theirs)}"
            : "");

    private async Task<Ending> CarryOutAsync(
        Deployment wanted, (OperatorSecrets Own, RepositorySecrets Repository) kept, OwnProgram program,
        DeployHosts hosts)
    {
        var (plan, region, secrets) = (wanted.Plan, wanted.Region, kept.Own);
        var blueprint = wanted.Blueprint;
        var founding = new DeployFounding(hosts, Screen, region);
        var failure = IsNothing(wanted)
            ? await founding.RunAsync((blueprint, wanted.Goods), null, invocation.Cancellation)
            : await ChangeAsync(wanted, kept, new Means(program, hosts, founding));
        if (failure is not null)
            return failure;
        var watch = new DeployWatch(hosts[blueprint.DataHosts.First()], Screen)
        {
            // It goes with the primary, and there is none where another cluster is followed.
            WantsAddress = blueprint.VirtualAddress is not null && !founding.Follows,
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
        if (region is not null)
            Screen.Note(founding.Follows
                ? $"{blueprint.Cluster} follows {region.Other.Blueprint.Cluster}, and takes reads only"
                : $"{region.Other.Blueprint.Cluster} follows {blueprint.Cluster}");
        Screen.Data(Screen.IsJson
            ? DeployDocuments.Text(blueprint, plan, region, (status, uri, took))
            : DeployText.Done(blueprint, IsNothing(wanted), status, (uri, took)));
        return Ending.Ok;
    }

    private static bool IsNothing(Deployment wanted) => wanted.Plan.IsNothing && wanted.Region?.Plan.IsNothing != false;

    private sealed record Means(OwnProgram Program, DeployHosts Hosts, DeployFounding Founding);

    private async Task<Failure?> ChangeAsync(
        Deployment wanted, (OperatorSecrets Own, RepositorySecrets Repository) kept, Means with)
    {
        var secrets = kept.Own;
        var (blueprint, goods, plan, voters, region) = wanted;
        Screen.Note(TableOf(wanted));
        foreach (var made in secrets.News)
            Screen.Note($"made {made}, kept in {secrets.Path}");
        if (kept.Repository.News is { } key)
            Screen.Note($"made {key}");
        var addresses = ClientAddresses.Of(blueprint)
            .Concat(region is null ? [] : ClientAddresses.Of(region.Other.Blueprint)).Distinct();
        if (!secrets.Keep(addresses, region?.Other.Passwords).TryGet(out var passwords, out var failure))
            return failure;
        if (kept.Repository.Keep() is { } unkept)
            return unkept;
        var means = new DeployMeans(blueprint, goods, passwords, with.Program, voters);
        if (region is not null && await region.PrepareAsync(means, invocation.Cancellation) is { } unprepared)
            return unprepared;
        return await new DeployRun(means, with.Hosts, Screen).RunAsync(plan, with.Founding, invocation.Cancellation);
    }
}
