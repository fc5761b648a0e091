using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Processes;

namespace PgMahout.Postgres.Probing;

/// <summary>pgbench against a scratch server.</summary>
public sealed partial class BenchmarkTool(PostgresBinaries binaries, ServerAccount account, string socketDirectory)
{
    private const string Database = "postgres";
    private static readonly TimeSpan Spare = TimeSpan.FromSeconds(60);

    /// <summary>The program is among those of this installation.</summary>
    public static bool IsIn(PostgresBinaries binaries) => File.Exists(binaries.Tool("pgbench"));

    /// <summary>Makes the tables; null, or what went wrong.</summary>
    /// <param name="scale">100,000 rows, about 15 MB, each.</param>
    public async Task<string?> PrepareAsync(int scale, TimeSpan limit, CancellationToken cancellation) =>
        (await Run(["-i", "-q", "-s", Number(scale)]).RunAsync(limit, cancellation)).Complaint;

    /// <summary>Transactions per second of one run, or what went wrong.</summary>
    /// <param name="work">What is run: <c>-b</c> or <c>-f</c> with their values.</param>
    public async Task<(double? Rate, string? Why)> MeasureAsync(
        ImmutableArray<string> work, int clients, TimeSpan length, CancellationToken cancellation)
    {
        double? rate = null;
        var run = Run(
            ["-n", "-c", Number(clients), "-j", Number(Math.Min(clients, 2)), "-T", Number((int)length.TotalSeconds),
                .. work]) with
        {
            OnLine = line =>
            {
                if (Rate().Match(line) is { Success: true } match)
                    rate = double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            },
        };
        var result = await run.RunAsync(length + Spare, cancellation);
        return result.Complaint is { } complaint ? (null, complaint) : (rate, rate is null ? "it told no rate" : null);
    }

    private ToolRun Run(ImmutableArray<string> arguments) => new(
        account, binaries.Tool("pgbench"),
        [
            "-h", socketDirectory, "-p", Number(ScratchServer.Port), "-U", InstanceSettings.Superuser,
            .. arguments, Database,
        ]);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^tps = ([0-9.]+)")]
    private static partial Regex Rate();
}
