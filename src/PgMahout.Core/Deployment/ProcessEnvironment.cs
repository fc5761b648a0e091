using System.Collections.Immutable;

namespace PgMahout.Core.Deployment;

/// <summary>What .NET and the C library are told when a process of ours begins, by what it does.</summary>
public static class ProcessEnvironment
{
    /// <summary>For long-lived processes, whatever they do.</summary>
    public static ImmutableArray<(string Name, string Value)> Quiet { get; } =
    [
        // No code page is mapped twice.
        ("DOTNET_EnableWriteXorExecute", "0"),
        // Workers of the thread pool sleep at once: looking out for more work was four fifths of an idle agent's time.
        ("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0"),
        // Three threads and two pipes in /tmp, waiting for a debugger.
        ("DOTNET_EnableDiagnostics", "0"),
        ("MALLOC_ARENA_MAX", "1"),
    ];

    /// <summary>For those that mostly wait.</summary>
    public static ImmutableArray<(string Name, string Value)> Frugal { get; } =
    [
        // Precompiled code as it is: no compiler works in the background.
        ("DOTNET_TieredCompilation", "0"),
        ("DOTNET_GCgen0size", "0x200000"),
        .. Quiet,
    ];

    /// <summary>
    /// For the one that every statement of every client goes through: what runs often is compiled for how it runs here.
    /// </summary>
    public static ImmutableArray<(string Name, string Value)> Hot { get; } =
    [
        ("DOTNET_TieredPGO", "1"),
        ("DOTNET_GCgen0size", "0x400000"),
        .. Quiet,
    ];

    /// <summary>
    /// Makes of the environment of one process of ours that of a child. What this process was told for its own kind of
    /// work is not the child's; what the operator has set stays.
    /// </summary>
    public static void Fit(
        IDictionary<string, string?> environment, ImmutableArray<(string Name, string Value)> wanted)
    {
        foreach (var (name, value) in (ImmutableArray<(string, string)>)[.. Frugal, .. Hot])
            if (environment.TryGetValue(name, out var inherited) && inherited == value)
                environment.Remove(name);
        foreach (var (name, value) in wanted)
            environment.TryAdd(name, value);
    }
}
