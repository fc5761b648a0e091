using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.CommandLine;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Backups;

/// <summary>
/// One backup, expiry or restore of a cluster at a time. The kernel lets go of it when its process ends.
/// </summary>
internal static class BackupLock
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    /// <summary>What the cluster does by itself may be under way just when somebody comes.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Waits, and says so, while another process has it; then what is known of the cluster is as of now.
    /// </summary>
    public static async Task<Attempt<PidLock>> TakeAsync(Invocation invocation, BackupAccess access)
    {
        var home = invocation.Home;
        if (PidLock.TryTake(home.BackupLock) is { } free)
            return free;
        Tell(invocation.Screen, home);
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < Limit)
        {
            await Task.Delay(Pace, invocation.Cancellation);
            if (PidLock.TryTake(home.BackupLock) is not { } taken)
                continue;
            if (await access.Cluster.RefreshAsync(invocation.Cancellation) is not { } failure)
                return taken;
            taken.Dispose();
            return failure;
        }
        return Busy(home);
    }

    private static void Tell(Screen screen, HomeLayout home) => screen.Note(
        $"waiting for another backup, expiry or restore of this cluster ({Holder(home)}), at most "
        + Durations.Text(Limit));

    private static string Holder(HomeLayout home) =>
        PidLock.Holder(home.BackupLock) is { } pid ? $"process {pid}" : "it has just ended";

    private static Failure Busy(HomeLayout home) =>
        new Failure(ErrorCatalogue.BackupBusy, "another backup, expiry or restore of this cluster is under way")
            .Because($"{Holder(home)} holds {home.BackupLock}, and did not end within {Durations.Text(Limit)}")
            .Leaving("nothing was changed")
            .Try("pgmahout status", "end that process, and do this again");
}
