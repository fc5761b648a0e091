namespace PgMahout.Postgres.Processes;

/// <summary>Tells for one system call whether a process still runs, without reading /proc again.</summary>
internal sealed class ProcessWatch : IDisposable
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

    public unsafe bool IsAlive
    {
        get
        {
            if (_descriptor < 0)
                return false;
            var poll = new LibC.PollDescriptor { Descriptor = _descriptor, Events = LibC.PollIn };
            return LibC.Poll(&poll, 1, 0) == 0;
        }
    }

    public void Dispose()
    {
        if (_descriptor >= 0)
            _ = LibC.Close(_descriptor);
        _descriptor = -1;
    }
}
