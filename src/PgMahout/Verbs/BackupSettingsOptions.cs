using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Verbs;

/// <summary>The options of <c>backup settings</c>: what is not given stays as it is.</summary>
internal sealed class BackupSettingsOptions
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);

    private readonly Option<Interval?> _full = Every("--full-every", "Every file, as often (never: not by itself).");
    private readonly Option<Interval?> _incremental = Every("--incremental-every", "What changed, as often.");
    private readonly Option<Interval?> _drill = Every("--drill-every", "A restore proven, as often.");

    private readonly Option<TimeOfDay?> _at = new("--at")
    {
        Description = "Begin from this time of day on, UTC (any: whenever it is due).",
        HelpName = "HH:MM",
        CustomParser = ParseClock,
    };

    private readonly Option<TimeSpan?> _window = new("--keep")
    {
        Description = "Any moment of so long is restorable.",
        HelpName = "14d",
        CustomParser = Durations.Parse,
    };

    private readonly Option<string?> _unreachable = new("--when-unreachable")
    {
        Description = "keep-primary-up or keep-every-byte.",
        HelpName = "POLICY",
    };

    private readonly Option<ByteSize?> _throttle = new("--throttle")
    {
        Description = "A backup reads at most so much a second (0: as fast as it goes).",
        HelpName = "50MB",
        CustomParser = ParseRate,
    };

    private readonly (Period Period, Option<int?> Count)[] _periods =
        [.. Enum.GetValues<Period>().Select(period => (period, Kept(period)))];

    public BackupSettingsOptions() => _unreachable.AcceptOnlyFromAmong("keep-primary-up", "keep-every-byte");

    public IEnumerable<Option> All =>
    [
        _full, _incremental, _at, _drill, _window, .. _periods.Select(kept => kept.Count), _unreachable, _throttle,
    ];

    public BackupSettings Change(ParseResult parse, BackupSettings settings) => settings with
    {
        Schedule = new BackupSchedule(
            (parse.GetValue(_full) ?? new Interval(settings.Schedule.FullEvery)).Span,
            (parse.GetValue(_incremental) ?? new Interval(settings.Schedule.IncrementalEvery)).Span,
            (parse.GetValue(_at) ?? new TimeOfDay(settings.Schedule.At)).Time,
            (parse.GetValue(_drill) ?? new Interval(settings.Schedule.DrillEvery)).Span),
        Retention = new RetentionPolicy(
            parse.GetValue(_window) ?? settings.Retention.Window, Periods(parse, settings.Retention.Periods)),
        WhenUnreachable = parse.GetValue(_unreachable) switch
        {
            "keep-every-byte" => WhenUnreachable.KeepEveryByte,
            "keep-primary-up" => WhenUnreachable.KeepPrimaryUp,
            _ => settings.WhenUnreachable,
        },
        Throttle = parse.GetValue(_throttle) is { } rate ? (rate.Bytes == 0 ? null : rate) : settings.Throttle,
    };

    private ImmutableArray<KeptPeriod> Periods(ParseResult parse, ImmutableArray<KeptPeriod> kept) =>
    [
        .. from one in _periods
           let count = parse.GetValue(one.Count) ?? kept.FirstOrDefault(old => old.Period == one.Period).Count
           where count > 0
           select new KeptPeriod(one.Period, count),
    ];

    private static Option<Interval?> Every(string name, string description) =>
        new(name) { Description = description, HelpName = "7d", CustomParser = ParseInterval };

    private static Option<int?> Kept(Period period)
    {
        var word = Backups.SettingsCommand.Word(period);
        var option = new Option<int?>($"--{word}s")
        {
            Description = $"Beside that the first backup of each of so many {word}s (0: none).",
            HelpName = "N",
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!int.TryParse(token.Value, out var n) || n is < 0 or > 1000))
                result.AddError($"--{word}s lies between 0 and 1000");
        });
        return option;
    }

    private static Interval? ParseInterval(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (text == "never")
            return new Interval(null);
        if (Durations.TryParse(text, out var span) && span >= Shortest)
            return new Interval(span);
        result.AddError($"'{text}' is no interval: a number and a unit from 1m on, such as 6h or 7d, or never");
        return null;
    }

    private static TimeOfDay? ParseClock(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (text == "any")
            return new TimeOfDay(null);
        if (TimeSpan.TryParseExact(text, @"hh\:mm", CultureInfo.InvariantCulture, out var time))
            return new TimeOfDay(time);
        result.AddError($"'{text}' is no time of day such as 02:30, or any");
        return null;
    }

    private static ByteSize? ParseRate(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (text == "0")
            return new ByteSize(0);
        if (MemoryText.Kilobytes(text) is { } kilobytes and >= 1024)
            return ByteSize.Kilobytes(kilobytes);
        result.AddError($"'{text}' is no rate from 1MB a second on, such as 50MB; 0 takes the limit away");
        return null;
    }

    /// <summary>Null: never.</summary>
    private sealed record Interval(TimeSpan? Span);

    /// <summary>Null: at any time.</summary>
    private sealed record TimeOfDay(TimeSpan? Time);
}
