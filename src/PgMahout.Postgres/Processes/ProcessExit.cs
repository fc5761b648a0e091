namespace PgMahout.Postgres.Processes;

/// <summary>Learns at once that a process has ended, whoever its parent is (pidfd).</summary>
public static class ProcessExit
{
    private const int StackBytes = 128 << 10;

    /// <summary>
    /// Completes the moment the process is gone (or is a zombie); at once if it is gone already. A reused pid is not
    /// mistaken for it.
    /// </summary>
    public static Task WaitAsync(ServerProcess process, CancellationToken cancellation)
    {
        var descriptor = LibC.PidfdOpen(process.Pid);
        if (descriptor < 0)
            return Task.CompletedTask;
        // Looked at after the descriptor is open: from here on the pid cannot change its meaning unnoticed.
        if (ServerProcess.Find(process.Pid) != process)
        {
            _ = LibC.Close(descriptor);
            return Task.CompletedTask;
        }
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // A thread of its own, because the thread pool may be exactly what is late when a server dies.
        var watcher = new Thread(() => Watch(descriptor, ended, cancellation), StackBytes)
        {
            IsBackground = true,
            Name = "process exit",
        };
        watcher.Start();
        return ended.Task;
    }

    private static unsafe void Watch(int process, TaskCompletionSource ended, CancellationToken cancellation)
    {
        var wake = LibC.EventDescriptor(0, 0);
        try
        {
            using var registration = cancellation.Register(() => Wake(wake));
            var watched = stackalloc LibC.PollDescriptor[2];
            watched[0] = new LibC.PollDescriptor { Descriptor = process, Events = LibC.PollIn };
            watched[1] = new LibC.PollDescriptor { Descriptor = wake, Events = LibC.PollIn };
            while (watched[0].Returned == 0 && watched[1].Returned == 0)
                _ = LibC.Poll(watched, 2, -1);
            if (watched[0].Returned != 0)
                ended.TrySetResult();
            else
                ended.TrySetCanceled(cancellation);
        }
        finally
        {
            _ = LibC.Close(process);
            _ = LibC.Close(wake);
        }
    }

    private static unsafe void Wake(int descriptor)
    {
        var one = 1UL;
        _ = LibC.Write(descriptor, &one, sizeof(ulong));
    }
}
