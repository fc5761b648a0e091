using System.Runtime.InteropServices;

namespace PgMahout.Processes;

/// <summary>Signals, which .NET sends to nobody but its own children.</summary>
public static partial class Signals
{
    public const int Hangup = 1;
    public const int Kill = 9;
    public const int Quit = 3;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>False when there is no such process, or it is another user's.</summary>
    public static bool Send(int pid, int signal)
    {
        // 0, -1 and below mean whole groups of processes to kill(2).
        ArgumentOutOfRangeException.ThrowIfLessThan(pid, 2);
        return KillProcess(pid, signal) == 0;
    }

    public static bool IsAlive(int pid) => Directory.Exists($"/proc/{pid}") && !IsZombie(pid);

    private static bool IsZombie(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].StartsWith('Z');
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int KillProcess(int pid, int signal);
}
