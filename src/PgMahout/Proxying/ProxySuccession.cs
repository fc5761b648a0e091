using System.Diagnostics;
using System.Globalization;
using PgMahout.Agent.Api;
using PgMahout.Agent.Guarding;
using PgMahout.Agent.Supervision;
using PgMahout.Proxy.Handover;

namespace PgMahout.Proxying;

/// <summary>
/// Puts another process in the place of this one. The sockets and the lock are lent to it; only when it listens are
/// they its own, so whatever becomes of it before, clients find this one.
/// </summary>
internal sealed class ProxySuccession(ProxyWork work, PidLock alone, UnitNotice unit)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private int _underWay;

    /// <summary>This process listens. Clients of the one before it may come.</summary>
    /// <returns>False when that one has given up waiting, and goes on itself.</returns>
    public async Task<bool> BeginAsync(Predecessor? before)
    {
        await work.Server.Listens;
        if (before is null)
            return true;
        alone.Claim();
        if (before.Paused)
            work.Pause();
        if (work.Server.Succeed(before))
        {
            ProxyProcess.Say("this process listens now; clients of the one before it come over");
            return true;
        }
        ProxyProcess.Say("the process before this one goes on itself");
        return false;
    }

    /// <param name="keep">Clients that cannot move are ended after so long; null: never.</param>
    public async Task<SuccessionAnswer> RunAsync(TimeSpan? keep)
    {
        if (work.IsRetired || Interlocked.Exchange(ref _underWay, 1) == 1)
            return new SuccessionAnswer(Environment.ProcessId, "another process is about to take its place already");
        work.HandsOver = true;
        try
        {
            return await HandOverAsync(keep);
        }
        catch (IOException failure)
        {
            return new SuccessionAnswer(Environment.ProcessId, failure.Message);
        }
        finally
        {
            work.HandsOver = false;
            Interlocked.Exchange(ref _underWay, 0);
        }
    }

    private async Task<SuccessionAnswer> HandOverAsync(TimeSpan? keep)
    {
        using var succession = new Succession(work.Home.ProxyHandover(Environment.ProcessId));
        using var child = Process.Start(Command())!;
        var exit = child.WaitForExitAsync();
        _ = exit.ContinueWith(_ => succession.StopWaiting(), TaskScheduler.Default);
        var failure = await Task.Factory.StartNew(
            () => succession.Await(work.Server, alone.Descriptor, work.IsPaused, Limit),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (failure is null)
        {
            alone.Dispose();
            unit.HandOver(child.Id);
            work.Retire(succession, keep);
            ProxyProcess.Say($"process {child.Id} listens from now on");
            return new SuccessionAnswer(child.Id, null);
        }
        succession.GiveUp();
        child.Kill();
        await exit;
        // It may have come so far that it named itself.
        alone.Claim();
        ProxyProcess.Say($"process {child.Id} has not taken this one's place: {failure}");
        return new SuccessionAnswer(
            Environment.ProcessId, child.ExitCode == KilledHere ? failure : $"it ended with code {child.ExitCode}");
    }

    /// <summary>A unit's log is that of the unit, whoever of its processes speaks.</summary>
    private ProcessStartInfo Command()
    {
        string[] arguments =
        [
            "proxy", "run", "--home", work.Home.Root,
            "--after", Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
        ];
        var command = unit.IsHeard ? Detached.Hot(arguments) : Detached.HotWithLog(work.Home.ProxyLog, arguments);
        unit.Introduce(command);
        return command;
    }

    private const int KilledHere = 128 + 9;
}
