using System.Collections.Immutable;
using System.Diagnostics;
using PgMahout.Core.Deployment;

namespace PgMahout.Agent.Guarding;

/// <summary>
/// Launches this program in a session of its own, so that neither a terminal nor its parent's end reaches it.
/// </summary>
public static class Detached
{
    // The shell opens the log, then becomes setsid, which becomes the program: one process, one pid.
    private const string BecomeLogged = "log=$1; shift; exec setsid \"$@\" </dev/null >>\"$log\" 2>&1";

    /// <summary>
    /// How to run this program: published it is its own executable, from a build it is <c>dotnet pgmahout.dll</c>.
    /// </summary>
    public static ImmutableArray<string> Self
    {
        get
        {
            var program = Environment.ProcessPath!;
            return Path.GetFileNameWithoutExtension(program) == "dotnet"
                ? [program, Path.Combine(AppContext.BaseDirectory, "pgmahout.dll")]
                : [program];
        }
    }

    /// <summary>With the standard streams of this process.</summary>
    public static ProcessStartInfo Plain(params ReadOnlySpan<string> arguments)
    {
        var command = new ProcessStartInfo("setsid") { WorkingDirectory = "/" };
        AddSelf(command, ProcessEnvironment.Frugal, arguments);
        return command;
    }

    /// <summary>Like <see cref="Plain"/>, for the process that clients wait for.</summary>
    public static ProcessStartInfo Hot(params ReadOnlySpan<string> arguments)
    {
        var command = new ProcessStartInfo("setsid") { WorkingDirectory = "/" };
        AddSelf(command, ProcessEnvironment.Hot, arguments);
        return command;
    }

    /// <summary>With standard output and error appended to <paramref name="log"/>.</summary>
    public static ProcessStartInfo WithLog(string log, params ReadOnlySpan<string> arguments) =>
        Logged(log, ProcessEnvironment.Frugal, arguments);

    /// <summary>
    /// Like <see cref="WithLog"/>, for a process that has much to compute: its code is compiled anew while it runs.
    /// </summary>
    public static ProcessStartInfo BusyWithLog(string log, params ReadOnlySpan<string> arguments) =>
        Logged(log, ProcessEnvironment.Quiet, arguments);

    /// <summary>Like <see cref="BusyWithLog"/>, for the process that clients wait for.</summary>
    public static ProcessStartInfo HotWithLog(string log, params ReadOnlySpan<string> arguments) =>
        Logged(log, ProcessEnvironment.Hot, arguments);

    private static ProcessStartInfo Logged(
        string log, ImmutableArray<(string Name, string Value)> environment, ReadOnlySpan<string> arguments)
    {
        var command = new ProcessStartInfo("sh") { WorkingDirectory = "/" };
        foreach (var argument in new[] { "-c", BecomeLogged, "sh", log })
            command.ArgumentList.Add(argument);
        AddSelf(command, environment, arguments);
        return command;
    }

    private static void AddSelf(
        ProcessStartInfo command, ImmutableArray<(string Name, string Value)> environment,
        ReadOnlySpan<string> arguments)
    {
        ProcessEnvironment.Fit(command.Environment, environment);
        foreach (var part in Self)
            command.ArgumentList.Add(part);
        foreach (var argument in arguments)
            command.ArgumentList.Add(argument);
    }
}
