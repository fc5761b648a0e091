using System.Globalization;
using System.Security.Cryptography;
using PgMahout.Backup.Catalog;
using PgMahout.Backup.Copying;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Hosts;
using PgMahout.Output;
using PgMahout.Postgres;
using PgMahout.Postgres.Files;
using PgMahout.Status;

namespace PgMahout.Backups;

/// <summary>
/// Makes one backup: chooses whom to read and what to build on, copies, waits for the WAL, says what came of it.
/// </summary>
internal sealed class BackupNowCommand(Invocation invocation, BackupAccess access)
{
    /// <summary>A run that broke off is taken up again if it is not older.</summary>
    private static readonly TimeSpan Resumable = TimeSpan.FromHours(12);

    private Screen Screen => invocation.Screen;

    private CancellationToken Cancellation => invocation.Cancellation;

    public async Task<Ending> RunAsync(BackupOrder order)
    {
        if (HostHome.WhyNotLetIn(invocation.Home, access.Spec, "backup now") is { } elsewhere)
            return elsewhere;
        if (!(await BackupLock.TakeAsync(invocation, access)).TryGet(out var alone, out var failure))
            return failure;
        await using var letGo = alone;
        if (!access.Identity.TryGet(out var identity, out var unborn))
            return unborn;
        if (!(await access.WriteAsync(order.Repository, Cancellation)).TryGet(out var opened, out failure))
            return failure;
        await using var closing = opened;
        if (!(await SourceAsync(order.Source)).TryGet(out var source, out failure))
            return failure;
        if (!Secrets().TryGet(out var secrets, out failure))
            return failure;
        var leader = access.Cluster.Leader is { } name ? access.Spec.Find(name) ?? source : source;
        var primary = ServerConnection.Text(leader, secrets);
        var archive = new ArchivedWait(primary, opened.Settings);
        // In a repository that was just added archiving may begin behind the start of the backup.
        if ((await archive.UntilNowAsync(Cancellation)).Failure is { } late)
            return RepositoryOpening.Translate(ErrorCatalogue.BackupFailed, late);
        var looked = await Restorable.LookAsync(opened.Repository, identity, Cancellation);
        if (!looked.TryGet(out var seen))
            return RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, looked.Failure!);
        if (!ParentOf(order.Kind, seen).TryGet(out var parent, out failure))
            return failure;
        var request = Request(order, (opened, identity), parent.Head, source) with
        {
            ConnectionText = ServerConnection.Text(source, secrets),
            WaitForWal = archive.UntilAsync,
        };
        var fresh = await new StandbyFreshness(request.ConnectionText, primary)
            .EnsureAsync(seen.Reaches, Cancellation);
        if (fresh is { } stale)
            return RepositoryOpening.Translate(ErrorCatalogue.BackupFailed, stale);
        return await RunAsync(
            request with { Id = await IdAsync(new BackupCatalog(opened.Repository, identity)) }, opened, source);
    }

    private async Task<Ending> RunAsync(BackupRequest request, OpenRepository opened, MemberSpec source)
    {
        Screen.Note($"{(request.Parent is { } parent ? $"what changed since {parent}" : "every file")}, read from "
            + $"{source.Name}, into {opened.Store.Address}");
        var started = TimeProvider.System.GetTimestamp();
        var run = new BackupRun(request, TimeProvider.System);
        var ended = await ProgressLine.ShowAsync(Screen, run.Progress, run.RunAsync(Cancellation));
        if (!ended.TryGet(out var head))
            return RepositoryOpening.Translate(ErrorCatalogue.BackupFailed, ended.Failure!);
        var took = TimeProvider.System.GetElapsedTime(started);
        await access.Cluster.TellAsync(
            JournalKind.BackupMade, source.Name,
            $"{BackupWords.Of(head.Head.Kind)} backup {head.Head.Id} into {opened.Settings.Name}: {head.Head.Size}, "
            + $"{head.Head.Stored} stored, {Durations.Text(took)}",
            Cancellation);
        var document = BackupDocument.Of(head, opened.Settings.Name, took);
        Screen.Data(Screen.IsJson
            ? DocumentJson.Text(document, DocumentJson.Types.BackupDocument)
            : $"{head.Head.Id}: {BackupWords.Of(head.Head.Kind)}, {head.Head.Size} in {head.Head.Stored}, from "
                + $"{head.Head.Source}, {Durations.Text(took)}"
                + (head.BadPages > 0 ? $"; {head.BadPages} PAGES WERE DAMAGED ON ITS DISK" : ""));
        return head.BadPages == 0
            ? Ending.Ok
            : new Failure(ErrorCatalogue.BackupDamaged, $"{head.BadPages} pages of {source.Name} fail their checksums")
                .Because("the disk of that server gave back something else than PostgreSQL had written")
                .Leaving($"the backup {head.Head.Id} was made, with these pages as they are")
                .Try($"pgmahout member reinit {source.Name}    (if another member leads)", "pgmahout logs");
    }

    /// <summary>A standby that streams, so that the primary is spared; the leader where there is none.</summary>
    private async Task<Attempt<MemberSpec>> SourceAsync(MemberName? asked)
    {
        if (asked is { } name)
            return access.Cluster.Find(name.Text).TryGet(out var wanted, out var unknown)
                ? IsHere(wanted) ? wanted : Elsewhere(wanted)
                : unknown;
        await using var observer = new StatusObserver(invocation.Home, StatusObserver.Patient);
        var status = await observer.ObserveAsync(Cancellation);
        var standby = status.Members
            .Where(member => member.State == MemberState.Streaming && member.Name != status.Leader)
            .Where(member => access.Spec.Find(member.Name) is { } spec && IsHere(spec))
            .MinBy(member => member.Lag?.Bytes ?? long.MaxValue);
        var chosen = standby?.Name ?? status.Leader;
        if (chosen is { } found && access.Spec.Find(found) is { } member)
            return IsHere(member) ? member : Elsewhere(member);
        return new Failure(ErrorCatalogue.NoLeader, "there is no server to read from").Try("pgmahout status");
    }

    private bool IsHere(MemberSpec member) => invocation.Home.Holds(member);

    private static Failure Elsewhere(MemberSpec member) =>
        new Failure(ErrorCatalogue.NotFromOneHost, $"the files of {member.Name} are on another host")
            .Because("a backup reads them where they are")
            .Leaving("nothing was written")
            .Try($"ssh {member.Host} pgmahout backup now");

    /// <summary>The newest from which replay reaches the present: what lies between is then known to WAL.</summary>
    private static Attempt<Parent> ParentOf(BackupKind? asked, Restorable seen)
    {
        var newest = seen.LastBackup;
        if (asked == BackupKind.Full || (asked is null && newest is null))
            return new Parent(null);
        return newest is not null
            ? new Parent(newest)
            : new Failure(ErrorCatalogue.BackupFailed, "there is nothing that an incremental backup could build on")
                .Because("no backup in the repository reaches the present")
                .Try("pgmahout backup now --full");
    }

    private Attempt<ClusterSecrets> Secrets() =>
        SecretFiles.LoadOrCreate(invocation.Home.SecretsDirectory) is Outcome<ClusterSecrets>.Done { Value: var found }
            ? found
            : new Failure(ErrorCatalogue.HomeNotUsable, "the cluster's passwords cannot be read");

    private BackupRequest Request(
        BackupOrder order, (OpenRepository, ulong) place, BackupHead? parent, MemberSpec source)
    {
        var (opened, identity) = place;
        var data = invocation.Home.DataDirectory(source.Name);
        return new BackupRequest
        {
            Id = default,
            Repository = opened.Repository,
            DataDirectory = data,
            ConnectionText = "",
            Source = source.Name.Text,
            Parent = parent?.Id,
            ChangesSince = (since, start, cancellation) =>
                new ChangesSince(opened.Repository, identity).BetweenAsync(since, start, data, cancellation),
            WaitForWal = (_, _) => Task.FromResult(Outcome.Success),
            Workers = order.Workers ?? Math.Clamp(Environment.ProcessorCount, 1, 8),
            Throttle = order.Throttle ?? access.Settings.Throttle,
            Polite = order.Polite,
        };
    }

    /// <summary>Of a run that broke off a while ago, or a new one.</summary>
    private async Task<BackupId> IdAsync(BackupCatalog catalog)
    {
        var now = TimeProvider.System.GetUtcNow();
        var unfinished = await catalog.UnfinishedAsync(Cancellation);
        if (unfinished.TryGet(out var runs)
            && runs.Where(run => !run.BeingRemoved && now - run.LastWritten < Resumable && IsOurs(run.Id))
                .MaxBy(run => run.LastWritten) is { } broken)
        {
            Screen.Note($"backup {broken.Id} broke off: what it has copied is used again");
            return broken.Id;
        }
        var salt = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(2));
        var id = new BackupId(string.Create(CultureInfo.InvariantCulture, $"{now:yyyyMMdd-HHmmss}-{salt}"));
        if (HostHome.Is(invocation.Home))
            await File.WriteAllTextAsync(invocation.Home.BackupBegun, id.Text, Cancellation);
        return id;
    }

    /// <summary>One that another host began may still be written by it, should that host only stand still.</summary>
    private bool IsOurs(BackupId id) => !HostHome.Is(invocation.Home)
        || (File.Exists(invocation.Home.BackupBegun) && File.ReadAllText(invocation.Home.BackupBegun) == id.Text);

    private sealed record Parent(BackupHead? Head);
}
