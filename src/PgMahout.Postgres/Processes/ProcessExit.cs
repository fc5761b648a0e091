namespace PgMahout.Postgres.Processes;

/// <summary>Learns at once that a process has ended, whoever its parent is (pidfd).</summary>
public static class ProcessExit
{
    /// <summary>
    /// Completes the moment the process is gone (or is a zombie); at once if it is gone already. A reused pid is not
    /// mistaken for it.
    /// </summary>
    public static Task WaitAsync(ServerProcess process, CancellationToken cancellation) => throw new NotImplementedException();
}
