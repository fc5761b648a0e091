using System.ComponentModel;
using System.Diagnostics;
using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;

namespace PgMahout.Processes;

/// <summary>The process that keeps the agents running: found by its lock, started detached from the terminal.</summary>
public static class SupervisorProcess
{
    /// <summary>Its pid; null when none runs.</summary>
    public static int? Find(HomeLayout home) => PidLock.Holder(home.SupervisorLock);

    /// <summary>Launches it, its output in its log. Returns why it could not; null once it is launched.</summary>
    public static string? Start(HomeLayout home)
    {
        try
        {
            using var process = Process.Start(Detached.WithLog(home.SupervisorLog, "supervise", "--home", home.Root));
            return null;
        }
        catch (Win32Exception failure)
        {
            return failure.Message;
        }
    }
}
