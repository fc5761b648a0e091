using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace PgMahout.Deploying;

/// <summary>What came of a command on a host.</summary>
/// <param name="ExitCode">255: ssh itself failed; null: it was not done in time.</param>
internal sealed record SshAnswer(int? ExitCode, string Output, string Errors)
{
    private const int SshFailed = 255;
    private const int LinesShown = 15;

    public bool IsDone => ExitCode == 0;

    public bool IsUnreachable => ExitCode is SshFailed or null;

    /// <summary>The end of what it said.</summary>
    public string Complaint
    {
        get
        {
            var said = (Errors.Trim() == "" ? Output : Errors).Trim().Split('\n').TakeLast(LinesShown);
            var text = string.Join('\n', said);
            return ExitCode is null ? $"not done in time; {text}".TrimEnd(' ', ';') : text;
        }
    }
}

/// <summary>
/// Runs commands on one host as root. What is secret goes through standard input; arguments are for everybody to see.
/// </summary>
internal sealed class SshCall(SshAddress address)
{
    /// <summary>What the login gives: root itself, or root by sudo. Words of a shell, quoted once.</summary>
    private const string AsRoot = "if [ \"$(id -u)\" = 0 ]; then exec sh -c \"$0\"; else exec sudo -n sh -c \"$0\"; fi";

    /// <summary>The same, but as whoever logs in where root cannot be had.</summary>
    private const string AsRootIfPossible =
        "if [ \"$(id -u)\" = 0 ] || ! sudo -n true 2> /dev/null; then exec sh -c \"$0\"; "
        + "else exec sudo -n sh -c \"$0\"; fi";

    /// <summary>A script that reads nothing, as root where that is possible.</summary>
    public Task<SshAnswer> LookAsync(string script, TimeSpan limit, CancellationToken cancellation) =>
        RunAsync(Wrapped(AsRootIfPossible, "exec sh -s"), Text(script), limit, cancellation);

    /// <summary>A script, which is not in anybody's list of processes.</summary>
    public Task<SshAnswer> RunAsync(string script, TimeSpan limit, CancellationToken cancellation) =>
        RunAsync(Wrapped(AsRoot, "exec sh -s"), Text(script), limit, cancellation);

    /// <summary>A command that reads <paramref name="input"/>.</summary>
    public Task<SshAnswer> FeedAsync(string command, Stream input, TimeSpan limit, CancellationToken cancellation) =>
        RunAsync(Wrapped(AsRoot, command), input, limit, cancellation);

    public Task<SshAnswer> FeedAsync(string command, string input, TimeSpan limit, CancellationToken cancellation) =>
        FeedAsync(command, Text(input), limit, cancellation);

    /// <summary>Ends the connection; nobody minds when there is none.</summary>
    public async Task CloseAsync()
    {
        var command = new ProcessStartInfo("ssh", address.Closing())
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(command);
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await process!.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            process!.Kill();
        }
    }

    public static string Quoted(string word) => "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    private static string Wrapped(string wrapper, string command) => $"exec sh -c {Quoted(wrapper)} {Quoted(command)}";

    private static MemoryStream Text(string text) => new(Encoding.UTF8.GetBytes(text));

    private async Task<SshAnswer> RunAsync(
        string command, Stream input, TimeSpan limit, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("ssh", address.Arguments(command))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(limit);
        try
        {
            using var process = Process.Start(start)!;
            return await TalkAsync(process, input, bound.Token, cancellation);
        }
        catch (Win32Exception missing)
        {
            return new SshAnswer(255, "", $"the ssh program cannot be started: {missing.Message}");
        }
    }

    private static async Task<SshAnswer> TalkAsync(
        Process process, Stream input, CancellationToken bound, CancellationToken cancellation)
    {
        var (output, errors) = (new StringBuilder(), new StringBuilder());
        var listening = Task.WhenAll(
            ReadAsync(process.StandardOutput, output, bound), ReadAsync(process.StandardError, errors, bound));
        try
        {
            await WriteAsync(process, input, bound);
            await listening;
            await process.WaitForExitAsync(bound);
            return new SshAnswer(process.ExitCode, output.ToString(), errors.ToString());
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            return new SshAnswer(null, output.ToString(), errors.ToString());
        }
    }

    private static async Task ReadAsync(StreamReader stream, StringBuilder text, CancellationToken bound)
    {
        while (await stream.ReadLineAsync(bound) is { } line)
            text.Append(line).Append('\n');
    }

    /// <summary>A command that ends before it has read everything says why by itself.</summary>
    private static async Task WriteAsync(Process process, Stream input, CancellationToken bound)
    {
        try
        {
            await input.CopyToAsync(process.StandardInput.BaseStream, bound);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // Its exit code and its words tell more than the broken pipe.
        }
    }
}
