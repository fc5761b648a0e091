using System.Collections.Immutable;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Processes;

namespace PgMahout.Postgres.Validation;

/// <summary>Has the program <c>postgres</c> read a stopped server's configuration, without starting it.</summary>
public static class SettingsProbe
{
    /// <summary>The lines of its complaint; empty when it takes the files.</summary>
    public static async Task<ImmutableArray<string>> ComplaintAsync(
        (PostgresBinaries Binaries, ServerAccount Account) host, string dataDirectory, TimeSpan limit,
        CancellationToken cancellation)
    {
        var run = new ToolRun(
            host.Account, host.Binaries.Tool("postgres"), ["-C", "data_directory", "-D", dataDirectory]);
        return await run.RunAsync(limit, cancellation) switch
        {
            ToolResult.Finished { ExitCode: 0 } => [],
            ToolResult.Finished finished => [.. finished.Output.Split('\n')],
            var other => throw new TimeoutException(other.Complaint),
        };
    }

    /// <summary>The names of all settings that the program knows.</summary>
    public static async Task<ImmutableArray<string>> NamesAsync(
        (PostgresBinaries Binaries, ServerAccount Account) host, TimeSpan limit, CancellationToken cancellation)
    {
        var names = new List<string>();
        var run = new ToolRun(host.Account, host.Binaries.Tool("postgres"), ["--describe-config"], OnLine: line =>
        {
            lock (names)
                names.Add(line.Split('\t')[0]);
        });
        await run.RunAsync(limit, cancellation);
        lock (names)
            return [.. names];
    }
}
