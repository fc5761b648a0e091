using System.Diagnostics;
using PgMahout.Agent.Guarding;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Supervision;

/// <summary>
/// An agent or the archiver as the supervisor sees it: started by it, or found running. Its end is an event.
/// </summary>
/// <param name="lockFile">Held by the process, with its pid, for as long as it lives.</param>
/// <param name="command">
/// In a session of its own, with its log appended to: the process must survive this supervisor.
/// </param>
/// <param name="ended">Called, from another thread, when the process that is watched has ended.</param>
internal sealed class SupervisedProcess(string lockFile, Func<ProcessStartInfo> command, Action ended) : IDisposable
{
    private static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _ending = new();
    private Task _watched = Task.CompletedTask;
    private int _pid;
    private bool _hasHeld;
    private Process? _child;
    private Instant _startedAt;
    private Instant _notBefore;
    private TimeSpan _wait = TimeSpan.Zero;

    /// <summary>
    /// Starts it if nobody runs it; at once the first time, later and later if it keeps dying young. One that has
    /// handed its lock over is let be: whoever has it now is watched, or missing.
    /// </summary>
    /// <returns>When to call again if it has not ended before; never, while it is watched.</returns>
    public Instant Tend()
    {
        if (!_watched.IsCompleted && !HasHandedOver())
            return Instant.Never;
        if (PidLock.Holder(lockFile) is { } holder)
            return Watch(holder);
        var now = BootClock.Now();
        if (_child is not null)
        {
            _wait = now - _startedAt < ShortLife ? Longer(_wait) : TimeSpan.Zero;
            _notBefore = now + _wait;
            _child.Dispose();
            _child = null;
        }
        if (now < _notBefore)
            return _notBefore;
        _startedAt = now;
        _child = Process.Start(command())!;
        return Watch(_child.Id);
    }

    public void Dispose()
    {
        _ending.Cancel();
        _ending.Dispose();
        _child?.Dispose();
    }

    private Instant Watch(int pid)
    {
        // A holder that is gone left its lock to a child in the act of becoming another program: for a moment only.
        if (ServerProcess.Find(pid) is not { } process)
            return BootClock.Now() + Moment;
        _pid = pid;
        _hasHeld = false;
        _watched = WatchAsync(process);
        return Instant.Never;
    }

    // Until a process has come so far that it takes the lock, nobody holds it.
    private bool HasHandedOver()
    {
        var holder = PidLock.Holder(lockFile);
        _hasHeld |= holder == _pid;
        return _hasHeld && holder != _pid;
    }

    private async Task WatchAsync(ServerProcess process)
    {
        try
        {
            await ProcessExit.WaitAsync(process, _ending.Token);
        }
        catch (OperationCanceledException)
        {
            // Nobody waits for it any more.
            return;
        }
        if (process.Pid == _pid)
            _watched = Task.CompletedTask;
        ended();
    }

    private static TimeSpan Longer(TimeSpan wait)
    {
        var next = wait == TimeSpan.Zero ? TimeSpan.FromMilliseconds(200) : wait * 2;
        return next < LongestWait ? next : LongestWait;
    }
}
