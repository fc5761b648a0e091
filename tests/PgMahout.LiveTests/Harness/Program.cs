using System.Diagnostics;
using System.Text;
using Xunit;

namespace PgMahout.LiveTests.Harness;

/// <summary>What one run of a command left.</summary>
internal sealed record Ran(string Command, int Code, string Out, string Error)
{
    public Ran Exits(int code)
    {
        Assert.True(Code == code, $"{this}\nexpected exit code {code}");
        return this;
    }

    /// <summary>A refusal: this exit code, and an error of this kind on the standard error.</summary>
    public Ran Fails(int code, string kind)
    {
        Exits(code);
        Assert.True(Error.Contains(kind, StringComparison.Ordinal), $"{this}\nexpected the error {kind}");
        return this;
    }

    public override string ToString() => $"{Command}\nexit code {Code}\n{Out}\n{Error}";
}

/// <summary>Runs commands as a shell would, with a limit after which they are killed and the test fails.</summary>
internal static class Program
{
    private static readonly TimeSpan AfterEnd = TimeSpan.FromSeconds(10);
    private const string InTree = "artifacts/publish/current/pgmahout";

    /// <summary>$PGMAHOUT_PROGRAM, else what was built last in this checkout.</summary>
    public static string Path { get; } = Environment.GetEnvironmentVariable("PGMAHOUT_PROGRAM") is { Length: > 0 } given
        ? given
        : System.IO.Path.Combine(Root(), InTree);

    public static string Artifacts => System.IO.Path.Combine(Root(), "artifacts");

    public static async Task<Ran> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        TimeSpan limit,
        params (string Name, string Value)[] environment)
    {
        var command = $"{System.IO.Path.GetFileName(program)} {string.Join(' ', arguments)}";
        using var process = Start(program, arguments, environment);
        var output = DrainAsync(process.StandardOutput);
        var error = DrainAsync(process.StandardError);
        using var bound = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            Assert.Fail($"no end within {limit.TotalSeconds} s: {command}\n{await error.WaitAsync(AfterEnd)}");
        }
        // A server that the command leaves behind must not hold on to its caller's pipes.
        return new Ran(command, process.ExitCode, await output.WaitAsync(AfterEnd), await error.WaitAsync(AfterEnd));
    }

    /// <summary>Kills the command in the middle: as soon as a line on its standard error has this text.</summary>
    public static Task KillAfterLineAsync(
        string program, IReadOnlyList<string> arguments, string text, TimeSpan limit) =>
        AfterLineAsync(program, arguments, text, limit, process => process.Kill());

    /// <summary>Does something in the middle of a command, and waits for its end; answers its exit code.</summary>
    public static async Task<int> AfterLineAsync(
        string program, IReadOnlyList<string> arguments, string text, TimeSpan limit, Action<Process> then)
    {
        using var process = Start(program, arguments);
        var output = DrainAsync(process.StandardOutput);
        using var bound = new CancellationTokenSource(limit);
        var seen = new StringBuilder();
        while (await process.StandardError.ReadLineAsync(bound.Token) is { } line)
        {
            seen.AppendLine(line);
            // The plan names its steps too, indented.
            if (!line.StartsWith(' ') && line.Contains(text, StringComparison.Ordinal))
            {
                then(process);
                var rest = DrainAsync(process.StandardError);
                await process.WaitForExitAsync(bound.Token);
                await Task.WhenAll(output, rest).WaitAsync(AfterEnd);
                return process.ExitCode;
            }
        }
        Assert.Fail($"no line with '{text}':\n{seen}");
        throw new InvalidOperationException("a failed assertion throws");
    }

    /// <summary>Launches without waiting; its output is not read.</summary>
    public static Process Start(
        string program, IReadOnlyList<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    private static async Task<string> DrainAsync(StreamReader reader)
    {
        var text = new StringBuilder();
        while (await reader.ReadLineAsync() is { } line)
            text.AppendLine(line);
        return text.ToString();
    }

    private static string Root()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(System.IO.Path.Combine(at.FullName, "PgMahout.slnx")))
            at = at.Parent;
        return at?.FullName
            ?? throw new InvalidOperationException("the tests run outside a checkout; set PGMAHOUT_PROGRAM");
    }
}
