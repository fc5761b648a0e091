using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Backup.Archiving;
using PgMahout.Backup.Recovering;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Hosts;
using PgMahout.Output;
using PgMahout.Processes;
using PgMahout.Starting;
using PgMahout.Stopping;
using PgMahout.Store.Records;

namespace PgMahout.Restoring;

/// <summary>
/// Takes the whole cluster of a home back to a point: the leader's data is restored in its place, and the other members
/// get back to it by themselves. Killed in the middle, the same command goes on.
/// </summary>
internal sealed class InPlaceCommand(Invocation invocation)
{
    private readonly bool _wasUp = SupervisorProcess.Find(invocation.Home) is not null;

    private HomeLayout Home => invocation.Home;

    private Screen Screen => invocation.Screen;

    private CancellationToken Cancellation => invocation.Cancellation;

    public async Task<Ending> RunAsync(RestoreOrder order)
    {
        if (!order.IsDeployed && HostHome.Refuse(
            Home, "a cluster on several hosts is restored in its place from where it was deployed",
            "pgmahout deploy restore --at POINT    (there, beside cluster.yml)",
            "pgmahout restore --to DIR    (a server of the past beside it)", "pgmahout undo") is { } elsewhere)
            return elsewhere;
        if (!Preflight.FindHost().TryGet(out var host, out var failure))
            return failure;
        if (!(await BackupAccess.OpenAsync(Home, Cancellation)).TryGet(out var access, out failure))
            return failure;
        await using var closing = access;
        if (WhyNotBeside(access.Cluster.Records.Region?.Value) is { } paired)
            return paired;
        using var alone = PidLock.TryTake(Path.Combine(Home.Root, HomeInspection.UpLock));
        if (alone is null)
            return new Failure(ErrorCatalogue.UpInProgress, $"another pgmahout is at work on {Home.Root}")
                .Try("pgmahout restore --in-place ...    (again, when it has ended)");
        if (!(await BackupLock.TakeAsync(invocation, access)).TryGet(out var turn, out failure))
            return failure;
        await using var letGo = turn;
        if (!Former(access).TryGet(out var former, out failure))
            return failure;
        if (!access.Identity.TryGet(out var identity, out failure))
            return failure;
        if (order.IsDeployed && !(access.Spec.Find(former.Holder) is { } last && Home.Holds(last)))
            return new Failure(ErrorCatalogue.RestoreRefused, $"{former.Holder} led last, and is on another host")
                .Leaving("nothing was changed")
                .Try("pgmahout deploy restore --at POINT    (again)");
        order = order with { Directory = Home.DataDirectory(former.Holder), SystemIdentifier = identity };
        // The point may lie a moment back, and its WAL be on its way.
        if (!File.Exists(Home.RestoreMark) && await ArchivedSoFarAsync(access, order) is { } behind)
            return behind;
        if (!(await PlanAsync(order, null)).TryGet(out var planned, out failure))
            return failure;
        await using var source = planned.Source;
        Screen.Note(RestoreText.Of(planned.Plan, order.Target));
        var undone = await UndoneAsync(source, planned.Plan);
        Screen.Note(Loss(planned.Plan, former.Holder, undone));
        if ((RestoreCommand.WrongVersion(planned.Plan, host) ?? WhyNoSpace(planned.Plan)) is { } refused)
            return refused;
        if (order.DryRun)
            return RestoreCommand.Say(
                Screen, RestoreDocument.Of(order, planned.Plan, null).With(undone), "nothing was restored");
        return Confirmation.TypeNameUnlessAgreed(invocation, access.Spec.Name) is { } declined
            ? declined
            : await CarryOutAsync(access, host, order, (source, planned.Plan, undone));
    }

    /// <summary>What the other region has is of a future that would be no more, and it would keep that.</summary>
    private static Failure? WhyNotBeside(Region? region) => region is null ? null
        : new Failure(ErrorCatalogue.RestoreRefused, "one of two regions is not taken back in its place")
            .Because("the other region has what came after that point, and could lead with it")
            .Leaving("nothing was changed")
            .Try("pgmahout restore --as-new-cluster HOME    (another cluster of the past)", "pgmahout undo list");

    private async Task<Ending> CarryOutAsync(
        BackupAccess access, Host host, RestoreOrder order,
        (RestoreSource Source, RestorePlan Plan, UndoneCommits? Undone) planned)
    {
        var goesOn = File.Exists(Home.RestoreMark);
        if (goesOn)
            Screen.Note("a restore in place was begun and is not done: this one takes its place");
        else if (await ArchivedSoFarAsync(access, order) is { } late)
            return late;
        if ((order.IsDeployed ? WhyNotStopped(access) : await StopAsync(access)) is { } running)
            return GiveUp(running, goesOn);
        if (await access.Cluster.RefreshAsync(Cancellation) is { } unread)
            return GiveUp(unread, goesOn);
        if (!(await PlanAsync(order, planned.Plan)).TryGet(out var now, out var failure))
            return GiveUp(failure, goesOn);
        await using var source = now.Source;
        if (!goesOn && WhyNotArchived(access, source.Seen.Archive) is { } lacking)
            return GiveUp(lacking, goesOn);
        // From here on the archive is known to have everything, and only it.
        if (RecoveryFiles.Mark(Home.RestoreMark, RestoreText.Of(order.Target) + "\n", host.Account).Failure is { } bad)
            return GiveUp(RepositoryOpening.Translate(ErrorCatalogue.RestoreFailed, bad), goesOn);

        var stored = access.Cluster.Records.Leadership!;
        var leader = stored.Value.Holder;
        if (await LiveTablespaces.EmptyAsync((source, now.Plan), order.Directory, goesOn, Cancellation) is { } full)
            return full;
        var reign = new RestoredReign(invocation, host);
        var restored = await reign.RestoreAsync(
            source, now.Plan, (leader, RestoredReign.After(stored.Value, source.Seen.Archive)), order.Workers);
        if (!restored.TryGet(out var done, out failure))
            return failure;
        failure = OthersAwait(access.Spec, leader) ?? await access.Cluster.ChangeAsync(
            ClusterRecords.WriteLeadership(stored.Revision, done.Record), "the new reign", Cancellation);
        if (failure is not null)
            return failure;
        if (!order.IsDeployed)
            BackupWanted.Ask(Home, access.Repositories.Select(one => one.Name));
        var text = $"the cluster was taken back to {RestoreText.Of(order.Target)}: {leader} leads on timeline "
            + $"{done.Record.Written!.Value.Timeline}, restored in {Durations.Text(done.Measure.UntilWritable)}";
        await access.Cluster.TellAsync(JournalKind.Restored, leader, text, Cancellation);
        if (order.IsDeployed)
        {
            File.Delete(Home.RestoreMark);
            return RestoreCommand.Say(
                Screen, RestoreDocument.Of(order, now.Plan, done.Measure).With(planned.Undone), text);
        }
        Screen.Note($"{text}; the others follow");
        var started = await reign.StartAsync();
        return started.TryGet(out _, out failure)
            ? RestoreCommand.Say(
                Screen, RestoreDocument.Of(order, now.Plan, done.Measure).With(planned.Undone),
                $"{text}; every member follows; a backup is made")
            : failure;
    }

    /// <summary>
    /// Nothing was destroyed by this run: where none was under way before, the cluster goes on as it was.
    /// </summary>
    private Failure GiveUp(Failure failure, bool goesOn)
    {
        if (goesOn)
            return failure;
        if (HostHome.Is(Home))
            return failure.Leaving("nothing was destroyed");
        if (!_wasUp)
            return failure.Leaving("nothing was destroyed; the cluster is stopped as before");
        return SupervisorProcess.Find(Home) is null && SupervisorProcess.Start(Home) is { } problem
            ? failure.Leaving($"nothing was destroyed; the cluster is stopped, and did not start again: {problem}")
            : failure.Leaving("nothing was destroyed; the cluster is started again");
    }

    /// <param name="before">Resolved already: exactly that is planned again, over what the archive has by now.</param>
    private async Task<Attempt<(RestoreSource Source, RestorePlan Plan)>> PlanAsync(
        RestoreOrder order, RestorePlan? before)
    {
        if (!(await RestoreSource.OpenAsync(invocation, order)).TryGet(out var source, out var failure))
            return failure;
        var planned = before is null
            ? await source.PlanAsync(
                order.Target, (order.Backup, order.Timeline), TimeProvider.System.GetUtcNow(), Cancellation)
            : before;
        if (planned.TryGet(out var plan, out failure)
            && source.EndingThere(plan).TryGet(out var ending, out failure))
            return (source, ending);
        await source.DisposeAsync();
        return failure;
    }

    private static Attempt<Leadership> Former(BackupAccess access)
    {
        if (access.Cluster.Records.Pause is { } pause && pause.Value.At(TimeProvider.System.GetUtcNow()) is not null)
            return new Failure(ErrorCatalogue.RestoreRefused, "the cluster is paused").Try("pgmahout resume");
        return access.Cluster.Records.Leadership is { Value: var leadership }
            ? leadership
            : new Failure(ErrorCatalogue.NoLeader, "nobody ever led this cluster").Try("pgmahout status");
    }

    /// <summary>
    /// While it runs: what is committed now is archived before anybody is stopped. A primary that does not answer is
    /// waited for by nobody: then what lies on its disk decides, once it is stopped.
    /// </summary>
    private async Task<Failure?> ArchivedSoFarAsync(BackupAccess access, RestoreOrder order)
    {
        if (!access.Primary(Home).TryGet(out var primary, out _)
            || !(await WrittenWal.ReadAsync(primary, Cancellation)).TryGet(out var written))
            return null;
        if (!access.Choose(order.Repository).TryGet(out var repository, out var failure))
            return failure;
        Screen.Note($"waiting until the archive has everything up to {written}");
        var archived = await new ArchivedWait(primary, repository).UntilAsync(written, Cancellation);
        return archived.Failure is { } problem
            ? RepositoryOpening.Translate(ErrorCatalogue.ArchiveIncomplete, problem)
            : null;
    }

    /// <summary>Of this host; of the others whoever stopped them knows.</summary>
    private Failure? WhyNotStopped(BackupAccess access)
    {
        var members = access.Spec.Members.Where(Home.Holds).Select(member => member.Name).ToList();
        return members.SelectMany(member => MemberProcesses.List(Home, member)).Any()
            || members.Any(member => PidLock.Holder(Home.AgentLock(member)) is not null)
                ? new Failure(ErrorCatalogue.StillRunning, "the member of this host still runs")
                    .Try("pgmahout deploy restore --at POINT    (again)")
                : null;
    }

    private async Task<Failure?> StopAsync(BackupAccess access)
    {
        var members = access.Spec.Members.Select(member => member.Name).ToList();
        return await new ClusterStop(Home, members, Screen).RunAsync(Cancellation) is { Count: > 0 } remaining
            ? new Failure(ErrorCatalogue.StillRunning, $"{remaining.Count} processes of the cluster are still there")
                .Because(string.Join("\n", remaining))
                .Try("pgmahout down")
            : null;
    }

    /// <summary>
    /// The end of the leader's WAL is on no other disk once its data is restored over. A leader without data has
    /// nothing to lose; then what the others have counts.
    /// </summary>
    private Failure? WhyNotArchived(BackupAccess access, ArchiveMap archive)
    {
        var leader = access.Cluster.Records.Leadership!.Value.Holder;
        var looked = StoppedServer.Find(Home.DataDirectory(leader), Cancellation);
        if (looked.Failure is { } unreadable)
            return RepositoryOpening.Translate(ErrorCatalogue.ArchiveIncomplete, unreadable);
        looked.TryGet(out var own);
        var end = own?.End ?? access.Spec.Others(leader)
            .Select(member => StoppedServer.Find(Home.DataDirectory(member.Name), Cancellation))
            .Select(other => other.TryGet(out var server) ? server?.End : null)
            .Max();
        if (end is not { } written || archive.Stretches.Any(stretch => stretch.Timeline == written.Timeline
            && stretch.From <= written.Lsn && written.Lsn <= stretch.To))
            return null;
        return new Failure(ErrorCatalogue.ArchiveIncomplete, "the archive lacks the end of what the cluster has")
            .Because($"its WAL ends at {written}, and the archive has "
                + string.Join(", ", archive.Stretches.Where(stretch => stretch.Timeline == written.Timeline)
                    .Select(stretch => $"{stretch.From} to {stretch.To}").DefaultIfEmpty("nothing"))
                + " of that timeline")
            .Try("pgmahout up && pgmahout status    (until the archive is not behind), then restore again");
    }

    private Failure? OthersAwait(ClusterSpec spec, MemberName leader) => spec.Others(leader)
        .Select(member => RecoveryFiles.AwaitLeader(Home.DataDirectory(member.Name)).Failure)
        .FirstOrDefault(problem => problem is not null) is { } failed
            ? RepositoryOpening.Translate(ErrorCatalogue.RestoreFailed, failed)
            : null;

    /// <summary>Null when it cannot be told: that is no reason against going back.</summary>
    private async Task<UndoneCommits?> UndoneAsync(RestoreSource source, RestorePlan plan)
    {
        var archive = new WalArchive(source.Opened.Repository, source.SystemIdentifier);
        var found = await new UndoneSearch(archive).FindAsync(plan, source.Seen.Archive, Cancellation);
        return found.TryGet(out var undone) ? undone : null;
    }

    private static string Loss(RestorePlan plan, MemberName leader, UndoneCommits? undone)
    {
        var commits = undone switch
        {
            null => "commits that could not be counted",
            { First: { } first, Last: { } last } =>
                $"{undone.Value.Count} commits, from {RestoreText.Moment(first)} to {RestoreText.Moment(last)}",
            { } none => $"{none.Count} commits",
        };
        return plan.Target.Stop is { } stop
            ? $"IN PLACE the cluster stops, and goes on from there. UNDONE: {commits} "
                + $"({Lsn.Distance(stop, plan.Reach)} of WAL). {leader} is restored; the others rewind or clone. What "
                + $"is undone stays in the archive, as timeline {plan.Line.Current}, until it expires."
            : $"IN PLACE the cluster stops, {leader} is restored to the end of the archive, and the others follow.";
    }

    private Failure? WhyNoSpace(RestorePlan plan)
    {
        var needed = plan.Replay.Bytes * 2;
        var free = new DriveInfo(Home.Root).AvailableFreeSpace;
        return free - needed >= ByteSize.Megabytes(512).Bytes
            ? null
            : new Failure(ErrorCatalogue.RestoreRefused, "there is not enough space for the WAL that is replayed")
                .Because(
                    $"it needs {new ByteSize(needed)} beside 512 MB, and {Home.Root} has {new ByteSize(free)} free");
    }
}
