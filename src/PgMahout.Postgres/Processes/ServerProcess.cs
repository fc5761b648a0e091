namespace PgMahout.Postgres.Processes;

/// <summary>One process, named so that a reused pid is never taken for it.</summary>
/// <param name="StartTicks">Field 22 of /proc/PID/stat: clock ticks after boot at which it started.</param>
public readonly record struct ServerProcess(int Pid, ulong StartTicks)
{
    /// <summary>The process that has this pid now; null when there is none, or only a zombie.</summary>
    public static ServerProcess? Find(int pid) =>
        ProcessTable.Status(pid) is { IsDead: false } status ? new ServerProcess(pid, status.StartTicks) : null;

    /// <summary>Asks this very process to end, not a later one with its pid (SIGTERM). False when it is gone.</summary>
    public bool Terminate() => Send(Signal.Terminate);

    /// <summary>Ends this very process at once (SIGKILL). False when it is gone.</summary>
    public bool Kill() => Send(Signal.Kill);

    private bool Send(int signal)
    {
        var descriptor = LibC.PidfdOpen(Pid);
        if (descriptor < 0)
            return false;
        try
        {
            return Find(Pid) == this && LibC.PidfdSignal(descriptor, signal);
        }
        finally
        {
            _ = LibC.Close(descriptor);
        }
    }
}
