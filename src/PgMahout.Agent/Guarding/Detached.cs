using System.Collections.Immutable;
using System.Diagnostics;

namespace PgMahout.Agent.Guarding;

/// <summary>
/// Launches this program in a session of its own, so that neither a terminal nor its parent's end reaches it.
/// </summary>
public static class Detached
{
    // The shell opens the log, then becomes setsid, which becomes the program: one process, one pid.
    private const string BecomeLogged = "log=$1; shift; exec setsid \"$@\" </dev/null >>\"$log\" 2>&1";

    /// <summary>For long-lived processes, whatever they do. What the operator has set stays.</summary>
    private static readonly (string Name, string Value)[] Quiet =
    [
        // Three threads and two pipes in /tmp, waiting for a debugger.
        ("DOTNET_EnableDiagnostics", "0"),
        ("MALLOC_ARENA_MAX", "1"),
    ];

    /// <summary>For those that mostly wait.</summary>
    private static readonly (string Name, string Value)[] Frugality =
    [
        // Precompiled code as it is: no compiler works in the background, and no code page is mapped twice.
        ("DOTNET_TieredCompilation", "0"),
        ("DOTNET_EnableWriteXorExecute", "0"),
        ("DOTNET_GCgen0size", "0x200000"),
        // Workers of the thread pool sleep at once: looking out for more work was four fifths of an idle agent's time.
        ("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0"),
        .. Quiet,
    ];

    /// <summary>
    /// For the one that every statement of every client goes through: what runs often is compiled for how it runs here.
    /// </summary>
    private static readonly (string Name, string Value)[] Heat =
    [
        ("DOTNET_TieredPGO", "1"),
        ("DOTNET_GCgen0size", "0x400000"),
        .. Quiet,
    ];

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
        AddSelf(command, Frugality, arguments);
        return command;
    }

    /// <summary>With standard output and error appended to <paramref name="log"/>.</summary>
    public static ProcessStartInfo WithLog(string log, params ReadOnlySpan<string> arguments) =>
        Logged(log, Frugality, arguments);

    /// <summary>
    /// Like <see cref="WithLog"/>, for a process that has much to compute: its code is compiled anew while it runs.
    /// </summary>
    public static ProcessStartInfo BusyWithLog(string log, params ReadOnlySpan<string> arguments) =>
        Logged(log, Quiet, arguments);

    /// <summary>Like <see cref="BusyWithLog"/>, for the process that clients wait for.</summary>
    public static ProcessStartInfo HotWithLog(string log, params ReadOnlySpan<string> arguments) =>
        Logged(log, Heat, arguments);

    private static ProcessStartInfo Logged(
        string log, (string Name, string Value)[] environment, ReadOnlySpan<string> arguments)
    {
        var command = new ProcessStartInfo("sh") { WorkingDirectory = "/" };
        foreach (var argument in new[] { "-c", BecomeLogged, "sh", log })
            command.ArgumentList.Add(argument);
        AddSelf(command, environment, arguments);
        return command;
    }

    private static void AddSelf(
        ProcessStartInfo command, (string Name, string Value)[] environment, ReadOnlySpan<string> arguments)
    {
        foreach (var (name, value) in environment)
            command.Environment.TryAdd(name, value);
        foreach (var part in Self)
            command.ArgumentList.Add(part);
        foreach (var argument in arguments)
            command.ArgumentList.Add(argument);
    }
}
