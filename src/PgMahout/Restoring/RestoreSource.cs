using System.Collections.Immutable;
using PgMahout.Backup.Archiving;
using PgMahout.Backup.Recovering;
using PgMahout.Backup.Repositories;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Verbs;

namespace PgMahout.Restoring;

/// <summary>A repository to restore from, and what it can bring back.</summary>
internal sealed record RestoreSource(OpenRepository Opened, ulong SystemIdentifier, Restorable Seen) : IAsyncDisposable
{
    /// <summary>By its place, or by its name in the cluster of the home.</summary>
    public static async Task<Attempt<RestoreSource>> OpenAsync(Invocation invocation, RestoreOrder order)
    {
        if (!(await FindAsync(invocation, order)).TryGet(out var found, out var failure))
            return failure;
        var (opened, system) = found;
        var looked = await Restorable.LookAsync(opened.Repository, system, invocation.Cancellation);
        if (looked.TryGet(out var seen))
            return new RestoreSource(opened, system, seen);
        await opened.DisposeAsync();
        return RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, looked.Failure!);
    }

    /// <summary>The repository, and whose data in it.</summary>
    public static async Task<Attempt<(OpenRepository Opened, ulong SystemIdentifier)>> FindAsync(
        Invocation invocation, RestoreOrder order)
    {
        if (!(await OpenRepositoryAsync(invocation, order)).TryGet(out var opened, out var failure))
            return failure;
        var chosen = await SystemAsync(opened, order, invocation.Cancellation);
        if (chosen.TryGet(out var system, out failure))
            return (opened, system);
        await opened.DisposeAsync();
        return failure;
    }

    /// <summary>From what was asked for to a backup and an address; refused with what would be possible.</summary>
    public async Task<Attempt<RestorePlan>> PlanAsync(
        RecoveryTarget target, (BackupId? Backup, TimelineId? Timeline) chosen, DateTimeOffset now,
        CancellationToken cancellation)
    {
        if (target is RecoveryTarget.AtTime { Time: var time } && time > now)
            return new Failure(ErrorCatalogue.RestoreOutside, $"{RestoreText.Moment(time)} lies in the future")
                .Because($"it is {RestoreText.Moment(now)} now")
                .Try("pgmahout restore --at latest ...");
        if (LineOf(chosen.Timeline) is not { } line)
            return new Failure(ErrorCatalogue.RestoreOutside, "the archive does not know that timeline")
                .Because($"it has {string.Join(", ", Seen.Archive.Histories.Select(history => history.Current))}")
                .Try("pgmahout backup list");
        var windows = RestorePlanning.Windows(Seen.Backups, Seen.Archive, line);
        if (windows.IsEmpty)
            return Nothing(line);
        if (!(await ResolveAsync(target, windows, line, cancellation)).TryGet(out var resolved, out var failure))
            return failure;
        return RestorePlanning.For(Seen.Backups, Seen.Archive, line, resolved, chosen.Backup) switch
        {
            RestoreAnswer.Possible { Plan.Needed: not null } => Outside(target, windows),
            RestoreAnswer.Possible possible => possible.Plan,
            RestoreAnswer.Outside outside => Outside(target, outside.Windows),
            RestoreAnswer.NoBackup => Nothing(line),
            var other => throw new InvalidOperationException($"unknown answer {other}"),
        };
    }

    /// <summary>
    /// The same point, along a history that ends on the timeline of that point: a server that goes on from there must
    /// not claim to come from what was written behind it.
    /// </summary>
    public Attempt<RestorePlan> EndingThere(RestorePlan plan)
    {
        var line = plan.Target.Stop is { } stop ? plan.Line.At(stop) : plan.Line;
        return RestorePlanning.For(Seen.Backups, Seen.Archive, line, plan.Target, plan.Backup.Id) switch
        {
            RestoreAnswer.Possible possible => possible.Plan,
            RestoreAnswer.Outside or RestoreAnswer.NoBackup => Nothing(line),
            var other => throw new InvalidOperationException($"unknown answer {other}"),
        };
    }

    public ValueTask DisposeAsync() => Opened.DisposeAsync();

    private TimelineHistory? LineOf(TimelineId? timeline) =>
        timeline is { } asked ? Seen.Archive.HistoryOf(asked) : Seen.Line;

    /// <summary>
    /// A time is looked for from the newest backup on that was consistent by then; anything else from the earliest.
    /// </summary>
    private async Task<Attempt<ResolvedTarget>> ResolveAsync(
        RecoveryTarget target, ImmutableArray<RecoveryWindow> windows, TimelineHistory line,
        CancellationToken cancellation)
    {
        var from = windows[0].From;
        if (target is RecoveryTarget.AtTime { Time: var time })
        {
            var before = Seen.Backups
                .Where(backup => backup.StoppedAt <= time)
                .Where(backup => line.Contains(new WalPosition(backup.Timeline, backup.Stop)))
                .Where(backup => windows.Any(window => window.From <= backup.Stop && backup.Stop <= window.To))
                .ToList();
            if (before.Count == 0)
                return Outside(target, windows);
            from = before.Max(backup => backup.Stop);
        }
        var to = windows.First(window => window.To >= from).To;
        if (target is not RecoveryTarget.AtTime)
            to = windows[^1].To;
        var resolver = new TargetResolver(new WalArchive(Opened.Repository, SystemIdentifier));
        var resolved = await resolver.ResolveAsync(
            target, new SearchedWal(Seen.Archive, line, from, to), cancellation);
        if (resolved.TryGet(out var found))
            return found;
        return resolved.Failure!.Code == TargetResolver.NotFoundCode
            ? RepositoryOpening.Translate(ErrorCatalogue.RestoreOutside, resolved.Failure)
            : RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, resolved.Failure);
    }

    private Failure Outside(RecoveryTarget target, ImmutableArray<RecoveryWindow> windows)
    {
        var failure = new Failure(
                ErrorCatalogue.RestoreOutside, $"{RestoreText.Of(target)} cannot be restored from this repository")
            .Because("any commit of these can: " + string.Join("; ", windows.Select(RestoreText.Of)));
        foreach (var window in windows)
            if (Seen.Archive.DamagedAt(window.To, window.Line) is { } damaged)
                failure = failure.Because(
                    $"what follows {window.To} may be in {damaged.Object}, which is damaged: bring back a sound copy "
                    + "of it, or remove it, and what is in front of it is all there is");
        return failure.Try("pgmahout backup list", "pgmahout backup verify");
    }

    private static Failure Nothing(TimelineHistory line) =>
        new Failure(ErrorCatalogue.RestoreOutside, $"nothing of timeline {line.Current} can be restored")
            .Because("no backup in the repository has the WAL that would make it consistent")
            .Try("pgmahout backup list", "pgmahout backup now");

    private static async Task<Attempt<OpenRepository>> OpenRepositoryAsync(Invocation invocation, RestoreOrder order)
    {
        if (order.Address is { } address)
        {
            var settings = new RepositorySettings(
                "given", RepoVerb.Absolute(address), CompressionKind.Zstd, null, order.KeyFile, order.Options);
            var opened = await RepositoryOpening.OpenForReadingAsync(settings, invocation.Cancellation);
            return opened.TryGet(out var repository)
                ? repository
                : RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, opened.Failure!);
        }
        var cluster = await BackupAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!cluster.TryGet(out var access, out var failure))
            return failure;
        await using var closing = access;
        return await access.ReadAsync(order.Repository, invocation.Cancellation);
    }

    private static async Task<Attempt<ulong>> SystemAsync(
        OpenRepository opened, RestoreOrder order, CancellationToken cancellation)
    {
        var listed = await Repository.SystemsAsync(opened.Store, cancellation);
        if (!listed.TryGet(out var systems))
            return RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, listed.Failure!);
        if (order.SystemIdentifier is { } asked && systems.Contains(asked))
            return asked;
        return systems is [var only] && order.SystemIdentifier is null
            ? only
            : new Failure(ErrorCatalogue.RestoreOutside, "the repository holds several database clusters")
                .Because($"their system identifiers are {string.Join(", ", systems)}")
                .Try($"pgmahout restore --system {systems.LastOrDefault()} ...");
    }
}
