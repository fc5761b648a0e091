using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.CommandLine;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Hosts;
using PgMahout.Postgres.Processes;
using PgMahout.Store.Records;

namespace PgMahout.Backups;

/// <summary>
/// One backup, expiry or restore of a cluster at a time. In a home the kernel lets go of it when its process ends; of
/// several hosts, the cluster's store says whose turn it is.
/// </summary>
internal sealed class BackupLock : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    /// <summary>What the cluster does by itself may be under way just when somebody comes.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly PidLock _home;
    private ClusterTurn? _turn;

    private BackupLock(PidLock home) => _home = home;

    /// <summary>
    /// Waits, and says so, while another process has it; then what is known of the cluster is as of now.
    /// </summary>
    public static async Task<Attempt<BackupLock>> TakeAsync(Invocation invocation, BackupAccess access)
    {
        var until = BootClock.Now() + Limit;
        if (!(await InHomeAsync(invocation, access, until)).TryGet(out var taken, out var failure)
            || !HostHome.Is(invocation.Home))
            return taken is null ? failure! : taken;
        if (await taken.AwaitTurnAsync(invocation, access, until) is not { } refused)
            return taken;
        await taken.DisposeAsync();
        return refused;
    }

    public async ValueTask DisposeAsync()
    {
        if (_turn is not null)
            await _turn.DisposeAsync();
        _home.Dispose();
    }

    private static async Task<Attempt<BackupLock>> InHomeAsync(
        Invocation invocation, BackupAccess access, Instant until)
    {
        var home = invocation.Home;
        if (PidLock.TryTake(home.BackupLock) is { } free)
            return new BackupLock(free);
        Tell(invocation, Holder(home));
        while (BootClock.Now() < until)
        {
            await Task.Delay(Pace, invocation.Cancellation);
            if (PidLock.TryTake(home.BackupLock) is not { } taken)
                continue;
            if (await access.Cluster.RefreshAsync(invocation.Cancellation) is not { } failure)
                return new BackupLock(taken);
            taken.Dispose();
            return failure;
        }
        return Busy($"{Holder(home)} holds {home.BackupLock}, and did not end within {Durations.Text(Limit)}");
    }

    /// <summary>Null once it is this host's turn.</summary>
    private async Task<Failure?> AwaitTurnAsync(Invocation invocation, BackupAccess access, Instant until)
    {
        var own = new TurnRecord(HostHome.NameOf(invocation.Home), Environment.ProcessId);
        Stored<TurnRecord>? known = null;
        var knownSince = BootClock.Now();
        while (true)
        {
            if (await access.Cluster.RefreshAsync(invocation.Cancellation) is { } failure)
                return failure;
            var held = access.Cluster.Records.Turn;
            if (held?.Revision != known?.Revision)
            {
                if (held is not null && held.Value != known?.Value && held.Value.Host != own.Host)
                    Tell(invocation, $"process {held.Value.Pid} on {held.Value.Host}");
                (known, knownSince) = (held, BootClock.Now());
            }
            // One of this host is gone, or it would have the home's lock.
            var isFree = held is null || held.Value.Host == own.Host
                || BootClock.Now() - knownSince > ClusterTurn.TakeableAfter;
            if (isFree && await ClusterTurn.TryTakeAsync(
                access.Cluster.Store, own, held, invocation.Cancellation) is { } turn)
            {
                _turn = turn;
                return await access.Cluster.RefreshAsync(invocation.Cancellation);
            }
            if (BootClock.Now() >= until)
                return Busy(held is null
                    ? "the store did not give the turn"
                    : $"process {held.Value.Pid} on {held.Value.Host} did not end within {Durations.Text(Limit)}");
            await Task.Delay(Pace * 5, invocation.Cancellation);
        }
    }

    private static void Tell(Invocation invocation, string holder) => invocation.Screen.Note(
        $"waiting for another backup, expiry or restore of this cluster ({holder}), at most {Durations.Text(Limit)}");

    private static string Holder(HomeLayout home) =>
        PidLock.Holder(home.BackupLock) is { } pid ? $"process {pid}" : "it has just ended";

    private static Failure Busy(string because) =>
        new Failure(ErrorCatalogue.BackupBusy, "another backup, expiry or restore of this cluster is under way")
            .Because(because)
            .Leaving("nothing was changed")
            .Try("pgmahout status", "end that process, and do this again");
}
