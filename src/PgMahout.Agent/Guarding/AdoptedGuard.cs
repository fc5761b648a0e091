using PgMahout.Agent.Home;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Guarding;

/// <summary>
/// Sees to it that an adopted server has a guard, until it is first started by one: nothing ties its life to that of a
/// guard, so one that was killed is replaced.
/// </summary>
/// <param name="postmaster">The running one, if there is one.</param>
internal sealed class AdoptedGuard(HomeLayout home, MemberName member, Func<ServerProcess?> postmaster)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan BeginLimit = TimeSpan.FromSeconds(5);

    private bool IsMissing => PidLock.Holder(home.GuardLock(member)) is null && postmaster() is not null;

    /// <summary>
    /// Begins the work when the server has a guard: before the lease is taken or kept, somebody must be there to obey
    /// it; and keeps it so until the work ends.
    /// </summary>
    /// <returns>What the work returned; null when no guard came in time.</returns>
    public async Task<int?> DuringAsync(Func<Task<int>> work, CancellationToken stopping)
    {
        if (!File.Exists(home.AdoptionFile(member)))
            return await work();
        if (!await BeginAsync(stopping))
            return null;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var keeping = KeepAsync(ending.Token);
        try
        {
            return await work();
        }
        finally
        {
            await ending.CancelAsync();
            await keeping;
        }
    }

    private async Task<bool> BeginAsync(CancellationToken cancellation)
    {
        if (!IsMissing)
            return true;
        var until = BootClock.Now() + BeginLimit;
        Launch();
        while (IsMissing)
        {
            if (BootClock.Now() >= until)
                return false;
            await Task.Delay(Pace, cancellation);
        }
        return true;
    }

    private async Task KeepAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            if (IsMissing)
                Launch();
            await Task.Delay(Every, stopping).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private void Launch()
    {
        Log.Write(Severity.Notice, $"agent {member}: the running server gets a guard");
        using var guard = GuardLauncher.Adopt(home, member);
    }
}
