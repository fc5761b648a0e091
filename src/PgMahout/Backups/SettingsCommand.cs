using System.Globalization;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Output;

namespace PgMahout.Backups;

/// <summary>Shows and changes when backups are made, what is kept, what happens when a repository is away.</summary>
internal sealed class SettingsCommand(Invocation invocation, BackupAccess access)
{
    private Screen Screen => invocation.Screen;

    public async Task<Ending> RunAsync(BackupSettings wanted)
    {
        if (wanted != access.Settings)
        {
            if (await access.ChangeAsync(wanted, invocation.Cancellation) is { } failure)
                return failure;
            await access.Cluster.TellAsync(
                JournalKind.BackupSettings, null, $"backups: {Sentence(wanted)}", invocation.Cancellation);
        }
        Screen.Data(Screen.IsJson
            ? DocumentJson.Text(Of(wanted), DocumentJson.Types.BackupSettingsDocument)
            : Sentence(wanted));
        return Ending.Ok;
    }

    /// <summary>As an operator would say it.</summary>
    public static string Sentence(BackupSettings settings)
    {
        var schedule = settings.Schedule;
        string[] parts =
        [
            schedule.FullEvery is { } full ? $"a full one every {Span(full)}" : "no full ones by itself",
            schedule.IncrementalEvery is { } changes ? $"the changes every {Span(changes)}" : "no incremental ones",
            .. schedule.At is { } at ? [$"from {Clock(at)} UTC on"] : Array.Empty<string>(),
            schedule.DrillEvery is { } drill ? $"a restore proven every {Span(drill)}" : "no restore proven by itself",
            $"any moment of {Span(settings.Retention.Window)} kept",
            .. settings.Retention.Periods.Select(kept => $"one of each of {kept.Count} {Word(kept.Period)}s"),
            settings.WhenUnreachable == WhenUnreachable.KeepEveryByte
                ? "every byte kept while a repository is away, at the price of a full disk"
                : "the primary kept up while a repository is away",
            .. settings.Throttle is { } rate ? [$"at most {rate}/s read"] : Array.Empty<string>(),
        ];
        return string.Join("; ", parts);
    }

    public static string Word(Period period) => period switch
    {
        Period.Day => "day",
        Period.Week => "week",
        Period.Month => "month",
        Period.Year => "year",
    };

    private BackupSettingsDocument Of(BackupSettings settings) => new(
        DocumentJson.Schema,
        access.Spec.Name,
        settings.Schedule.FullEvery?.TotalSeconds,
        settings.Schedule.IncrementalEvery?.TotalSeconds,
        settings.Schedule.At is { } at ? Clock(at) : null,
        settings.Schedule.DrillEvery?.TotalSeconds,
        settings.Retention.Window.TotalSeconds,
        [.. settings.Retention.Periods.Select(kept => new KeptPeriodDocument(Word(kept.Period), kept.Count))],
        settings.WhenUnreachable == WhenUnreachable.KeepEveryByte ? "keep-every-byte" : "keep-primary-up",
        settings.Throttle?.Bytes);

    private static string Clock(TimeSpan at) => at.ToString(@"hh\:mm", CultureInfo.InvariantCulture);

    private static string Span(TimeSpan span) => span switch
    {
        { TotalDays: >= 1 } when span.Ticks % TimeSpan.TicksPerDay == 0 =>
            string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays:0} d"),
        _ => Durations.Text(span),
    };
}
