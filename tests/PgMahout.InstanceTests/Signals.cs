using System.Runtime.InteropServices;
using Xunit;

namespace PgMahout.InstanceTests;

/// <summary>What a fault does to a process.</summary>
internal static partial class Signals
{
    public const int Quit = 3;
    public const int Continue = 18;
    public const int Stop = 19;

    public static void Send(int pid, int signal) => Assert.Equal(0, Kill(pid, signal));

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
