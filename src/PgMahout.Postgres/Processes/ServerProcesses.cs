using System.Diagnostics;
using System.Globalization;

namespace PgMahout.Postgres.Processes;

/// <summary>
/// Every process of one data directory, found by its working directory: the postmaster and all its children have it,
/// also when the postmaster is gone, and also when the directory was deleted.
/// </summary>
/// <param name="DataDirectory">Absolute, without symbolic links.</param>
/// <param name="Uid">The server account: processes of other users are left alone.</param>
public sealed record ServerProcesses(string DataDirectory, uint Uid)
{
    private const string Server = "postgres";
    private const string Launcher = "setpriv";
    private static readonly TimeSpan Dying = TimeSpan.FromMilliseconds(5);

    private readonly byte[] _directory = ProcessTable.PathBytes(DataDirectory);

    /// <summary>Costs about a millisecond on a machine with some hundred processes. Zombies do not count.</summary>
    public IReadOnlyList<ServerProcess> List()
    {
        List<ServerProcess>? found = null;
        foreach (var pid in ProcessTable.Pids())
            if (Identify(pid) is { } process)
                (found ??= []).Add(process);
        return found ?? (IReadOnlyList<ServerProcess>)[];
    }

    /// <summary>
    /// The running postmaster by postmaster.pid, or null; a stale file or a reused pid is not believed.
    /// </summary>
    public ServerProcess? FindPostmaster()
    {
        try
        {
            using var file = File.OpenText(Path.Combine(DataDirectory, "postmaster.pid"));
            // A standalone backend writes its pid negated; it is no postmaster.
            return int.TryParse(file.ReadLine(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                ? Identify(pid)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// SIGKILL to every one of them, repeated until a scan finds none. Blocks its thread for at most
    /// <paramref name="limit"/>: it is meant for a thread that does nothing else. Returns how many are left.
    /// </summary>
    public int KillAll(TimeSpan limit)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var living = List();
            if (living.Count == 0 || Stopwatch.GetElapsedTime(started) >= limit)
                return living.Count;
            foreach (var process in living)
                Send(process, Signal.Kill);
            AwaitExit(living);
        }
    }

    /// <summary>Whether this very process still runs in the data directory.</summary>
    internal bool Lives(ServerProcess process) => Identify(process.Pid) == process;

    /// <summary>Signals this very process, not a later one with its pid. False when it is gone.</summary>
    internal bool Send(ServerProcess process, int signal)
    {
        var descriptor = LibC.PidfdOpen(process.Pid);
        if (descriptor < 0)
            return false;
        try
        {
            return Lives(process) && LibC.PidfdSignal(descriptor, signal);
        }
        finally
        {
            _ = LibC.Close(descriptor);
        }
    }

    /// <summary>
    /// Until they are gone or a moment has passed: a scan of all processes costs more than waiting for these.
    /// </summary>
    private static void AwaitExit(IReadOnlyList<ServerProcess> dying)
    {
        foreach (var process in dying)
        {
            using var watch = ProcessWatch.Open(process);
            watch?.Wait(Dying);
        }
    }

    private ServerProcess? Identify(int pid)
    {
        if (!ProcessTable.WorksIn(pid, _directory) || pid == Environment.ProcessId)
            return null;
        if (ProcessTable.Status(pid) is not { IsDead: false } status)
            return null;
        // A person's shell that stands in the directory is not the server's; a server started by hand there is.
        if (status.Command != Server && status.Terminal != 0)
            return null;
        // For a moment after it is launched, the coming postmaster still belongs to root.
        if (ProcessTable.Owner(pid) != Uid && status.Command != Launcher)
            return null;
        return new ServerProcess(pid, status.StartTicks);
    }

    public bool Equals(ServerProcesses? other) =>
        other is not null && DataDirectory == other.DataDirectory && Uid == other.Uid;

    public override int GetHashCode() => HashCode.Combine(DataDirectory, Uid);
}
