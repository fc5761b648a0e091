using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Backup.Recovering;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Starting;
using PgMahout.Status;
using PgMahout.Store.Records;

namespace PgMahout.Restoring;

/// <summary>
/// Makes another cluster, in a home of its own, of a point in a repository. It has the system identifier of the old
/// one, as PostgreSQL gives none anew, so it archives into a repository of its own.
/// </summary>
internal sealed class NewClusterCommand(Invocation invocation, UpRequest asked)
{
    private HomeLayout Home => invocation.Home;

    private Screen Screen => invocation.Screen;

    private CancellationToken Cancellation => invocation.Cancellation;

    public async Task<Ending> RunAsync(RestoreOrder order)
    {
        if (!(await WantedAsync()).TryGet(out var wanted, out var failure))
            return failure;
        if (!Preflight.ForNew(Home, wanted.Plan).TryGet(out var host, out failure))
            return failure;
        var leader = wanted.Spec.Members[0].Name;
        order = order with { Directory = Home.DataDirectory(leader) };
        if (!(await RestoreSource.OpenAsync(invocation, order)).TryGet(out var source, out failure))
            return failure;
        await using var closing = source;
        if (!(await PlanAsync(source, order)).TryGet(out var plan, out failure))
            return failure;
        Screen.Note(RestoreText.Of(plan, order.Target));
        if (RestoreCommand.WrongVersion(plan, host) is { } wrong)
            return wrong;
        if (await LiveTablespaces.WhyNotAsync(source, plan, throwAway: false, Cancellation) is { } shared)
            return shared;
        if (order.DryRun)
            return RestoreCommand.Say(Screen, RestoreDocument.Of(order, plan, null), "nothing was restored: --dry-run");
        Directory.CreateDirectory(Home.Root);
        using var alone = PidLock.TryTake(Path.Combine(Home.Root, HomeInspection.UpLock));
        if (alone is null)
            return new Failure(ErrorCatalogue.UpInProgress, $"another pgmahout is at work on {Home.Root}");
        return await MakeAsync((source, plan), order, wanted, host);
    }

    private async Task<Ending> MakeAsync(
        (RestoreSource Source, RestorePlan Plan) from, RestoreOrder order, Wanted wanted, Host host)
    {
        var leader = wanted.Spec.Members[0].Name;
        if (RecoveryFiles.Mark(Home.RestoreMark, RestoreText.Of(order.Target) + "\n", host.Account).Failure is { } bad)
            return RepositoryOpening.Translate(ErrorCatalogue.RestoreFailed, bad);
        var failure = wanted.Made
            ? null
            : await HomeCreation.CreateAsync(Home, wanted.Plan, host, Cancellation);
        if (failure is not null)
            return failure;
        Screen.Note(NewRepository.Advice(Home, wanted.Backup));
        var reign = new RestoredReign(invocation, host);
        var epoch = RestoredReign.After(null, from.Source.Seen.Archive);
        var restored = await reign.RestoreAsync(from.Source, from.Plan, (leader, epoch), order.Workers);
        if (!restored.TryGet(out var done, out failure))
            return failure;
        if (!(await ClusterAccess.OpenAsync(Home, Cancellation)).TryGet(out var cluster, out failure))
            return failure;
        await using var closing = cluster;
        failure = await cluster.ChangeAsync(
            ClusterRecords.BeginRestored(from.Source.SystemIdentifier, done.Record), "the first reign", Cancellation);
        if (failure is not null)
            return failure;
        var text = $"cluster '{wanted.Spec.Name}' in {Home.Root} is of {RestoreText.Of(order.Target)}, restored in "
            + Durations.Text(done.Measure.UntilWritable);
        await cluster.TellAsync(JournalKind.Restored, leader, text, Cancellation);
        Screen.Note($"{text}; its other members are cloned");
        var started = await reign.StartAsync();
        return started.TryGet(out _, out failure)
            ? RestoreCommand.Say(
                Screen, RestoreDocument.Of(order, from.Plan, done.Measure),
                $"{text}\n{ClientUri.For(wanted.Spec, wanted.Plan.Proxy, Home, read: false)}")
            : failure;
    }

    /// <summary>A home that is empty, or one that this command has begun to make.</summary>
    private async Task<Attempt<Wanted>> WantedAsync()
    {
        var found = await HomeInspection.LookAsync(Home, Cancellation);
        if (found is { BeingRestored: true, Store: StoreFinding.Holds { SystemIdentifier: null } begun })
            return new Wanted(
                new HomePlan.Create(begun.Spec, begun.Backup, Resumes: true) { Proxy = begun.Proxy }, Made: true);
        var empty = found with
        {
            BeingRestored = false,
            WithData = found.BeingRestored ? [] : found.WithData,
        };
        return HomePlan.For(empty, asked, Home) switch
        {
            HomePlan.Create create => new Wanted(create, Made: false),
            HomePlan.Refuse refuse => refuse.Failure,
            HomePlan.Start or HomePlan.Report =>
                new Failure(ErrorCatalogue.RestoreRefused, $"{Home.Root} holds a cluster already")
                    .Try("pgmahout restore --as-new-cluster --home ANOTHER ...", "pgmahout restore --in-place ..."),
            var other => throw new InvalidOperationException($"unknown plan {other}"),
        };
    }

    private async Task<Attempt<RestorePlan>> PlanAsync(RestoreSource source, RestoreOrder order)
    {
        var planned = await source.PlanAsync(
            order.Target, (order.Backup, order.Timeline), TimeProvider.System.GetUtcNow(), Cancellation);
        return planned.TryGet(out var plan, out var failure) ? source.EndingThere(plan) : failure;
    }

    /// <param name="Made">By an earlier run that did not come to its end.</param>
    private sealed record Wanted(HomePlan.Create Plan, bool Made)
    {
        public ClusterSpec Spec => Plan.Spec;

        public BackupSettings Backup => Plan.Backup;
    }
}
