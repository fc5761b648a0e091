using PgMahout.Agent.Home;
using PgMahout.Backup.Archiving;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Undo;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Restoring;
using PgMahout.Undo.Finding;

namespace PgMahout.Undoing;

/// <summary>A repository of the cluster in which losses are looked for.</summary>
internal sealed class UndoSession : IAsyncDisposable
{
    /// <summary>An archiver that is behind is not waited for any longer: what it has is told.</summary>
    private static readonly TimeSpan CatchUpLimit = TimeSpan.FromSeconds(3);

    private const int MostLooks = 5;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    private UndoSession(BackupAccess access, LookedRepository looked)
    {
        Access = access;
        Source = new RestoreSource(looked.Opened, looked.SystemIdentifier, looked.Seen);
        Archive = new WalArchive(looked.Opened.Repository, looked.SystemIdentifier);
        Reader = new LossReader(Archive, looked.Seen.Archive, looked.Seen.Line!);
    }

    public BackupAccess Access { get; }

    public RestoreSource Source { get; }

    public WalArchive Archive { get; }

    public LossReader Reader { get; }

    public Restorable Seen => Source.Seen;

    /// <param name="repository">Null: the first.</param>
    /// <param name="fresh">Whether what was committed until now must be looked at too.</param>
    public static async Task<Attempt<UndoSession>> OpenAsync(
        Invocation invocation, BackupAccess access, string? repository, bool fresh)
    {
        Lsn? written = null;
        if (fresh && access.Choose(repository).TryGet(out var settings, out _))
            written = await CatchUpAsync(invocation.Home, access, settings, invocation.Cancellation);
        for (var look = 1; ; look++)
        {
            if (!(await access.LookAsync(repository, invocation.Cancellation)).TryGet(out var looked, out var failure))
                return failure;
            if (looked.Seen.Line is { } line && (look >= MostLooks || IsComplete(looked.Seen, written)))
            {
                if (looked.Seen.Archive.DamagedAt(looked.Seen.Archive.EndOf(line), line) is { } damaged)
                    invocation.Screen.Note(
                        $"WAL behind {damaged.At.Lsn} is not looked through: {damaged.Object} is damaged");
                return new UndoSession(access, looked);
            }
            await looked.DisposeAsync();
            if (look >= MostLooks)
                return new Failure(ErrorCatalogue.NoWal, $"there is no WAL in {looked.Opened.Settings.Address} yet")
                    .Try("pgmahout status");
            await Task.Delay(Pace, invocation.Cancellation);
        }
    }

    /// <summary>
    /// The archiver replaces the parts of the last segment while they are listed, and then they may seem not to be
    /// there.
    /// </summary>
    private static bool IsComplete(Restorable seen, Lsn? written) =>
        (!seen.Any || !seen.Windows.IsEmpty)
        && (written is not { } end || seen.Archive.Stretches.Any(stretch => stretch.To >= end));

    /// <summary>How the point before a loss is reached; null when no backup reaches it.</summary>
    public RestorePlan? PlanFor(Loss loss) => RestorePlanning.For(
        Seen.Backups, Seen.Archive, Seen.Line!, new ResolvedTarget(loss.StopBefore, false, null)) switch
    {
        RestoreAnswer.Possible possible => possible.Plan,
        RestoreAnswer.Outside or RestoreAnswer.NoBackup => null,
        var other => throw new InvalidOperationException($"unknown answer {other}"),
    };

    /// <summary>Why the point of that plan is out of reach on this machine; null when it is not.</summary>
    public async Task<Failure?> RefuseTablespacesAsync(RestorePlan plan, CancellationToken cancellation)
    {
        var touched = await Reader.TouchesTablespacesAsync(
            plan.Backup.Start, plan.Target.Stop ?? plan.Reach, cancellation);
        if (!touched.TryGet(out var tablespaces))
            return RepositoryOpening.Translate(ErrorCatalogue.WalUnreadable, touched.Failure!);
        return tablespaces
            ? new Failure(ErrorCatalogue.UndoRefused, "a tablespace was made or dropped on the way to that point")
                .Because("replaying that on this machine would reach into the tablespace of the cluster itself")
                .Try("pgmahout restore --at ... --to DIR    (on another machine)")
            : null;
    }

    public ValueTask DisposeAsync() => Source.DisposeAsync();

    /// <summary>Up to where the archive has everything; null when it did not get there in time.</summary>
    private static async Task<Lsn?> CatchUpAsync(
        HomeLayout home, BackupAccess access, RepositorySettings settings, CancellationToken cancellation)
    {
        if (!access.Primary(home).TryGet(out var primary, out _))
            return null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(CatchUpLimit);
        try
        {
            var read = await WrittenWal.ReadAsync(primary, limit.Token);
            if (!read.TryGet(out var written))
                return null;
            var waited = await new ArchivedWait(primary, settings).UntilAsync(written, limit.Token);
            return waited.Failure is null ? written.Lsn : null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Nobody has to be there for looking into the archive.
            return null;
        }
    }
}
