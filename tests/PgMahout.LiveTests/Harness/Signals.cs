using System.Runtime.InteropServices;

namespace PgMahout.LiveTests.Harness;

/// <summary>What a fault does to a process. One that is gone already is no error: faults race with ends.</summary>
internal static partial class Signals
{
    private const int KillSignal = 9;
    private const int ContinueSignal = 18;
    private const int StopSignal = 19;

    public static void Kill(IEnumerable<int> pids) => Send(pids, KillSignal);

    public static void Freeze(IEnumerable<int> pids) => Send(pids, StopSignal);

    public static void Thaw(IEnumerable<int> pids) => Send(pids, ContinueSignal);

    private static void Send(IEnumerable<int> pids, int signal)
    {
        foreach (var pid in pids)
        {
            // 0, -1 and below mean whole groups of processes to kill(2).
            ArgumentOutOfRangeException.ThrowIfLessThan(pid, 2);
            _ = SendOne(pid, signal);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendOne(int pid, int signal);
}
