using System.Collections.Immutable;
using PgMahout.CommandLine;
using PgMahout.Core.Tuning;
using PgMahout.Errors;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Probing;

namespace PgMahout.Advising;

/// <summary>
/// Tries advice on a server of its own, group by group, and says what each was worth here. The operator's data is never
/// touched.
/// </summary>
internal sealed class MeasureCommand(Invocation invocation, Advice advice, MeasureOptions options)
{
    private const string Report =
        "select bid, count(*), avg(abalance), max(aid) from pgbench_accounts group by bid order by 3;\n";

    private static readonly TimeSpan InitializeLimit = TimeSpan.FromMinutes(1);

    public async Task<Ending> RunAsync(PostgresBinaries binaries, ServerAccount account)
    {
        if (!BenchmarkTool.IsIn(binaries))
            return new Failure(ErrorCatalogue.MeasurementFailed, $"there is no pgbench in {binaries.Directory}")
                .Try("apt-get install postgresql-contrib");
        var created = await ScratchServer.CreateAsync(
            binaries, account, InitializeLimit, invocation.Cancellation);
        if (!created.TryGet(out var server))
            return new Failure(ErrorCatalogue.MeasurementFailed, created.Failure!.What).Because(created.Failure.Why);
        await using var closing = server;
        var report = Path.Combine(server.SocketDirectory, "report.sql");
        await File.WriteAllTextAsync(report, Report, invocation.Cancellation);
        var work = Work.For(advice.Question.Workload, advice.Plan.Part.Processors, report);
        var tool = new BenchmarkTool(binaries, account, server.SocketDirectory);
        var experiment = new Experiment(server, tool, options, work, invocation.Screen);
        if (!(await MeasureAsync(experiment, work)).TryGet(out var measurement, out var failure))
            return failure;
        if (options.Plot is { } file)
            await File.WriteAllTextAsync(file, MeasurePlot.Svg(measurement), invocation.Cancellation);
        invocation.Screen.Data(MeasureText.Render(measurement, invocation.Screen));
        return Ending.Ok;
    }

    private async Task<Attempt<Measurement>> MeasureAsync(Experiment experiment, Work work)
    {
        var groups = Groups().ToImmutableArray();
        invocation.Screen.Note(MeasureText.Estimate(options, groups.Length + 1));
        if (await experiment.PrepareAsync(invocation.Cancellation) is { } unprepared)
            return unprepared;
        var defaults = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
        var kept = defaults;
        var trials = ImmutableArray.CreateBuilder<Trial>();
        foreach (var (title, settings) in groups)
        {
            var compared = await experiment.CompareAsync(title, kept, settings, invocation.Cancellation);
            if (!compared.TryGet(out var trial, out var failure))
                return failure;
            trials.Add(trial);
            kept = trial.IsKept ? kept.SetItems(settings) : kept;
        }
        var all = await experiment.CompareAsync("all that was kept", defaults, kept, invocation.Cancellation);
        return all.TryGet(out var total, out var broken)
            ? new Measurement(
                advice.Question.Server.Major, advice.Question.Workload, work.Clients, options,
                trials.ToImmutable(), total)
            : broken;
    }

    private IEnumerable<(string Title, ImmutableSortedDictionary<string, string> Settings)> Groups() =>
        from line in advice.Plan.Settings
        let @group = SettingGroups.Of(line.Name)
        let standard = ServerSettings.Find(line.Name, advice.Question.Server.Major)?.Default
        where @group is not null && standard is not null && !SettingText.Same(standard, line.Value)
        group line by @group.Value into together
        orderby together.Key
        select (MeasureText.Title(together.Key), together.ToImmutableSortedDictionary(
            line => line.Name, line => line.Value, StringComparer.Ordinal));
}
