using PgMahout.Agent.Home;
using PgMahout.Backup.Repositories;
using PgMahout.Backups;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;

namespace PgMahout.Archiving;

/// <summary>
/// What is done when it is due: backups, expiry, the proof of a restore. Each in a process of its own at the lowest
/// priority, one at a time, with the same commands that an operator would give.
/// </summary>
internal sealed class Chores(HomeLayout home, ArchiveKeepers keepers, HistoryTeller teller)
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(5);

    /// <summary>A look lists everything: that takes time in a directory, and costs money in a bucket.</summary>
    private static readonly TimeSpan LookIntoDirectory = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LookIntoBucket = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, (DateTimeOffset NotBefore, TimeSpan Wait)> _waits = [];
    private readonly Dictionary<string, DateTimeOffset> _looks = [];

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                foreach (var keeper in keepers.All)
                    await TendAsync(keeper, cancellation);
                await Task.Delay(Pace, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The process ends; a backup that was under way is taken up by the next one.
        }
    }

    private async Task TendAsync(ArchiveKeeper keeper, CancellationToken cancellation)
    {
        var now = TimeProvider.System.GetUtcNow();
        if (_looks.TryGetValue(keeper.Settings.Name, out var last) && now - last >= TimeSpan.Zero
            && now - last < Every(keeper))
            return;
        if (await keeper.LookAsync(cancellation) is not { } seen)
            return;
        _looks[keeper.Settings.Name] = now;
        // Of several hosts one does what is due; all of them know how it stands.
        if (!keeper.IsInCharge)
            return;
        if (_waits.TryGetValue(keeper.Settings.Name, out var wait) && now < wait.NotBefore)
            return;
        var schedule = keepers.Schedule;
        if (BackupWanted.IsAsked(home, keeper.Settings.Name))
        {
            await BackUpAsync(keeper, new BackupDue.Asked(seen.Reaching.IsEmpty), cancellation);
            return;
        }
        if (SchedulePolicy.Due(schedule, seen.Reaching, seen.Any, now) is { } due)
            await BackUpAsync(keeper, due, cancellation);
        else if (schedule.DrillEvery is { } every && seen.LastBackup is { } newest
            && now - (seen.ProvenAt ?? newest.StoppedAt) >= every)
            await RunAsync(keeper, ["drill", "restore"], "proving a restore", cancellation);
    }

    /// <summary>Often, until there is something to restore.</summary>
    private static TimeSpan Every(ArchiveKeeper keeper)
    {
        if (keeper.Restorable.LastBackup is null)
            return Pace;
        return keeper.Settings.Address.StartsWith(S3Settings.Scheme, StringComparison.Ordinal)
            ? LookIntoBucket
            : LookIntoDirectory;
    }

    private async Task BackUpAsync(ArchiveKeeper keeper, BackupDue due, CancellationToken cancellation)
    {
        var kind = BackupWords.Of(due.Kind);
        var why = due switch
        {
            BackupDue.First => "there is none yet",
            BackupDue.AfterGap => "WAL is missing behind the last one",
            BackupDue.Scheduled => "it is due",
            BackupDue.Asked => "the cluster was taken back in time",
            _ => throw new InvalidOperationException($"unknown reason {due}"),
        };
        ArchiverProcess.Say($"{kind} backup into {keeper.Settings.Name}: {why}");
        if (!await RunAsync(keeper, ["backup", "now", $"--{kind}", "--polite"], $"{kind} backup", cancellation))
            return;
        BackupWanted.Done(home, keeper.Settings.Name);
        // One that does not help would be made again and again.
        if (await keeper.LookAsync(cancellation) is { Reaching.IsEmpty: true })
            PutOff(keeper, $"{kind} backup was made, and WAL behind it is missing");
        else
            await RunAsync(keeper, ["backup", "expire"], "expiring backups", cancellation);
    }

    private void PutOff(ArchiveKeeper keeper, string problem)
    {
        keeper.LastFailure = problem;
        ArchiverProcess.Say($"{problem}, repository {keeper.Settings.Name}");
        var wait = _waits.TryGetValue(keeper.Settings.Name, out var last) ? last.Wait * 2 : FirstRetry;
        wait = wait < LongestRetry ? wait : LongestRetry;
        _waits[keeper.Settings.Name] = (TimeProvider.System.GetUtcNow() + wait, wait);
    }

    private async Task<bool> RunAsync(
        ArchiveKeeper keeper, string[] verb, string what, CancellationToken cancellation)
    {
        var name = keeper.Settings.Name;
        keepers.Running = $"{what}, repository {name}";
        try
        {
            var problem = await ChildCommand.RunAsync(
                [.. verb, "--repo", name, "--home", home.Root, "--yes", "-o", "json"], cancellation);
            if (problem is null)
            {
                keeper.LastFailure = null;
                _waits.Remove(name);
                return true;
            }
            PutOff(keeper, $"{what} failed: {problem}");
            await teller.TellAsync(JournalKind.BackupFailed, $"{what}, repository {name}: {problem}", cancellation);
            return false;
        }
        finally
        {
            keepers.Running = null;
        }
    }
}
