using System.Collections.Immutable;
using PgMahout.Core.Tuning;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Postgres.Probing;

namespace PgMahout.Advising;

/// <summary>
/// Runs the same work without and with a group of settings, turn by turn on one scratch server that is restarted in
/// between. The order within a round alternates, so that a drift of the machine favours nobody.
/// </summary>
internal sealed class Experiment(
    ScratchServer server, BenchmarkTool tool, MeasureOptions options, Work work, Screen screen)
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PrepareLimit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Warming = TimeSpan.FromSeconds(2);

    public async Task<Failure?> PrepareAsync(CancellationToken cancellation)
    {
        screen.Note($"making tables of {options.Scale * 15} MB in a server of its own");
        if (await StartAsync(ImmutableSortedDictionary<string, string>.Empty, cancellation) is { } failure)
            return failure;
        var complaint = await tool.PrepareAsync(options.Scale, PrepareLimit, cancellation);
        await server.StopCleanlyAsync();
        return complaint is null ? null : Failed("the tables could not be made", complaint);
    }

    public async Task<Attempt<Trial>> CompareAsync(
        string title,
        ImmutableSortedDictionary<string, string> without,
        ImmutableSortedDictionary<string, string> added,
        CancellationToken cancellation)
    {
        var with = without.SetItems(added);
        var rounds = ImmutableArray.CreateBuilder<Round>();
        for (var number = 0; number < options.Rounds; number++)
        {
            var isReversed = number % 2 == 1;
            if (!(await RateAsync(isReversed ? with : without, cancellation)).TryGet(out var first, out var failure)
                || !(await RateAsync(isReversed ? without : with, cancellation)).TryGet(out var second, out failure))
                return failure;
            var round = isReversed ? new Round(second, first) : new Round(first, second);
            rounds.Add(round);
            screen.Note(MeasureText.Progress(title, number + 1, options.Rounds, round));
        }
        return new Trial(title, added, new Comparison(rounds.ToImmutable()));
    }

    private async Task<Attempt<double>> RateAsync(
        ImmutableSortedDictionary<string, string> settings, CancellationToken cancellation)
    {
        if (await StartAsync(settings, cancellation) is { } failure)
            return failure;
        await tool.MeasureAsync(work.Arguments, work.Clients, Warming, cancellation);
        var (rate, why) = await tool.MeasureAsync(work.Arguments, work.Clients, options.Each, cancellation);
        await server.StopCleanlyAsync();
        return rate is > 0 ? rate.Value : Failed("a run failed", why ?? "no transaction ended");
    }

    private async Task<Failure?> StartAsync(
        ImmutableSortedDictionary<string, string> settings, CancellationToken cancellation) =>
        await server.StartAsync(settings, StartLimit, cancellation) switch
        {
            ScratchStart.Ready => null,
            ScratchStart.Refused refused => Failed("the scratch server did not start", refused.Said),
            var other => throw new InvalidOperationException($"unknown start {other}"),
        };

    private static Failure Failed(string what, string why) =>
        new Failure(ErrorCatalogue.MeasurementFailed, what).Because(why).Leaving("the scratch server is gone");
}

/// <summary>What is run, and by how many clients.</summary>
/// <param name="Arguments">Of pgbench.</param>
internal sealed record Work(ImmutableArray<string> Arguments, int Clients)
{
    /// <param name="report">A file with a query over a whole table.</param>
    public static Work For(WorkloadType workload, int processors, string report) => workload switch
    {
        WorkloadType.Web => new(["-b", "select-only@9", "-b", "tpcb-like@1"], Math.Clamp(processors * 4, 4, 64)),
        WorkloadType.Oltp => new(["-b", "tpcb-like"], Math.Clamp(processors * 4, 4, 64)),
        WorkloadType.DataWarehouse => new(["-f", report], Math.Clamp(processors / 2, 1, 8)),
        WorkloadType.Desktop or WorkloadType.Mixed => new(
            ["-b", "tpcb-like@5", "-b", "select-only@10", "-f", report + "@1"], Math.Clamp(processors * 2, 2, 32)),
    };
}
