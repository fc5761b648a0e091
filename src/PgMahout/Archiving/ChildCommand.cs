using System.Diagnostics;
using System.Text.Json;
using PgMahout.Agent.Guarding;

namespace PgMahout.Archiving;

/// <summary>One of our own verbs, as a child process at the lowest priority.</summary>
internal static class ChildCommand
{
    /// <summary>Null when it succeeded; otherwise what it said, in one line.</summary>
    public static async Task<string?> RunAsync(string[] arguments, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("nice")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (var argument in (string[])["-n", "19", .. Detached.Self, .. arguments])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        await output;
        return process.ExitCode == 0 ? null : Summary(await errors, process.ExitCode);
    }

    /// <summary>A failure is told as one line of JSON, behind whatever was noted before.</summary>
    private static string Summary(string errors, int code)
    {
        var last = errors.TrimEnd().Split('\n')[^1];
        try
        {
            using var failure = JsonDocument.Parse(last);
            var told = failure.RootElement.GetProperty("error");
            var because = told.GetProperty("facts").EnumerateArray()
                .Select(fact => fact.GetProperty("text").GetString());
            return string.Join(": ", because.Prepend(told.GetProperty("what").GetString()));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return last.Length > 0 ? last : $"exit code {code}";
        }
    }
}
