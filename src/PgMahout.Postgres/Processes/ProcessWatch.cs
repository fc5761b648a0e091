namespace PgMahout.Postgres.Processes;

/// <summary>Tells for one system call whether a process still runs, without reading /proc again.</summary>
public sealed class ProcessWatch : IDisposable
{
    private int _descriptor;

    private ProcessWatch(int descriptor) => _descriptor = descriptor;

    /// <summary>Null when it is gone already.</summary>
    public static ProcessWatch? Open(ServerProcess process)
    {
        var descriptor = LibC.PidfdOpen(process.Pid);
        if (descriptor < 0)
            return null;
        // Looked at after the descriptor is open: from here on the pid cannot change its meaning unnoticed.
        if (ServerProcess.Find(process.Pid) == process)
            return new ProcessWatch(descriptor);
        _ = LibC.Close(descriptor);
        return null;
    }

    public bool IsAlive => !Wait(TimeSpan.Zero);

    /// <summary>
    /// Blocks its thread for at most this long, in whole milliseconds; true when the process has ended.
    /// </summary>
    public unsafe bool Wait(TimeSpan limit)
    {
        if (_descriptor < 0)
            return true;
        var poll = new LibC.PollDescriptor { Descriptor = _descriptor, Events = LibC.PollIn };
        // Rounded up, so that waiting for a moment does not become turning around until it comes.
        var milliseconds = (int)Math.Clamp(Math.Ceiling(limit.TotalMilliseconds), 0, int.MaxValue);
        // A signal that interrupts it is no answer.
        return LibC.Poll(&poll, 1, milliseconds) > 0;
    }

    public void Dispose()
    {
        if (_descriptor >= 0)
            _ = LibC.Close(_descriptor);
        _descriptor = -1;
    }
}
