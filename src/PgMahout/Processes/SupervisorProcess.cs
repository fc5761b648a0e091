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

    /// <summary>
    /// Starts it in a session of its own, so that closing the terminal does not reach it, with its output in its log.
    /// Returns why it could not; null once it is launched.
    /// </summary>
    public static string? Start(HomeLayout home)
    {
        // setsid forks and returns; the shell redirects and becomes the program, so no process stays in between.
        var command = new ProcessStartInfo("setsid") { UseShellExecute = false, WorkingDirectory = "/" };
        string[] arguments =
        [
            "--fork", "/bin/sh", "-c", "exec \"$@\" </dev/null >>\"$0\" 2>&1", home.SupervisorLog,
            .. Self(), "supervise", "--home", home.Root,
        ];
        foreach (var argument in arguments)
            command.ArgumentList.Add(argument);
        try
        {
            using var process = Process.Start(command)!;
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"setsid ended with {process.ExitCode}";
        }
        catch (Win32Exception failure)
        {
            return $"setsid (package util-linux) could not be run: {failure.Message}";
        }
    }

    /// <summary>How to start this very program again: itself, or dotnet with its assembly.</summary>
    private static string[] Self()
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("the program's path is not known");
        return Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? [program, Path.Combine(AppContext.BaseDirectory, "pgmahout.dll")]
            : [program];
    }
}
