using System.Runtime.InteropServices;
using Xunit;

namespace PgMahout.InstanceTests;

/// <summary>What a fault does to a process.</summary>
internal static partial class Signals
{
    public const int Quit = 3;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>Returns when all threads have stopped, if they are to: until then one may still do something.</summary>
    public static void Send(int pid, int signal)
    {
        Assert.Equal(0, Kill(pid, signal));
        if (signal == Stop)
            Assert.True(SpinWait.SpinUntil(() => HasStopped(pid), TimeSpan.FromSeconds(30)), $"{pid} does not stop");
    }

    private static bool HasStopped(int pid) => Directory.GetDirectories($"/proc/{pid}/task").All(thread =>
    {
        var stat = File.ReadAllText(Path.Combine(thread, "stat"));
        return stat[(stat.LastIndexOf(')') + 2)..].StartsWith('T');
    });

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
