using System.Collections.Immutable;
using PgMahout.CommandLine;
using PgMahout.Core.Diagnosis;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Postgres.Installation;
using PgMahout.Starting;

namespace PgMahout.Doctor;

/// <summary>Makes every check, each within a limit and none depending on another; changes nothing.</summary>
internal sealed class DoctorCommand(Invocation invocation)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private readonly Attempt<Host> _host = Preflight.FindHost();

    private Screen Screen => invocation.Screen;

    private (PostgresBinaries, ServerAccount)? Programs =>
        _host.TryGet(out var host, out _) ? (host.Binaries, host.Account) : null;

    public async Task<Ending> OfClusterAsync()
    {
        var cluster = new ClusterChecks(invocation.Home);
        // First, since it tells where the members are.
        var results = new List<CheckResult>(
            await BoundAsync(CheckKind.Store, "cluster", async stop => [await cluster.StoreAsync(stop)]));
        if (cluster.Members.IsEmpty)
            return new Failure(ErrorCatalogue.NoCluster, $"there is no cluster in {invocation.Home.Root}")
                .Because(results[0].Text)
                .Try("pgmahout up", "pgmahout doctor --data-directory DIR    (a server without pgmahout)");
        var patients = cluster.Patients().ToArray();
        results.AddRange(await AllAsync(
        [
            .. Machine(),
            BoundAsync(CheckKind.Keepers, "cluster", cluster.KeepersAsync),
            BoundAsync(CheckKind.Passwords, "cluster", _ => Task.FromResult<IEnumerable<CheckResult>>(
                [cluster.Passwords()])),
            BoundAsync(CheckKind.Tablespaces, "cluster", _ => Task.FromResult<IEnumerable<CheckResult>>(
                [ClusterChecks.Tablespaces(patients)])),
            .. patients.SelectMany(Of),
            .. patients.Select(patient => BoundAsync(
                CheckKind.Reachability, patient.Name, async stop => [await Reachability.TryAsync(patient, stop)])),
        ]));
        return Show(results);
    }

    /// <summary>A server that pgmahout does not keep.</summary>
    public async Task<Ending> OfDirectoryAsync(string directory, string? log)
    {
        if (!Directory.Exists(directory))
            return new Failure(ErrorCatalogue.NoCluster, $"there is no directory {directory}")
                .Try("pgmahout doctor --data-directory DIR");
        return Show(await AllAsync([.. Machine(), .. Of(Patient.Plain(directory, log))]));
    }

    private IEnumerable<Task<IEnumerable<CheckResult>>> Machine()
    {
        yield return BoundAsync(CheckKind.Kernel, "machine", _ => Task.FromResult(MachineChecks.Run(_host)));
    }

    private IEnumerable<Task<IEnumerable<CheckResult>>> Of(Patient patient)
    {
        var files = new FileChecks(patient, Programs);
        (CheckKind Kind, Func<CancellationToken, Task<CheckResult>> Check)[] checks =
        [
            (CheckKind.Directory, _ => files.DirectoryAsync()),
            (CheckKind.LockFile, _ => files.LockFileAsync()),
            (CheckKind.Port, _ => files.PortAsync()),
            (CheckKind.AccessRules, _ => files.AccessRulesAsync()),
            (CheckKind.LastFailure, files.LastFailureAsync),
            (CheckKind.DiskSpace, _ => files.DiskSpaceAsync()),
        ];
        foreach (var (kind, check) in checks)
            yield return BoundAsync(kind, patient.Name, async stop => [await check(stop)]);
        yield return patient.IsRunning
            ? BoundAsync(CheckKind.Answer, patient.Name, async stop => await new ServerChecks(patient).RunAsync(stop))
            : BoundAsync(CheckKind.Settings, patient.Name, async stop => [await files.SettingsAsync(stop)]);
    }

    /// <summary>A check that does not end, or breaks, is unknown, and stops no other.</summary>
    private Task<IEnumerable<CheckResult>> BoundAsync(
        CheckKind kind, string subject, Func<CancellationToken, Task<IEnumerable<CheckResult>>> check) =>
        Task.Run<IEnumerable<CheckResult>>(async () =>
        {
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(invocation.Cancellation);
            try
            {
                var running = Task.Run(async () => (await check(bound.Token)).ToArray(), bound.Token);
                return await running.WaitAsync(Limit, invocation.Cancellation);
            }
            catch (TimeoutException)
            {
                await bound.CancelAsync();
                // Only of a server that runs is an answer owed.
                return [
                    kind == CheckKind.Answer
                        ? new CheckResult(kind, subject, CheckVerdict.Broken, "it runs, and does not answer within 2 s")
                            .Try("pgmahout status", "top -b -n 1 | head -20")
                        : new CheckResult(kind, subject, CheckVerdict.Unknown, "not known within 2 s"),
                ];
            }
            catch (Exception broken) when (broken is IOException or UnauthorizedAccessException or FormatException
                or Npgsql.NpgsqlException or InvalidOperationException)
            {
                return [new CheckResult(kind, subject, CheckVerdict.Unknown, broken.Message)];
            }
        });

    private static async Task<IEnumerable<CheckResult>> AllAsync(IEnumerable<Task<IEnumerable<CheckResult>>> checks) =>
        (await Task.WhenAll(checks)).SelectMany(results => results);

    private Ending Show(IEnumerable<CheckResult> results)
    {
        ImmutableArray<CheckResult> sorted =
        [
            .. results.OrderByDescending(result => result.Verdict).ThenBy(result => result.Kind.Code)
                .ThenBy(result => result.Subject),
        ];
        var worst = sorted.Max(result => result.Verdict);
        Screen.Data(Screen.Format switch
        {
            OutputFormat.Json => DocumentJson.Text(DoctorText.Document(sorted), DocumentJson.Types.DoctorDocument),
            OutputFormat.Plain => DoctorText.Plain(sorted),
            OutputFormat.Human => DoctorText.Human(sorted, Screen.Paint, invocation.Verbose),
        });
        return worst switch
        {
            CheckVerdict.Ok or CheckVerdict.Unknown => ExitCode.Ok,
            CheckVerdict.Warning => ExitCode.Degraded,
            CheckVerdict.Broken => ExitCode.Down,
        };
    }
}
