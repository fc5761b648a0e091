using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using PgMahout.CommandLine;
using PgMahout.Core.Installation;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Postgres.Installation;

namespace PgMahout.Installing;

/// <summary>Carries an installation out, one step after the other, or only prints it.</summary>
internal sealed class InstallCommand(Invocation invocation, InstallRequest request)
{
    private const int LinesShown = 15;

    private Screen Screen => invocation.Screen;

    public async Task<Ending> RunAsync(bool dryRun)
    {
        var platform = HostPlatform.Read();
        var (plan, whyNot) = InstallPlan.For(platform, Installed(), request);
        if (plan is null)
            return new Failure(ErrorCatalogue.NoPackageManager, "PostgreSQL cannot be installed by pgmahout here")
                .Because(whyNot)
                .Try($"install PostgreSQL {PostgresBinaries.OldestSupported} to {PostgresBinaries.NewestSupported},"
                    + " then: pgmahout up");
        if (dryRun)
        {
            Screen.Data(InstallText.Of(plan));
            return Ending.Ok;
        }
        if (!Environment.IsPrivilegedProcess)
            return new Failure(ErrorCatalogue.NeedsRoot, "only root may install packages and units")
                .Try("sudo pgmahout install", "pgmahout install --dry-run    (prints every command)");
        foreach (var note in plan.Notes)
            Screen.Note(note);
        var before = HostPlatform.DefaultClusters();
        for (var index = 0; index < plan.Steps.Length; index++)
        {
            var step = plan.Steps[index];
            Screen.Note($"[{index + 1}/{plan.Steps.Length}] {step.Title}");
            if (await DoAsync(step) is { } failure)
                return failure.Leaving($"steps 1 to {index} are done, and each may be repeated")
                    .Try("pgmahout install    (again)", "pgmahout install --dry-run");
        }
        if (HostPlatform.DefaultClusters().Except(before).FirstOrDefault() is { } surprise)
            return Surprised(surprise);
        Done.Say(Screen, new Done("install", "", $"the cluster in {request.Home} runs: pgmahout status"));
        return Ending.Ok;
    }

    private static Failure Surprised(string cluster) =>
        new Failure(ErrorCatalogue.SurprisingCluster, $"the package made a cluster of its own: {cluster}")
            .Because("/etc/postgresql lists it, and did not before")
            .Leaving("it was left as it is; pgmahout's own cluster runs beside it")
            .Try($"pg_dropcluster --stop {cluster}");

    private static ImmutableArray<InstalledServer> Installed() =>
        PostgresBinaries.FindAll()
            .Select(found => new InstalledServer(found.Major, found.Version, found.Directory))
            .ToImmutableArray();

    private async Task<Failure?> DoAsync(InstallStep step)
    {
        try
        {
            return step switch
            {
                InstallStep.Run run => await RunAsync(run),
                InstallStep.Write write => Write(write),
                _ => throw new InvalidOperationException($"unknown step {step.GetType().Name}"),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Win32Exception)
        {
            return new Failure(ErrorCatalogue.InstallStepFailed, $"could not {step.Title}").Because(e.Message);
        }
    }

    private static Failure? Write(InstallStep.Write write)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(write.Path)!);
        var kept = write.Replaced is { } old && File.Exists(write.Path)
            ? File.ReadLines(write.Path).Where(line => !IsSetting(line, old)).Select(line => line + "\n")
            : [];
        var temporary = write.Path + ".pgmahout";
        File.WriteAllText(temporary, string.Concat(kept) + write.Content);
        File.Move(temporary, write.Path, overwrite: true);
        return null;
    }

    private static bool IsSetting(string line, string name) =>
        line.TrimStart().StartsWith(name, StringComparison.Ordinal)
        && line.TrimStart()[name.Length..].TrimStart().StartsWith('=');

    private async Task<Failure?> RunAsync(InstallStep.Run run)
    {
        var command = new ProcessStartInfo(run.Arguments[0], run.Arguments.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        command.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        using var process = Process.Start(command)!;
        process.StandardInput.Close();
        var said = new Queue<string>();
        await Task.WhenAll(KeepAsync(process.StandardOutput, said), KeepAsync(process.StandardError, said));
        await process.WaitForExitAsync(invocation.Cancellation);
        return process.ExitCode == 0
            ? null
            : new Failure(ErrorCatalogue.InstallStepFailed, $"could not {run.Title}")
                .Because($"exit code {process.ExitCode} of: {InstallText.Of(run)}")
                .Because(string.Join('\n', said));
    }

    private static async Task KeepAsync(StreamReader stream, Queue<string> said)
    {
        while (await stream.ReadLineAsync() is { } line)
            lock (said)
            {
                if (said.Count == LinesShown)
                    said.Dequeue();
                said.Enqueue(line);
            }
    }
}
