namespace PgMahout.Postgres.Processes;

/// <summary>
/// Every process of one data directory, found by its working directory: the postmaster and all its children have it,
/// also when the postmaster is gone, and also when the directory was deleted.
/// </summary>
/// <param name="DataDirectory">Absolute, without symbolic links.</param>
/// <param name="Uid">The server account; processes of other users are not looked at.</param>
public sealed record ServerProcesses(string DataDirectory, uint Uid)
{
    /// <summary>Costs well under a millisecond on a machine with some hundred processes. Zombies do not count.</summary>
    public IReadOnlyList<ServerProcess> List() => throw new NotImplementedException();

    /// <summary>The running postmaster by postmaster.pid, or null; a stale file or a reused pid is not believed.</summary>
    public ServerProcess? FindPostmaster() => throw new NotImplementedException();

    /// <summary>
    /// SIGKILL to every one of them, repeated until a scan finds none. Blocks its thread for at most
    /// <paramref name="limit"/>: it is meant for a thread that does nothing else. Returns how many are left.
    /// </summary>
    public int KillAll(TimeSpan limit) => throw new NotImplementedException();
}
