using PgMahout.Backup.Working;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Undo;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Restoring;
using PgMahout.Starting;
using PgMahout.Undo.Past;

namespace PgMahout.Undoing;

/// <summary>Makes servers of the past for verbs: checks the space, shows how far it is, says what went wrong.</summary>
internal sealed class PastRun(Invocation invocation, UndoSession session, Host host)
{
    /// <summary>Free space that is left to the cluster.</summary>
    private static readonly ByteSize Spared = ByteSize.Megabytes(512);

    public PastRequest Request(RestorePlan plan, NeededFiles needs, UndoPlace place) => new()
    {
        Archive = session.Archive,
        Map = session.Seen.Archive,
        Plan = plan,
        Only = needs.Needs,
        Replayed = needs.Needs,
        Place = place.Past,
        Programs = host.Binaries,
        Account = host.Account,
        Workers = Math.Clamp(Environment.ProcessorCount, 1, 8),
    };

    /// <summary>What it takes; refused where there is too little space, or programs of another version.</summary>
    public async Task<Attempt<PastCost>> CostAsync(PastRequest request)
    {
        if (RestoreCommand.WrongVersion(request.Plan, host) is { } wrong)
            return wrong;
        var asked = await PastServer.CostAsync(request, invocation.Cancellation);
        if (!asked.TryGet(out var cost))
            return RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, asked.Failure!);
        // It may be a file system of its own.
        var free = new DriveInfo(invocation.Home.UndoDirectory).AvailableFreeSpace;
        return free - cost.Space >= Spared.Bytes
            ? cost
            : new Failure(ErrorCatalogue.UndoRefused, "there is not enough space for the side server")
                .Because($"it may need {new ByteSize(cost.Space)} beside {Spared} that are left free, and "
                    + $"{invocation.Home.UndoDirectory} has {new ByteSize(free)} free")
                .Try("pgmahout undo clean");
    }

    public async Task<Attempt<PastServer>> StartAsync(PastRequest request)
    {
        var progress = new TaskCompletionSource<WorkProgress>();
        var starting = PastServer.StartAsync(request, progress.SetResult, invocation.Cancellation);
        if (await Task.WhenAny(progress.Task, starting) == progress.Task)
            await ProgressLine.ShowAsync(invocation.Screen, await progress.Task, starting);
        var started = await starting;
        return started.TryGet(out var server)
            ? server
            : RepositoryOpening.Translate(ErrorCatalogue.UndoFailed, started.Failure!)
                .Leaving("the cluster is untouched, and the side server was removed");
    }
}
