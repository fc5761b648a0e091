using System.Collections.Immutable;
using System.Diagnostics;
using PgMahout.Postgres.Installation;

namespace PgMahout.Postgres.Processes;

/// <summary>
/// One run of a PostgreSQL program as the server account. It leads its own session, dies with this process, and is
/// killed with everything it started when its time is up. Passwords reach it through a password file only.
/// </summary>
/// <param name="Program">Full path.</param>
/// <param name="PassFile">For PGPASSFILE; null when it connects nowhere.</param>
/// <param name="OnLine">Called for each line it prints on either stream, from other threads.</param>
internal sealed record ToolRun(
    ServerAccount Account,
    string Program,
    ImmutableArray<string> Arguments,
    string? PassFile = null,
    Action<string>? OnLine = null)
{
    private const int LinesKept = 40;

    public string Name => Path.GetFileName(Program);

    public async Task<ToolResult> RunAsync(TimeSpan limit, CancellationToken cancellation)
    {
        using var process = new Process { StartInfo = Command() };
        var tail = new Queue<string>();
        process.OutputDataReceived += (_, line) => Keep(tail, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(tail, line.Data);
        var started = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var ended = new ManualResetEventSlim();
        // PR_SET_PDEATHSIG fires when the thread that forked ends, so that thread must outlive the program.
        var owner = new Thread(() => Own(process, started, ended)) { IsBackground = true, Name = Name };
        owner.Start();
        try
        {
            if (await started.Task is { } why)
                return new ToolResult.NotStarted(why);
            return await FinishAsync(process, tail, limit, cancellation);
        }
        finally
        {
            ended.Set();
            owner.Join();
        }
    }

    private static void Own(Process process, TaskCompletionSource<string?> started, ManualResetEventSlim ended)
    {
        try
        {
            process.Start();
            process.StandardInput.Close();
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            started.SetResult(null);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            started.SetResult(e.Message);
        }
        ended.Wait();
    }

    private static async Task<ToolResult> FinishAsync(
        Process process, Queue<string> tail, TimeSpan limit, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(bound.Token);
            return new ToolResult.Finished(process.ExitCode, Text(tail));
        }
        catch (OperationCanceledException)
        {
            // It leads its own group (setsid), so this reaches everything it started.
            _ = LibC.Kill(-process.Id, Signal.Kill);
            await process.WaitForExitAsync(CancellationToken.None);
            cancellation.ThrowIfCancellationRequested();
            return new ToolResult.OutOfTime(limit, Text(tail));
        }
    }

    private void Keep(Queue<string> tail, string? line)
    {
        if (line is null)
            return;
        OnLine?.Invoke(line);
        lock (tail)
        {
            if (tail.Count == LinesKept)
                tail.Dequeue();
            tail.Enqueue(line);
        }
    }

    private static string Text(Queue<string> tail)
    {
        lock (tail)
            return string.Join('\n', tail);
    }

    private ProcessStartInfo Command()
    {
        var command = new ProcessStartInfo("setpriv")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (var argument in Launch.As(Account, "KILL").Add(Program).AddRange(Arguments))
            command.ArgumentList.Add(argument);
        Launch.CleanEnvironment(command);
        if (PassFile is not null)
            command.Environment["PGPASSFILE"] = PassFile;
        return command;
    }
}

/// <summary>How a run ended. Output is the end of both streams together.</summary>
internal abstract record ToolResult
{
    private ToolResult() { }

    public sealed record Finished(int ExitCode, string Output) : ToolResult;

    public sealed record OutOfTime(TimeSpan Limit, string Output) : ToolResult;

    public sealed record NotStarted(string Why) : ToolResult;

    /// <summary>Null when it ended well; otherwise the evidence.</summary>
    public string? Complaint => this switch
    {
        Finished { ExitCode: 0 } => null,
        Finished finished => $"exit code {finished.ExitCode}: {finished.Output}",
        OutOfTime late => $"not done after {late.Limit.TotalSeconds:F0} s: {late.Output}",
        NotStarted never => never.Why,
        _ => throw new UnreachableException(),
    };
}
