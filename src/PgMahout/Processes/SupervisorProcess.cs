using System.Diagnostics;
using System.Globalization;
using PgMahout.Agent.Home;

namespace PgMahout.Processes;

/// <summary>The process that keeps the agents running: found by its lock file, started detached from the terminal.</summary>
public static class SupervisorProcess
{
    /// <summary>Its pid; null when none runs. A pid that another program has now is not believed.</summary>
    public static int? Find(HomeLayout home)
    {
        if (PidIn(home.SupervisorLock) is not { } pid)
            return null;
        var arguments = CommandLineOf(pid);
        return arguments.Contains("supervise") && arguments.Contains(home.Root) ? pid : null;
    }

    /// <summary>
    /// Starts it in a session of its own, so that closing the terminal does not reach it, with its output in its log.
    /// </summary>
    public static void Start(HomeLayout home)
    {
        // setsid forks and returns; the shell redirects and becomes the program, so no process stays in between.
        var start = new ProcessStartInfo("setsid") { UseShellExecute = false, WorkingDirectory = "/" };
        start.ArgumentList.Add("--fork");
        start.ArgumentList.Add("/bin/sh");
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("exec \"$@\" </dev/null >>\"$0\" 2>&1");
        start.ArgumentList.Add(home.SupervisorLog);
        foreach (var part in Self())
            start.ArgumentList.Add(part);
        start.ArgumentList.Add("supervise");
        start.ArgumentList.Add("--home");
        start.ArgumentList.Add(home.Root);
        using var process = Process.Start(start) ?? throw new InvalidOperationException("setsid did not start");
        process.WaitForExit();
    }

    /// <summary>Whether the lock is free, which it is from the moment the supervisor is gone.</summary>
    public static bool IsLockFree(HomeLayout home)
    {
        try
        {
            using var probe = new FileStream(home.SupervisorLock, FileMode.Open, FileAccess.Read, FileShare.Read);
            return true;
        }
        catch (FileNotFoundException)
        {
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public static int? PidIn(string file)
    {
        try
        {
            return int.TryParse(ReadLocked(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                ? pid
                : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The arguments of a process, its program first; empty when there is no such process.</summary>
    public static string[] CommandLineOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>How to start this very program again: itself, or dotnet with its assembly.</summary>
    private static IEnumerable<string> Self()
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("the program's path is not known");
        yield return program;
        if (Path.GetFileName(program) == "dotnet")
            yield return Path.Combine(AppContext.BaseDirectory, "pgmahout.dll");
    }

    // .NET's own locks are advisory, and its readers refuse a file that is locked; the kernel does not.
    private static string ReadLocked(string file)
    {
        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        Span<byte> buffer = stackalloc byte[64];
        var length = RandomAccess.Read(handle, buffer, 0);
        return System.Text.Encoding.ASCII.GetString(buffer[..length]);
    }
}
